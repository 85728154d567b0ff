"""Reads GlitchTip's alert rules: which of them catch a single error, and whom they notify."""

from typing import NamedTuple
from urllib.parse import urlsplit

from error_tracking.tracker_api import get_list


class Rule(NamedTuple):
    """An alert rule that a single error triggers: whom it mails, and the type and host of each webhook that it calls."""

    name: str
    mailed: list[str]
    webhooks: list[str]


def find_project(address: str, token: str, project_id: str) -> str:
    """Return the path of a project in the API, such as "acme/shop", or "" if the token's account cannot see it.

    Raises:
        OSError: if there is no response, or the token is rejected.
    """
    for project in get_list(f"{address}api/0/projects/", token):
        if str(project["id"]) == project_id:
            return f"{project['organization']['slug']}/{project['slug']}"
    return ""


def matching_rules(address: str, token: str, project: str, environment: str) -> list[Rule]:
    """Return the rules of a project that a single error in `environment` triggers.

    A rule without recipients sends mail (`send_notifications` in GlitchTip's apps/alerts/models.py).

    Raises:
        OSError: if there is no response, or the token is rejected.
    """
    rules, members = [], team(address, token, project)
    for rule in get_list(f"{address}api/0/projects/{project}/alerts/", token):
        if (
            rule["quantity"] == 1
            and (rule["timespanMinutes"] or 0) > 0
            and rule.get("environment") in (None, "", environment)
        ):
            kinds = [recipient["recipientType"] for recipient in rule["alertRecipients"]] or ["email"]
            webhooks = [
                f"{recipient['recipientType']} at {urlsplit(recipient['url'] or '').hostname}"  # the path may be secret
                for recipient in rule["alertRecipients"]
                if recipient["recipientType"] != "email"
            ]
            rules.append(Rule(rule["name"], members if "email" in kinds else [], webhooks))
    return rules


def team(address: str, token: str, project: str) -> list[str]:
    """Return the e-mail addresses of the members of a project's teams, whom GlitchTip mails unless they have opted out.

    Raises:
        OSError: if there is no response, or the token is rejected.
    """
    organization, found = project.partition("/")[0], set[str]()
    for each in get_list(f"{address}api/0/projects/{project}/teams/", token):
        path = f"teams/{organization}/{each['slug']}/members/"
        found |= {member["email"] for member in get_list(f"{address}api/0/{path}", token) if not member["pending"]}
    return sorted(found)
