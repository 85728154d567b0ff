"""Reads GlitchTip's alert rules: which of them catch a single error, and whom they notify."""

import http.client
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from error_tracking.tracker_api import get_json


class Rule(NamedTuple):
    """An alert rule: its name, and the recipients that it notifies of the first event of an issue."""

    name: str
    recipients: list[str]
    sends_mail: bool


def find_project(address: str, token: str, project_id: str) -> str:
    """Return the path of a project in the API, such as "acme/shop", or "" if the token's account cannot see it.

    Raises:
        OSError: if there is no response, or the token is rejected.
    """
    for project in get_json(f"{address}api/0/projects/", token):
        if str(project["id"]) == project_id:
            return f"{project['organization']['slug']}/{project['slug']}"
    return ""


def matching_rules(address: str, token: str, project: str, environment: str) -> list[Rule]:
    """Return the rules of a project that a single error in `environment` triggers.

    A rule without recipients sends mail (`send_notifications` in GlitchTip's apps/alerts/models.py).

    Raises:
        OSError: if there is no response, or the token is rejected.
    """
    rules = []
    for rule in get_json(f"{address}api/0/projects/{project}/alerts/", token):
        if rule["quantity"] == 1 and rule["timespanMinutes"] and rule.get("environment") in (None, "", environment):
            recipients = rule["alertRecipients"] or [{"recipientType": "email"}]
            webhooks = [
                f"{urlsplit(recipient['url']).hostname} by {recipient['recipientType']}"  # the path may be secret
                for recipient in recipients
                if recipient["recipientType"] != "email"
            ]
            mailed = team(address, token, project) if len(webhooks) < len(recipients) else []
            rules.append(Rule(rule["name"], [f"{email} by e-mail" for email in mailed] + webhooks, bool(mailed)))
    return rules


def team(address: str, token: str, project: str) -> list[str]:
    """Return the e-mail addresses of the members of a project's teams, whom GlitchTip mails unless they have opted out.

    Raises:
        OSError: if there is no response, or the token is rejected.
    """
    organization, found = project.partition("/")[0], set[str]()
    for each in get_json(f"{address}api/0/projects/{project}/teams/", token):
        members = get_json(f"{address}api/0/teams/{organization}/{each['slug']}/members/", token)
        found |= {member["email"] for member in members if not member["pending"]}
    return sorted(found)


def find_mail(mailpit: str, text: str) -> dict[str, Any]:
    """Return the message in Mailpit that contains `text`, or {} if none of the newest ones does.

    GlitchTip puts the issues of a minute into one message, and then names them only in its body.

    Raises:
        OSError: if Mailpit does not respond.
    """
    messages: list[dict[str, Any]] = get_json(f"{mailpit}api/v1/messages?limit=20")["messages"]
    for message in messages:
        if text in message["Subject"] or text in get_json(f"{mailpit}api/v1/message/{message['ID']}")["Text"]:
            return message
    return {}


def mailpit_runs(mailpit: str) -> bool:
    """Return whether Mailpit responds at an address, which may be empty."""
    try:
        find_mail(mailpit, "")
    except (OSError, ValueError, LookupError, http.client.HTTPException):
        return False
    return True
