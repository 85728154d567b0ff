"""The views that fail on purpose, and the answer to failures that were not on purpose."""

import functools
import logging
import time
from collections.abc import Callable
from urllib.parse import urlencode

import sentry_sdk
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import redirect
from django.template import loader
from django.urls import reverse
from django.views.decorators.csrf import requires_csrf_token
from django.views.decorators.http import require_POST

from error_tracking.middleware import MarkedRequest
from error_tracking.wiring import event_url

log = logging.getLogger(__name__)
SLOW_SECONDS = 1


def trigger_error(request: HttpRequest) -> HttpResponse:
    """Divide by zero, in development for everybody and elsewhere for a superuser alone.

    Raises:
        ZeroDivisionError: on purpose.
        Http404: for all who may not.
    """
    if settings.ENVIRONMENT != "development" and not (request.user.is_active and request.user.is_superuser):
        raise Http404
    return HttpResponse(1 / 0)


def in_development(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return a view that is not there outside development."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, **arguments: str) -> HttpResponse:
        if settings.ENVIRONMENT != "development":
            raise Http404
        return view(request, **arguments)

    return guarded


@in_development
@require_POST
def try_out(request: MarkedRequest, kind: str) -> HttpResponse:
    """Do one of the things that a tracker shows besides crashes, then go back to the start page with the event's id.

    Raises:
        Http404: outside development, and for a `kind` that is not there.
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
    return redirect(f"{reverse('home')}?{urlencode({'tried': kind, 'event': request.event_id})}#result")


@in_development
def show_event(request: HttpRequest, event_id: str) -> HttpResponse:
    """Go to the event in the tracker's own pages.

    Raises:
        Http404: outside development, and without a DSN.
    """
    if not settings.SENTRY_DSN:
        raise Http404
    return redirect(event_url(event_id))


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Show 500.html with the id of the event; without a request in its context, it asks no database."""
    ids = {"event_id": getattr(request, "event_id", ""), "request_id": getattr(request, "id", "")}
    return HttpResponseServerError(loader.render_to_string("500.html", ids))
