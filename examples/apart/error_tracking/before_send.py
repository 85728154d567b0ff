"""The functions that the SDK calls before it sends anything. None of them raises: the SDK would drop the event in silence."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from sentry_sdk.integrations.logging import ignore_logger
from sentry_sdk.integrations.wsgi import get_client_ip
from sentry_sdk.utils import safe_repr

from error_tracking.current_request import current_request
from error_tracking.middleware import MarkedRequest
from error_tracking.scrubbing.event import Scrubber, without_hidden
from error_tracking.scrubbing.values import FILTERED

log = logging.getLogger(__name__)
ignore_logger(__name__)  # a warning about a breadcrumb must not become one
#: What is left of an event that cannot be cleaned. The SDK writes all of it, but the types of exceptions.
REMNANT = ("event_id", "timestamp", "start_timestamp", "level", "platform", "type", "release", "environment", "sdk")
SAFE_TELEMETRY = (
    *("timestamp", "type", "level", "severity_text", "severity_number", "trace_id", "span_id"),
    *("value", "unit", "time_unix_nano"),
)
PARTS_RAISE = "it has parts that raise"
Item = dict[str, Any]


def guarded(remnant: Callable[[Item], Item]) -> Callable[..., Any]:
    """Return a decorator: if the function raises, `remnant` of the item is sent instead, which holds nothing uncleaned."""

    def decorate(function: Callable[["BeforeSend", Item, Item], Item | None]) -> Callable[..., Item | None]:
        @wraps(function)
        def call(self: "BeforeSend", item: Item, hint: Item) -> Item | None:
            try:
                return function(self, item, hint)
            except Exception as error:
                warn(type(error).__name__)
                return remnant(item)

        return call

    return decorate


def warn(reason: str) -> None:
    """Say that something was sent without a part; what exactly is private."""
    log.warning("An event is sent without the parts that could not be cleaned (%s)", reason)


def remnant_of_event(event: Item) -> Item:
    """Return an event with nothing but what the SDK wrote, and the types of its exceptions."""
    try:
        values = [{"type": str(value["type"]), "value": FILTERED} for value in event["exception"]["values"]]
    except Exception:  # there is no exception, or it is what cannot be read
        values = []
    kept: Item = {part: event[part] for part in REMNANT if part in event}
    return {**kept, "tags": {"incomplete": "yes"}, "message": FILTERED, "exception": {"values": values}}


def remnant_of_telemetry(item: Item) -> Item:
    """Return a log line, metric or breadcrumb without its texts and attributes."""
    texts: Item = {name: FILTERED for name in ("body", "message", "name") if name in item}
    safe: Item = {name: item[name] for name in SAFE_TELEMETRY if name in item}
    return {**safe, **texts, **({"attributes": {}} if "attributes" in item else {})}


class BeforeSend:
    """Each function returns what is sent, or None for nothing."""

    def __init__(self, scrubber: Scrubber, *, send_user: bool, send_logs: bool, quiet_paths: tuple[str, ...]) -> None:
        """Send users only if `send_user`, log lines only if `send_logs`, and nothing about requests below `quiet_paths`."""
        self.scrubber = scrubber
        self.send_user = send_user
        self.send_logs = send_logs
        self.quiet_paths = quiet_paths

    @guarded(remnant_of_event)
    def event(self, event: Item, hint: Item) -> Item | None:
        """Mark an event with its request's id, and the request with the event's; take out what is private."""
        request = current_request.get()
        if request is not None:
            if request.path.startswith(self.quiet_paths):
                return None
            if event.get("type") != "transaction":
                request.event_id = event["event_id"]
            event["tags"] = {**(event.get("tags") or {}), "request_id": request.id}
        hint.pop("attachments", None)  # files cannot be cleaned, and GlitchTip drops them
        user = user_of(request, event.pop("user", None) or {})
        if not self.scrubber.scrub(event, request, (hint.get("exc_info") or (None, None))[1]):
            warn(PARTS_RAISE)
            tags = event.get("tags")
            event["tags"] = {**(tags if type(tags) is dict else {}), "incomplete": "yes"}
        if self.send_user and user:
            event["user"] = {name: user[name] for name in ("id", "username", "ip_address") if user.get(name)}
        return event

    @guarded(remnant_of_telemetry)
    def breadcrumb(self, crumb: Item, hint: Item) -> Item:
        """Take the arguments with a sensitive name out of a log line, while they are still known by name."""
        params = getattr(hint.get("log_record"), "args", None)
        if isinstance(params, dict):
            line = {"message": crumb["message"], "params": dict(params)}
            self.clean(line)
            crumb["message"] = line.get("message", FILTERED)
        return crumb

    @guarded(remnant_of_telemetry)
    def log(self, line: Item, hint: Item) -> Item | None:
        """Take out of a log line what is private; the SDK's own `sentry_sdk.logger` sends lines in any case."""
        return self.telemetry(line, hint) if self.send_logs else None

    @guarded(remnant_of_telemetry)
    def telemetry(self, item: Item, hint: Item) -> Item:
        """Take out of a log line, a metric or a span what is private."""
        attributes = {
            name: value if type(value) in (str, int, float, bool) else safe_repr(value)
            for name, value in (item.get("attributes") or {}).items()
            if not name.startswith("user.") or (self.send_user and name in ("user.id", "user.name"))
        }
        cleaned = {name: item[name] for name in ("body", "name") if name in item} | {"attributes": attributes}
        self.clean(cleaned)
        arguments = {name: value for name, value in attributes.items() if name.startswith("sentry.message.parameter.")}
        without_hidden(arguments, str(cleaned.get("body")))
        attributes.update(arguments)
        return {**item, **cleaned}

    def clean(self, texts: Item) -> None:
        """Take out of the texts of a log line, a metric or a span what is private, in place."""
        if not self.scrubber.scrub_telemetry(texts, current_request.get()):
            warn(PARTS_RAISE)


def user_of(request: MarkedRequest | None, user: Item) -> Item:
    """Return who had an error: what the site told the SDK, and what the request knows. No database is asked."""
    if request is None:
        return user
    account = getattr(request, "_cached_user", None)  # set if the site has asked for it
    try:
        if account is not None and account.is_authenticated:
            user = {"id": str(account.pk), "username": account.get_username(), **user}
    except Exception:  # a lazy account may ask the database after all, which may be down
        warn("the account cannot be read")
    return {"ip_address": get_client_ip(request.META), **user}
