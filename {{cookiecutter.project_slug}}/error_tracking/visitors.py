"""Limits, cleans and sends what visitors send, such as feedback and violations of the Content Security Policy."""

import ipaddress
import logging
from collections.abc import Callable
from copy import copy
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import sentry_sdk
from django.conf import settings
from django.core.cache.backends.locmem import LocMemCache
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.request import UnreadablePostError
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from sentry_sdk.envelope import Envelope, Item, PayloadRef

from error_tracking import conf
from error_tracking.spool.transport import SpoolTransport

log = logging.getLogger(__name__)
MOST_CLIENTS = 10_000  # whose requests are counted
ALL_CLIENTS = 5  # all clients together may send this many times what one client may
View = Callable[[HttpRequest], HttpResponse]


def from_visitors(*, max_bytes: int, per_minute: int) -> Callable[[View], View]:
    """Return a decorator for a view that receives data from visitors' browsers.

    It accepts only POST requests from the site's own pages, without a CSRF token. A body of more than `max_bytes` is
    answered with 413, and more than `per_minute` requests of a client with 429. Each process counts on its own.
    """

    def decorate(view: View) -> View:
        counts = LocMemCache(f"{view.__module__}.{view.__qualname__}", {"OPTIONS": {"MAX_ENTRIES": MOST_CLIENTS}})

        def too_many(key: str, most: int) -> bool:
            if counts.add(key, 1, timeout=60):
                return False
            try:
                return counts.incr(key) > most
            except ValueError:  # its minute has just ended
                return False

        @csrf_exempt
        @require_POST
        @wraps(view)
        def limited(request: HttpRequest) -> HttpResponse:
            if not is_from_own_page(request):
                return HttpResponse(status=HTTPStatus.FORBIDDEN)
            if too_many(client_of(request), per_minute) or too_many("all", ALL_CLIENTS * per_minute):
                return HttpResponse(status=HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": "60"})
            try:
                if int(request.META.get("CONTENT_LENGTH") or 0) > max_bytes or len(request.body) > max_bytes:
                    return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            except RequestDataTooBig:
                return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            except (UnreadablePostError, ValueError):
                return HttpResponse(status=HTTPStatus.BAD_REQUEST)
            return view(request)

        return limited

    return decorate


def is_from_own_page(request: HttpRequest) -> bool:
    """Return whether a page of the site sends a request, as far as the browser says (W3C, "Fetch Metadata").

    Browsers send no Sec-Fetch-Site over plain HTTP, and old ones never do. They send Origin with every POST.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is None and origin is not None:
        return origin.partition("://")[2] == request.get_host()
    return site in (None, "same-origin")


def client_of(request: HttpRequest) -> str:
    """Return the address of a request's client; for IPv6, its network, because a client has a /64 of addresses.

    If the settings trust a proxy (SECURE_PROXY_SSL_HEADER), the address is the last one in X-Forwarded-For, which the
    proxy has added. The earlier ones are the visitor's own claim.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        address = request.headers.get("X-Forwarded-For", address).rpartition(",")[2].strip()
    if address.count(":") == 1:  # some proxies add the port
        address = address.partition(":")[0]
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    found = getattr(found, "ipv4_mapped", None) or found
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


def page_of(request: HttpRequest, url: str) -> HttpRequest:
    """Return a copy of a visitor's request that has the route and the parameters of the page with this URL.

    They contain values that are removed from what is sent, such as the token of a link that resets a password.
    """
    page = copy(request)
    page.resolver_match = None
    try:
        parts = urlsplit(url)
        page.GET = QueryDict(parts.query)
        if parts.netloc == request.get_host():
            page.resolver_match = resolve(parts.path)
    except (ValueError, SuspiciousOperation, Resolver404):  # not a URL, too many parameters, or not a page of the site
        pass
    return page


def send(
    item_type: str,
    payload: dict[str, Any],
    event_id: str,
    *,
    kept: dict[str, Any] | None = None,
    request: HttpRequest | None = None,
) -> None:
    """Remove private data from an item of an envelope, and send it through the spool.

    `kept` is added to the item unchanged. `request` contains private values that the item may repeat, such as cookies.
    The types are Sentry's ("Envelope Items"): "event", "user_report" (with the ID of the event that it is
    about), and "raw_security", which the spool sends to the security endpoint. Nothing is sent without a DSN.
    """
    transport = sentry_sdk.get_client().transport
    scrubber = conf.options()["event_scrubber"]
    if transport is None:
        return
    if not scrubber.scrub_telemetry(payload, request):
        log.warning("An item of type %s is sent without the parts that could not be cleaned", item_type)
    envelope = Envelope(headers={"event_id": event_id})
    envelope.add_item(Item(payload=PayloadRef(json=payload | (kept or {})), type=item_type))
    if isinstance(transport, SpoolTransport):
        transport.capture_from_visitor(envelope)
    elif item_type != "raw_security":  # the SDK's own transport has no such endpoint
        transport.capture_envelope(envelope)
