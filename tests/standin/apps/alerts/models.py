"""Alert rules, their recipients, and what was sent."""

from django.db import models

from apps.alerts.constants import RecipientType


class ProjectAlert(models.Model):
    """A rule: notify when an issue has `quantity` events in a timespan. Read from apps/alerts/models.py."""

    name = models.CharField(max_length=255, blank=True)
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE)
    timespan_minutes = models.PositiveSmallIntegerField(null=True)
    quantity = models.PositiveSmallIntegerField(null=True)
    uptime = models.BooleanField(default=False)


class AlertRecipient(models.Model):
    """A recipient of a rule. For e-mail, the URL is empty. Read from apps/alerts/models.py."""

    alert = models.ForeignKey(ProjectAlert, on_delete=models.CASCADE)
    recipient_type = models.CharField(max_length=16, choices=RecipientType.choices)
    url = models.URLField(max_length=2000, blank=True)

    class Meta:
        """A rule has a recipient once."""

        unique_together = ("alert", "recipient_type", "url")


class Notification(models.Model):
    """An issue that a rule has notified of, which it never does again.

    Read from apps/alerts/models.py, Notification, and tasks.py, process_event_alerts.
    """

    project_alert = models.ForeignKey(ProjectAlert, on_delete=models.CASCADE)
    issue_id = models.BigIntegerField()

    class Meta:
        """A rule notifies of an issue once."""

        unique_together = ("project_alert", "issue_id")
