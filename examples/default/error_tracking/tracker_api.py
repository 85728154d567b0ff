"""Reads a tracker's HTTP API: which tracker it is, and whether it has stored an event."""

import http.client
import json
import re
import urllib.error
import urllib.request
from typing import Any

from sentry_sdk.utils import Dsn

SECONDS = 5
MOST_PAGES = 100
#: What reading an API raises if there is no response, or the server is not the one that it should be.
API_ERRORS = (OSError, ValueError, LookupError, TypeError, AttributeError, http.client.HTTPException)


def get(url: str, token: str) -> http.client.HTTPResponse:
    """Return the response to a GET request. The token is not sent to where the server redirects.

    Raises:
        urllib.error.HTTPError: for a status of 400 or above.
        OSError: if there is no response.
    """
    request = urllib.request.Request(url)
    if token:
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=SECONDS)
    return response


def get_json(url: str, token: str = "") -> Any:
    """Return the JSON at `url`.

    Raises:
        urllib.error.HTTPError: for a status of 400 or above.
        OSError: if there is no response.
        ValueError: if the response is not JSON.
    """
    with get(url, token) as answer:
        return json.load(answer)


def get_list(url: str, token: str) -> list[dict[str, Any]]:
    """Return all pages of a list in GlitchTip's API, which has 50 items on a page (its glitchtip/api/pagination.py).

    Raises:
        urllib.error.HTTPError: for a status of 400 or above.
        OSError: if there is no response.
        ValueError: if the response is not a list.
    """
    items: list[dict[str, Any]] = []
    address = url
    for _ in range(MOST_PAGES):
        with get(address, token) as answer:
            page, link = json.load(answer), answer.headers.get("Link", "")
        if not isinstance(page, list):
            raise ValueError("the response is not a list")
        items += page
        following = re.search(r'\?([^>]+)>; rel="next"; results="true"', link)
        if following is None:
            break
        address = f"{url}?{following[1]}"
    return items


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
    for organization in get_list(f"{address}api/0/organizations/", token):
        slug = organization["slug"]
        for issue in get_json(f"{address}api/0/organizations/{slug}/issues/?query={event_id}", token):
            return {"title": issue["title"], "url": f"{address}{slug}/issues/{issue['id']}"}
    return {}
