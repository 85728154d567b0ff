"""The functions that the SDK calls before it sends anything. None of them raises: the SDK would drop the event."""

import logging
from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from typing import Any

from sentry_sdk.integrations.logging import ignore_logger
from sentry_sdk.integrations.wsgi import get_client_ip
from sentry_sdk.utils import safe_repr

from error_tracking.current_request import current_request, current_request_id
from error_tracking.ignored_errors import is_unsupported_protocol
from error_tracking.middleware import MarkedRequest
from error_tracking.scrubbing.event import Scrubber, without_hidden
from error_tracking.scrubbing.values import FILTERED

log = logging.getLogger(__name__)
ignore_logger(__name__)  # a warning about a breadcrumb must not become a breadcrumb
#: The parts that are kept of an event that cannot be cleaned. All are written by the SDK.
REMNANT = ("event_id", "timestamp", "start_timestamp", "level", "platform", "type", "release", "environment", "sdk")
SAFE_TELEMETRY = (
    *("timestamp", "type", "level", "severity_text", "severity_number", "trace_id", "span_id"),
    *("value", "unit", "time_unix_nano"),
)
PARTS_RAISE = "some parts raise an exception"
Item = dict[str, Any]


def guarded(remnant: Callable[[Item], Item]) -> Callable[..., Any]:
    """Return a decorator: if the function raises, it returns `remnant` of the item, without the uncleaned parts."""

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
    """Log that something is sent without a part. Its content is not logged, because it may be private."""
    log.warning("An event is sent without the parts that could not be cleaned (%s)", reason)


def remnant_of_event(event: Item) -> Item:
    """Return an event with only the parts that the SDK wrote, and the types of its exceptions."""
    try:
        values = [{"type": str(value["type"]), "value": FILTERED} for value in event["exception"]["values"]]
    except Exception:  # there is no exception, or it cannot be read
        values = []
    kept: Item = {part: event[part] for part in REMNANT if part in event}
    return {**kept, "tags": {"incomplete": "yes"}, "message": FILTERED, "exception": {"values": values}}


def remnant_of_telemetry(item: Item) -> Item:
    """Return a log line, metric or breadcrumb without its texts and attributes."""
    texts: Item = {name: FILTERED for name in ("body", "message", "name") if name in item}
    safe: Item = {name: item[name] for name in SAFE_TELEMETRY if name in item}
    return {**safe, **texts, **({"attributes": {}} if "attributes" in item else {})}


class BeforeSend:
    """The functions for `sentry_sdk.init`: each returns the item to send, or None to drop it."""

    def __init__(self, scrubber: Scrubber, *, send_user: bool, send_logs: bool, quiet_paths: tuple[str, ...]) -> None:
        """Send the request's user only if `send_user`, logs only if `send_logs`, nothing about requests below `quiet_paths`.

        A user that the site has set with `sentry_sdk.set_user` is always sent, after cleaning.
        """
        self.scrubber = scrubber
        self.send_user = send_user
        self.send_logs = send_logs
        self.quiet_paths = quiet_paths

    @guarded(remnant_of_event)
    def event(self, event: Item, hint: Item) -> Item | None:
        """Add the request's ID to the event and the event's ID to the request, and remove private data."""
        error = (hint.get("exc_info") or (None, None))[1]
        if is_unsupported_protocol(error):
            return None
        request = current_request.get()
        if request is not None:
            if request.path.startswith(self.quiet_paths):
                return None
            if event.get("type") != "transaction":
                request.event_id = event["event_id"]
        if identifier := current_request_id():
            # Not a tag: trackers keep a list of all values of a tag, and this one is different in each request.
            event["contexts"] = {**(event.get("contexts") or {}), "request": {"id": identifier}}
        hint.pop("attachments", None)  # files cannot be cleaned, and GlitchTip drops them
        user: Item = event.get("user") or {}
        if self.send_user and (user := user_of(request, user)):
            event["user"] = user
        address = valid_address(user.get("ip_address"))
        if not self.scrubber.scrub(event, request, error):
            warn(PARTS_RAISE)
            tags = event.get("tags")
            event["tags"] = {**(tags if type(tags) is dict else {}), "incomplete": "yes"}
        if address and "user" in event:  # the one address that is sent on purpose
            event["user"]["ip_address"] = address
        return event

    @guarded(remnant_of_telemetry)
    def breadcrumb(self, crumb: Item, hint: Item) -> Item:
        """Remove the arguments with sensitive names from a log line, while their names are still known."""
        params = getattr(hint.get("log_record"), "args", None)
        if isinstance(params, dict):
            line = {"message": crumb["message"], "params": dict(params)}
            self.clean(line)
            crumb["message"] = line.get("message", FILTERED)
        return crumb

    @guarded(remnant_of_telemetry)
    def log(self, line: Item, hint: Item) -> Item | None:
        """Remove private data from a log line; drop it if logs are off, because `sentry_sdk.logger` sends it anyway."""
        return self.telemetry(line, hint) if self.send_logs else None

    @guarded(remnant_of_telemetry)
    def telemetry(self, item: Item, hint: Item) -> Item:
        """Remove private data from a log line, metric or span."""
        attributes = {
            name: value if type(value) in (str, int, float, bool) else safe_repr(value)
            for name, value in (item.get("attributes") or {}).items()
        }
        cleaned = {name: item[name] for name in ("body", "name") if name in item} | {"attributes": attributes}
        self.clean(cleaned)
        arguments = {name: value for name, value in attributes.items() if name.startswith("sentry.message.parameter.")}
        without_hidden(arguments, str(cleaned.get("body")))
        attributes.update(arguments)
        return {**item, **cleaned}

    def clean(self, texts: Item) -> None:
        """Remove private data from the texts of a log line, metric or span, in place."""
        if not self.scrubber.scrub_telemetry(texts, current_request.get()):
            warn(PARTS_RAISE)


def valid_address(text: Any) -> str:
    """Return a valid IP address, or ""."""
    try:
        return str(ip_address(text)) if isinstance(text, str) else ""
    except ValueError:
        return ""


def user_of(request: MarkedRequest | None, user: Item) -> Item:
    """Return an event's user: what the site told the SDK, and what the request contains. No database is queried."""
    if request is None:
        return user
    account = getattr(request, "_cached_user", None)  # set if the site has read request.user
    try:
        if account is not None and account.is_authenticated:
            user = {"id": str(account.pk), "username": account.get_username(), **user}
    except Exception:  # a lazy account may query the database, which may be down
        warn("the account cannot be read")
    return {"ip_address": get_client_ip(request.META), **user}
