"""Cleans an event, transaction, log line or metric, part by part."""

import logging
import os
import traceback
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter
from sentry_sdk.scrubber import EventScrubber
from sentry_sdk.utils import iter_event_frames

from error_tracking.scrubbing.data import Cleaning
from error_tracking.scrubbing.formats import SQL_LITERAL
from error_tracking.scrubbing.items import Slot
from error_tracking.scrubbing.names import Names
from error_tracking.scrubbing.values import FILTERED, Known

log = logging.getLogger("error_tracking.before_send")  # its warnings become neither breadcrumbs nor events
#: The parts that the SDK itself writes. All other parts are cleaned.
SAFE = {
    *("event_id", "timestamp", "start_timestamp", "platform", "level", "type", "sdk", "modules", "release", "dist"),
    *("environment", "transaction_info", "measurements", "debug_meta"),
}
DROPPED = "_secrets"  # private values among the dropped variables: other parts may mention them
MOST_EVENTS = 100  # processed at a time
SIMPLE = (str, int, bool, type(None))  # already JSON
CODE = ("pre_context", "context_line", "post_context")


class NamesOfVariables(SafeExceptionReporterFilter):
    """Django's filter of error reports, without the code that reads values, because reading could raise."""

    def is_active(self, request: HttpRequest | None) -> bool:
        """Return True; Django's own filter is off while DEBUG is True."""
        return True

    def cleanse_special_types(self, request: HttpRequest | None, value: Any) -> Any:
        """Return `value` unchanged."""
        return value


def sensitive_variables(error: BaseException | None) -> dict[tuple[str, str], set[str]]:
    """Return, by file and function, the variables that Django's `sensitive_variables` hides in an error's frames."""
    names: dict[tuple[str, str], set[str]] = {}
    reporter, waiting, seen = NamesOfVariables(), [error], set()
    while waiting:
        error = waiting.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        waiting += [error.__cause__, error.__context__, *getattr(error, "exceptions", ())]
        for frame, _ in traceback.walk_tb(error.__traceback__):
            where = (os.path.abspath(frame.f_code.co_filename), frame.f_code.co_name)
            for name, value in reporter.get_traceback_frame_variables(None, frame):
                if value is reporter.cleansed_substitute:
                    names.setdefault(where, set()).add(name)
    return names


class Scrubber(EventScrubber):
    """Replaces private data with "[Filtered]".

    The SDK calls `scrub_event` while the event contains the site's own objects: changing them would change the site's
    data, and they have not been converted to text yet. So `scrub` cleans the event later, when it is ready to be sent.
    """

    packages: dict[str, str] | None = None  # package versions by name

    def __init__(self, secrets: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        """Remove the values in `secrets` wherever they occur, and the values under `names` and the built-in names."""
        super().__init__()
        self.known = Known(secrets)
        self.names = Names(names)
        self.frames: dict[str, list[dict[str, Any]]] = {}  # put aside, by event ID

    def scrub_event(self, event: Any) -> None:
        """Drop the variables outside the site's own code: they are large, rarely useful, and often contain a request.

        Serialization takes most of the time of an event. To make it faster, the package versions (always the same) and
        the frames without variables are put aside until it is done, and lines of source code are joined into one text.
        """
        try:
            self.put_aside(event)
        except Exception as error:  # the SDK would drop the event
            log.warning("An event is serialized with all its parts, which takes longer (%s)", type(error).__name__)

    def put_aside(self, event: Any) -> None:
        """Put parts of an event aside until it has been serialized."""
        if "modules" in event:
            self.packages = event.pop("modules")
        event[DROPPED], aside = [], []
        frames = list(iter_event_frames(event))
        for frame in frames:
            for part in ("pre_context", "post_context"):
                frame[part] = "\n".join(frame.get(part) or [])
            if not frame.get("in_app"):
                variables = frame.pop("vars", None) or {}
                event[DROPPED] += [pair for pair in variables.items() if self.names.sensitive(pair[0])]
            aside.append(dict(frame) if all(type(value) in SIMPLE for value in frame.values()) else {})
        while len(self.frames) > MOST_EVENTS:  # those of events that were dropped
            self.frames.pop(next(iter(self.frames)), None)
        self.frames[event["event_id"]] = aside
        for frame, kept in zip(frames, aside, strict=True):
            if kept:
                frame.clear()

    def scrub(self, event: Any, request: HttpRequest | None, error: BaseException | None) -> bool:
        """Clean a serialized event or transaction in place; return False if a part had to be dropped.

        `request` lists the POST parameters that Django's `sensitive_post_parameters` hides, and `error` the variables
        that Django's `sensitive_variables` hides.
        """
        if self.packages and event.get("type") != "transaction":
            event["modules"] = self.packages
        event.pop("_meta", None)  # it repeats names to describe what the SDK has cut
        for frame, put_aside in zip(iter_event_frames(event), self.frames.pop(event.get("event_id"), ()), strict=False):
            frame.update(put_aside)
        hidden = getattr(request, "sensitive_post_parameters", ())
        sent = event.get("request") or {}
        body = {"data": sent.pop("data")} if "data" in sent else {}  # the parameters are hidden only here
        if hidden == "__ALL__":
            hidden = set(body["data"]) if isinstance(body.get("data"), dict) else ()
        cleaning = self.cleaning(request, hidden)
        without_sql_literals(event)
        for name, value in event.pop(DROPPED, []):
            cleaning.remember(name, value)
        stacks = stacktraces(event)
        variables = sensitive_variables(error)
        frames = [frame for _, stack in stacks for frame in stack.get("frames") or []]
        for frame in frames:
            secret = variables.get((str(frame.get("abs_path")), str(frame.get("function"))), set())
            cleaning.read(frame.get("vars") or {}, "repr", {*hidden, *secret})
            cleaning.slots += [Slot(frame, part, frame[part], "source") for part in CODE if frame.get(part)]
        cleaning.read(body, hidden=hidden)
        parts = {part: event.pop(part) for part in event.keys() - SAFE}
        cleaning.read(parts)
        cleaning.finish()
        sent.update(body)
        event.update(parts)
        for holder, stack in stacks:
            holder["stacktrace"] = stack
        for frame in frames:
            for part in ("pre_context", "post_context"):
                frame[part] = frame[part].split("\n") if frame.get(part) else []
        if "logentry" in event:
            entry = event["logentry"]
            without_hidden(entry.get("params") or [], str(entry.get("formatted")))
        return not cleaning.failed

    def scrub_telemetry(self, item: dict[str, Any], request: HttpRequest | None) -> bool:
        """Clean a log line, metric, span or breadcrumb in place; return False if a part had to be dropped."""
        cleaning = self.cleaning(request)
        cleaning.read(item)
        cleaning.finish()
        return not cleaning.failed

    def cleaning(self, request: HttpRequest | None, hidden: Iterable[str] = ()) -> Cleaning:
        """Return a cleaning for the private values in a request's path, cookies, headers and parameters."""
        cleaning = Cleaning(self.names, self.known)
        if request is not None:
            route = getattr(request, "resolver_match", None)
            headers = {name: value for name, value in request.META.items() if name.startswith(("HTTP_", "REMOTE_"))}
            posted = getattr(request, "_post", {})  # set if the site has read request.POST
            for values in (route.kwargs if route else {}, request.COOKIES, headers, request.GET, posted):
                for name, value in values.items():
                    if name in hidden or self.names.sensitive(name) and name != "HTTP_COOKIE":
                        cleaning.remember(name, str(value))
        return cleaning


def stacktraces(event: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Remove the stack traces from an event; return each with the dict that contained it."""
    holders = [event]
    for part in ("exception", "threads"):
        holders += (event.get(part) or {}).get("values") or []
    return [(holder, holder.pop("stacktrace")) for holder in holders if holder.get("stacktrace")]


def without_sql_literals(event: Any) -> None:
    """Remove the literals from SQL statements, in place."""
    crumbs = (event.get("breadcrumbs") or {}).get("values") or []
    queries = [(crumb, "message") for crumb in crumbs if crumb.get("category") == "query"]
    queries += [(span, "description") for span in event.get("spans") or [] if str(span.get("op")).startswith("db")]
    for holder, key in queries:
        if isinstance(holder.get(key), str):
            holder[key] = SQL_LITERAL.sub(FILTERED, holder[key])


def without_hidden(arguments: dict[str, Any] | list[Any], message: str) -> None:
    """Remove the arguments of a log line that its cleaned message does not contain, in place."""
    named: Any = arguments.items() if isinstance(arguments, dict) else enumerate(arguments)
    for name, value in list(named):
        if str(value) not in message:
            arguments[name] = FILTERED
