"""Sends alerts, as GlitchTip's worker does about 40 seconds after an event; here it takes a second."""

import json
import logging
import time
import urllib.request

from apps.alerts.constants import RecipientType
from apps.alerts.models import AlertRecipient, Notification, ProjectAlert
from apps.users.models import User
from django.conf import settings
from django.core.mail import send_mail
from django.db import connections
from issues import get_issues

INTERVAL = 1  # seconds
logger = logging.getLogger(__name__)


def keep_alerting():
    """Look for new issues as long as the process runs."""
    while True:
        try:
            alert()
        except Exception:  # the database or the mail server may be down for a while
            logger.exception("alerts were not sent")
        finally:
            connections.close_all()
        time.sleep(INTERVAL)


def alert():
    """Notify of each issue that a rule applies to, once. Nothing is retried.

    Read from apps/alerts/tasks.py, process_event_alerts. GlitchTip puts all issues of a moment into one message.
    """
    rules = ProjectAlert.objects.filter(
        quantity__isnull=False, timespan_minutes__isnull=False, project__is_deleted=False
    )
    for rule in rules.select_related("project__organization"):
        for issue in get_issues([rule.project_id]):
            if len(issue.event_ids) >= rule.quantity:
                _, new = Notification.objects.get_or_create(project_alert=rule, issue_id=issue.id)
                if new:
                    notify(rule, issue)


def notify(rule, issue):
    """Send an issue to the recipients of a rule; if one fails, those after it get nothing. No recipient means e-mail.

    Read from apps/alerts/models.py, Notification.send_notifications.
    """
    address = f"{settings.GLITCHTIP_DOMAIN}/{rule.project.organization.slug}/issues/{issue.id}"
    for recipient in rule.alertrecipient_set.order_by("pk") or [AlertRecipient(recipient_type="email")]:
        if recipient.recipient_type == RecipientType.EMAIL:
            send_email(rule.project, issue, address)
        else:
            send_webhook(recipient.url, issue, address)


def send_email(project, issue, address):
    """Send one message to all members of the project's teams.

    Read from apps/alerts/email.py, its templates alerts/issue-subject.txt and issue.txt, and apps/users/models.py,
    alert_notification_recipients.
    """
    users = User.objects.filter(organizations_ext_organizationuser__teams__projects=project).distinct().order_by("pk")
    if to := list(users.values_list("email", flat=True)):
        text = f"GlitchTip\n\nIssue in {project.name}\n\n{issue.title} {address}\n"
        send_mail(f"Error in {project.name}: {issue.title}", text, None, to)


def send_webhook(url, issue, address):
    """Post what Slack understands. Read from apps/alerts/webhooks.py, send_issue_as_webhook."""
    attachment = {"title": issue.title, "title_link": address, "text": "", "color": "#e52b50", "fields": []}
    payload = {"alias": "GlitchTip", "text": "GlitchTip Alert", "attachments": [attachment], "sections": []}
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(payload).encode(), headers, method="POST")
    urllib.request.urlopen(request, timeout=10).close()
