"""Reads a tracker's HTTP API: which tracker it is, and whether it has stored an event."""

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

from sentry_sdk.utils import Dsn

SECONDS = 5


def get_json(url: str, token: str = "") -> Any:
    """Return the JSON at `url`.

    Raises:
        urllib.error.HTTPError: for a status of 400 or above.
        OSError: if there is no response.
        ValueError: if the response is not JSON.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=SECONDS) as answer:
        return json.load(answer)


def tracker_address(dsn: Dsn) -> str:
    """Return the address of a DSN's tracker, such as "http://localhost:8000/"."""
    return f"{dsn.scheme}://{dsn.netloc}{dsn.path}"


def tracker_name(address: str) -> str:
    """Return what responds at `address`: "GlitchTip 6.2.3", "embedded tracker" or "another server"; "" for nothing."""
    try:
        return f"GlitchTip {get_json(f'{address}api/settings/').get('version', 'unknown')}"
    except (urllib.error.HTTPError, ValueError, AttributeError):
        pass  # something responds, but it is not GlitchTip
    except (OSError, http.client.HTTPException):
        return ""
    try:
        get_json(f"{address}api/eventlist/")
    except (OSError, ValueError, http.client.HTTPException):
        return "another server"
    return "embedded tracker"


def find_issue(address: str, token: str, event_id: str) -> dict[str, str]:
    """Return `title` and `url` of the issue that contains an event, or {} if no issue does.

    With an empty `event_id`, return the newest issue. GlitchTip's list of issues accepts an event's ID as its query
    (`list_issues` in its apps/issue_events/api/issues.py).

    Raises:
        urllib.error.HTTPError: with code 401 or 403 if the token does not give access to issues.
        OSError: if there is no response.
    """
    for organization in get_json(f"{address}api/0/organizations/", token):
        slug = organization["slug"]
        for issue in get_json(f"{address}api/0/organizations/{slug}/issues/?query={event_id}", token):
            return {"title": issue["title"], "url": f"{address}{slug}/issues/{issue['id']}"}
    return {}
