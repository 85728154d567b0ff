"""The start page, what its buttons do, and the way from an event's ID to the tracker."""

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

from development.start_page import event_url, wiring
from error_tracking.middleware import MarkedRequest

log = logging.getLogger(__name__)
EVENT_ID = re.compile(r"[0-9a-f]{32}")
SLOW_SECONDS = 1


@require_safe
def start_page(request: HttpRequest) -> HttpResponse:
    """Show how errors are wired, and the buttons that send some."""
    event_id = request.GET.get("event", "")
    context = {
        "project_name": settings.PROJECT_NAME,
        "wiring": wiring(just_sent=bool(event_id)),
        "can_send": bool(settings.SENTRY_OPTIONS["dsn"]),
        "traced": settings.SENTRY_OPTIONS["traces_sampler"] is not None,
        "tried": request.GET.get("tried"),
        "event_id": event_id if EVENT_ID.fullmatch(event_id) else "",
    }
    return render(request, "development/start.html", context)


def trigger_error(request: HttpRequest) -> HttpResponse:
    """Divide by zero.

    Raises:
        ZeroDivisionError: on purpose.
    """
    return HttpResponse(1 / 0)


@require_POST
def try_out(request: MarkedRequest, kind: str) -> HttpResponse:
    """Do one of the things that a tracker shows besides crashes, then go back to the start page with the event's ID.

    Raises:
        Http404: if there is no such `kind`.
    """
    if kind == "logged":
        log.error("Logged on purpose, from the start page")
    elif kind == "handled":
        try:
            request.session["there_is_no_such_key"]
        except KeyError as error:
            sentry_sdk.capture_exception(error)
    elif kind == "slow":
        time.sleep(SLOW_SECONDS)
    else:
        raise Http404
    return redirect(f"{reverse('start-page')}?{urlencode({'tried': kind, 'event': request.event_id})}#result")


def show_event(request: HttpRequest, event_id: str) -> HttpResponse:
    """Go to the event in the tracker's own pages.

    Raises:
        Http404: without a DSN.
    """
    if not settings.SENTRY_OPTIONS["dsn"]:
        raise Http404
    return redirect(event_url(event_id))
