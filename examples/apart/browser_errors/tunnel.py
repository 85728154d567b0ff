"""The view that receives the browser SDK's envelopes, and sends what they contain to the tracker of the settings."""

import json
import re
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from browser_errors.items import EVENT, EVENT_ID, FEEDBACK, only
from error_tracking.feedback import FeedbackForm, send_feedback
from error_tracking.visitors import from_visitors, page_of, send

LARGEST = 200_000  # bytes of a request


@from_visitors(max_bytes=LARGEST, per_minute=20)
def tunnel(request: HttpRequest) -> HttpResponse:
    """Clean and send the event or the feedback in an envelope; any other item is dropped.

    The response has no body. Its status is 400 if this is not an envelope, or one for another DSN.
    """
    try:
        dsn, item_type, item = parsed(request.body)
    except (ValueError, TypeError, LookupError, RecursionError):
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    event_id = only(item.get("event_id"), EVENT_ID)
    if not dsn or dsn != public_dsn(settings.SENTRY_OPTIONS["dsn"]) or not event_id:
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    if item_type == "event":
        send_event(event_id, only(item, EVENT) or {}, request)
    elif item_type == "feedback" and (found := only(item, FEEDBACK)):
        given = found["contexts"]["feedback"]
        text = {"comments": given.get("message"), "name": given.get("name"), "email": given.get("contact_email")}
        form = FeedbackForm(text)
        if form.is_valid():
            send_feedback(given.get("associated_event_id", event_id), **form.cleaned_data)
    return HttpResponse()


def parsed(body: bytes) -> tuple[str, str, dict[str, Any]]:
    """Return the DSN of an envelope, and the type and content of its item.

    It is three lines of JSON (Sentry's developer docs, "Envelopes"). An envelope could have more items, and items with
    line breaks, but the SDK sends one event or feedback in each.

    Raises:
        ValueError, TypeError, LookupError, RecursionError: if the body is not such an envelope.
    """
    header, item_header, item = body.split(b"\n")[:3]
    return json.loads(header)["dsn"], json.loads(item_header)["type"], dict(json.loads(item))


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


def public_dsn(dsn: str) -> str:
    """Return a DSN as browsers may have it: without the secret key that old trackers put behind the public key."""
    return re.sub(r"(?<=\w):[^/@]*@", "@", dsn)
