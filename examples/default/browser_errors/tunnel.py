"""The view that receives the browser SDK's envelopes, and sends what they contain to the tracker of the settings."""

import json
from copy import copy
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, resolve
from django.utils import timezone

from browser_errors.items import EVENT, EVENT_ID, FEEDBACK, only
from error_tracking.dsn import public_dsn
from error_tracking.feedback import send_feedback
from error_tracking.visitors import from_visitors, send

LARGEST = 200_000  # bytes of a request
MOST_ITEMS = 5  # of an envelope; the SDK sends one


@from_visitors(max_bytes=LARGEST, per_minute=20)
def tunnel(request: HttpRequest) -> HttpResponse:
    """Clean and send the events and the feedback in an envelope, without its other items.

    The response has no body. Its status is 400 if this is not an envelope, or one for another DSN.
    """
    try:
        dsn, items = parsed(request.body)
    except (ValueError, TypeError, LookupError, RecursionError):
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    if not dsn or dsn != public_dsn(settings.SENTRY_OPTIONS["dsn"]):
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    for item_type, item in items:
        event_id = only(item.get("event_id"), EVENT_ID)
        if event_id and item_type == "event":
            send_event(event_id, only(item, EVENT) or {}, request)
        elif event_id and item_type == "feedback":
            given = only((item.get("contexts") or {}).get("feedback"), FEEDBACK) or {}
            about = given.get("associated_event_id", event_id)
            send_feedback(about, given.get("message", ""), given.get("name", ""), given.get("contact_email", ""))
    return HttpResponse()


def parsed(body: bytes) -> tuple[str, list[tuple[str, dict[str, Any]]]]:
    """Return the DSN of an envelope, and the types and contents of its first items.

    An envelope is a line of JSON, and two lines for each item (Sentry's developer docs, "Envelopes"). Other items could
    contain line breaks, but those that are sent are JSON in one line.

    Raises:
        ValueError, TypeError, LookupError, RecursionError: if the body is not such an envelope.
    """
    header, *lines = body.split(b"\n", 2 * MOST_ITEMS + 1)
    pairs = list(zip(lines[::2], lines[1::2], strict=False))[:MOST_ITEMS]
    items = [(json.loads(line)["type"], dict(json.loads(item, parse_constant=str))) for line, item in pairs]
    return json.loads(header)["dsn"], items


def send_event(event_id: str, event: dict[str, Any], request: HttpRequest) -> None:
    """Send a browser's event. The site itself says where it comes from and when, because a browser's clock may be wrong."""
    page = page_of(request, event.get("request", {}).get("url", ""))
    facts = {
        "event_id": event_id,
        "timestamp": timezone.now().isoformat(),
        "platform": "javascript",
        "environment": settings.SENTRY_OPTIONS["environment"],
        "release": settings.SENTRY_OPTIONS["release"],
    }
    send("event", event, event_id, kept=facts, request=page)


def page_of(request: HttpRequest, url: str) -> HttpRequest:
    """Return a copy of a request to the tunnel that has the route and the parameters of the page with this URL.

    They contain values that are removed from the event, such as the token of a link that resets a password.
    """
    page = copy(request)
    page.resolver_match = None
    try:
        parts = urlsplit(url)
        page.GET = QueryDict(parts.query)
        if parts.netloc == request.get_host():
            page.resolver_match = resolve(parts.path)
    except (ValueError, Resolver404):  # not a URL, or not a page of the site
        pass
    return page
