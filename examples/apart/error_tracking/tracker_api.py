"""Reads the few pages of a tracker's HTTP API that say what it is and whether it holds an event."""

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

from sentry_sdk.utils import Dsn

SECONDS = 5


def get_json(url: str, token: str = "") -> Any:
    """Return the JSON that `url` answers.

    Raises:
        urllib.error.HTTPError: for an answer of 400 and above.
        OSError: if there is no answer.
        ValueError: if the answer is not JSON.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=SECONDS) as answer:
        return json.load(answer)


def tracker_address(dsn: Dsn) -> str:
    """Return where the tracker of a DSN is, such as "http://localhost:8000/"."""
    return f"{dsn.scheme}://{dsn.netloc}{dsn.path}"


def tracker_name(address: str) -> str:
    """Say what answers at `address`: "GlitchTip 6.2.3", "embedded tracker" or "another server"; "" for nothing."""
    try:
        return f"GlitchTip {get_json(f'{address}api/settings/').get('version', 'unknown')}"
    except (urllib.error.HTTPError, ValueError, AttributeError):
        pass  # something answers, and it is not GlitchTip
    except (OSError, http.client.HTTPException):
        return ""
    try:
        get_json(f"{address}api/eventlist/")
    except (OSError, ValueError, http.client.HTTPException):
        return "another server"
    return "embedded tracker"


def issue_url(address: str, token: str, event_id: str) -> str:
    """Return the page of the issue that holds an event, or "" while there is none.

    GlitchTip's list of issues takes an event's id as its query (`list_issues` in its apps/issue_events/api/issues.py).

    Raises:
        urllib.error.HTTPError: with code 401 or 403 if the token may not read issues.
        OSError: if there is no answer.
    """
    for organization in get_json(f"{address}api/0/organizations/", token):
        slug = organization["slug"]
        for issue in get_json(f"{address}api/0/organizations/{slug}/issues/?query={event_id}", token):
            return f"{address}{slug}/issues/{issue['id']}"
    return ""
