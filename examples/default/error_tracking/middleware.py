"""Gives each request an ID, which its log lines, events and response contain."""

import re
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from error_tracking.current_request import current_request
from error_tracking.trace import begin_trace

WELL_FORMED = re.compile(r"[\w.-]{8,64}", re.ASCII)


class MarkedRequest(HttpRequest):
    """A request after `request_id` has run.

    `id` is its own ID, `trace_id` that of its events, which differs only if the proxy chose `id`, and `event_id` the ID
    of its last event, or "".
    """

    id: str
    trace_id: str
    event_id: str


def forget_request(**_: Any) -> None:
    """Clear the current request; a receiver of Django's `request_finished`."""
    current_request.set(None)


@sync_and_async_middleware
def request_id(get_response: Callable[..., Any]) -> Callable[..., Any]:
    """Set the request's ID, and return it in X-Request-ID; after an error, return the event's ID in X-Event-ID.

    The ID is also the trace ID of the request's events: that of the page or service that sends the request, from the
    header `sentry-trace`, or a new one. A well-formed X-Request-ID from the proxy is kept as the request's ID. Without
    `sentry-trace`, it is the trace ID, too, if it can be one. A visitor can send both headers, but sets only these IDs.

    This middleware must come first. The request stays current until its response is closed, so that the server's access
    log contains the ID, too.
    """

    def begin(request: MarkedRequest) -> None:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        given = given if WELL_FORMED.fullmatch(given) else ""
        request.trace_id = begin_trace(request.META.get("HTTP_SENTRY_TRACE", ""), given)
        request.id = given or request.trace_id
        request.event_id = ""
        current_request.set(request)

    def end(request: MarkedRequest, response: HttpResponseBase) -> HttpResponseBase:
        response["X-Request-ID"] = request.id
        if request.event_id and response.status_code >= 500:
            response["X-Event-ID"] = request.event_id
        return response

    if iscoroutinefunction(get_response):

        async def async_middleware(request: MarkedRequest) -> HttpResponseBase:
            begin(request)
            return end(request, await get_response(request))

        return async_middleware

    def middleware(request: MarkedRequest) -> HttpResponseBase:
        begin(request)
        return end(request, get_response(request))

    return middleware
