"""Counts requests and reported errors.

With gunicorn, each worker counts in files of its own, and /metrics adds them up: see gunicorn.conf.py.
"""

import time
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from prometheus_client import Counter, Histogram

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")  # a visitor can send any other word
REQUESTS = Counter("http_requests", "Requests by method and status of the response.", ["method", "status"])
SECONDS = Histogram("http_request_duration_seconds", "Time from a request to its response.")
EVENTS = Counter("error_events", "Error events that were reported to the tracker, by level.", ["level"])
for level in ("fatal", "error", "warning"):
    EVENTS.labels(level)  # starts at 0; Prometheus would not see the rise of a counter that starts at 1

BeforeSend = Callable[[Any, Any], Any]


@sync_and_async_middleware
def count_requests(get_response: Callable[..., Any]) -> Callable[..., Any]:
    """Count each request and measure how long it takes. Put this middleware before everything that it should measure."""

    def count(request: HttpRequest, response: HttpResponseBase, begin: float) -> HttpResponseBase:
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(method, response.status_code).inc()
        SECONDS.observe(time.perf_counter() - begin)
        return response

    if iscoroutinefunction(get_response):

        async def async_middleware(request: HttpRequest) -> HttpResponseBase:
            begin = time.perf_counter()
            return count(request, await get_response(request), begin)

        return async_middleware

    def middleware(request: HttpRequest) -> HttpResponseBase:
        begin = time.perf_counter()
        return count(request, get_response(request), begin)

    return middleware


def counted(before_send: BeforeSend) -> BeforeSend:
    """Return a hook for `before_send` that counts the events which `before_send` does not drop."""

    def count(event: Any, hint: Any) -> Any:
        kept = before_send(event, hint)
        if kept is not None:
            EVENTS.labels(kept.get("level", "error")).inc()
        return kept

    return count
