"""The few pages of GlitchTip's HTTP API that `check_tracker --read-back` reads."""

import json
import urllib.error
import urllib.request
from typing import Any

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


def glitchtip_version(address: str) -> str:
    """Return the version of the GlitchTip at `address`, or "" if another tracker is there (`/api/settings/`)."""
    try:
        return str(get_json(f"{address}api/settings/").get("version", "unknown"))
    except (OSError, ValueError, AttributeError):
        return ""


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
