"""The start page and the views behind its buttons."""

import logging
import re
import time
from urllib.parse import urlencode

import sentry_sdk
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from development.start_page import arrived, checklist, tracker_here, wiring
from development.tasks import fail
from error_tracking.middleware import MarkedRequest

log = logging.getLogger(__name__)
EVENT_ID = re.compile(r"[0-9a-f]{32}")
SLOW_SECONDS = 1


@require_safe
def start_page(request: HttpRequest) -> HttpResponse:
    """Show the checklist, where errors go, and the event that a button has just sent."""
    event_id = request.GET.get("event", "")
    event_id = event_id if EVENT_ID.fullmatch(event_id) else ""
    tracker = tracker_here()
    context = {
        "project_name": settings.PROJECT_NAME,
        "wiring": wiring(tracker, just_sent=bool(event_id)),
        "checklist": checklist(tracker),
        "can_send": bool(settings.SENTRY_OPTIONS["dsn"]),
        "traced": settings.SENTRY_OPTIONS["traces_sampler"] is not None,
        "tried": request.GET.get("tried"),
        "event_id": event_id,
        "event": arrived(tracker, event_id) if event_id else {},
    }
    return render(request, "development/start.html", context)


def trigger_error(request: HttpRequest) -> HttpResponse:
    """Divide by zero.

    Raises:
        ZeroDivisionError: always.
    """
    return HttpResponse(1 / 0)


@require_POST
def try_out(request: MarkedRequest, kind: str) -> HttpResponse:
    """Log an error, report a handled one, queue a job that fails, or respond slowly; then redirect to the start page with the event's ID.

    Raises:
        Http404: if `kind` is unknown.
    """
    if kind == "logged":
        log.error("Test error from the start page")
    elif kind == "handled":
        try:
            request.session["there_is_no_such_key"]
        except KeyError as error:
            sentry_sdk.capture_exception(error)
    elif kind == "slow":
        time.sleep(SLOW_SECONDS)
    elif kind == "job":
        fail.delay(7, card_number="4111 1111 1111 1111")
    else:
        raise Http404
    return redirect(f"{reverse('start-page')}?{urlencode({'tried': kind, 'event': request.event_id})}#live")
