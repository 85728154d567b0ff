"""Gives each request an id, which its log lines, its events and its response carry."""

import re
import uuid
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from error_tracking.current_request import current_request

WELL_FORMED = re.compile(r"[\w.-]{8,64}", re.ASCII)


class MarkedRequest(HttpRequest):
    """What `request_id` makes of a request: `id` is its own, `event_id` that of its last event, or ""."""

    id: str
    event_id: str


def forget_request(**_: Any) -> None:
    """End what `request_id` began; a receiver of Django's `request_finished`."""
    current_request.set(None)


@sync_and_async_middleware
def request_id(get_response: Callable[..., Any]) -> Callable[..., Any]:
    """Take a well-formed X-Request-ID of the proxy, or make one; answer with it, and with the id of a failure's event.

    It stands first in MIDDLEWARE. The request stays current until its response is closed, so that the servers' own
    access lines carry the id too.
    """

    def begin(request: MarkedRequest) -> None:
        given = request.headers.get("X-Request-ID", "")
        request.id = given if WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
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
