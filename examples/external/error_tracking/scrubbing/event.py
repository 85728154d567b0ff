"""Cleans a whole event or transaction, part by part."""

import os
import traceback
from collections.abc import Collection, Iterable
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter
from sentry_sdk.scrubber import EventScrubber
from sentry_sdk.utils import iter_event_frames

from error_tracking.scrubbing.data import clean, clean_message
from error_tracking.scrubbing.names import sensitive
from error_tracking.scrubbing.texts import clean_source, clean_sql, clean_text
from error_tracking.scrubbing.values import FILTERED, Known

PARTS = {"breadcrumbs", "contexts", "extra", "fingerprint", "message", "request", "spans", "tags", "transaction"}


class AlwaysActiveFilter(SafeExceptionReporterFilter):
    """Django's filter of error reports, which does not filter anything while DEBUG is True."""

    def is_active(self, request: HttpRequest | None) -> bool:
        """Filter always."""
        return True


def sensitive_variables(error: BaseException | None) -> dict[tuple[str, str], set[str]]:
    """Return, by file and function, the names that Django's `sensitive_variables` hides in the frames of an error."""
    names: dict[tuple[str, str], set[str]] = {}
    reporter, waiting, seen = AlwaysActiveFilter(), [error], set()
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
    """Replaces what is private with "[Filtered]".

    The SDK calls `scrub_event` while the event holds the site's own objects: changing those would change the site's
    data, and their `repr` is not written yet. So `scrub` does the work, on what is ready to be sent.
    """

    packages: dict[str, str] | None = None  # versions by name

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Remove the values of `secrets` wherever they are."""
        super().__init__()
        self.secrets = set(secrets)
        self.known = Known(self.secrets)

    def scrub_event(self, event: Any) -> None:
        """Drop the variables of all code but the site's own: little use, much room, and often a whole request.

        Serializing is most of the work of an event. So the versions of the installed packages, always the same, are put
        aside until it is done, and lines of source code become one text.
        """
        if "modules" in event:
            self.packages = event.pop("modules")
        for frame in iter_event_frames(event):
            if not frame.get("in_app"):
                frame.pop("vars", None)
            for part in ("pre_context", "post_context"):
                frame[part] = "\n".join(frame.get(part) or [])

    def known_in(self, request: HttpRequest | None) -> Known:
        """Return what finds `secrets` and those in the request's path, such as the token of a password reset."""
        route = getattr(request, "resolver_match", None)
        in_route = {str(value) for name, value in (route.kwargs if route else {}).items() if sensitive(name)}
        return Known(self.secrets | in_route) if in_route else self.known

    def scrub(self, event: Any, request: HttpRequest | None, error: BaseException | None) -> None:
        """Clean a serialized event or transaction in place.

        `request` names the POST parameters that Django's `sensitive_post_parameters` hides.
        """
        known = self.known_in(request)
        if self.packages and event.get("type") != "transaction":
            event["modules"] = self.packages
        hidden = getattr(request, "sensitive_post_parameters", ())
        if hidden == "__ALL__":
            data = event.get("request", {}).get("data")
            hidden = set(data) if isinstance(data, dict) else ()
        if "data" in event.get("request", {}):
            event["request"]["data"] = clean(event["request"]["data"], known, hidden)
        for crumb in (event.get("breadcrumbs") or {}).get("values", []):
            if crumb.get("category") == "query" and crumb.get("message"):
                crumb["message"] = clean_sql(crumb["message"])
        for span in event.get("spans") or []:
            if str(span.get("op")).startswith("db") and span.get("description"):
                span["description"] = clean_sql(span["description"])
        for part in PARTS & event.keys():
            event[part] = clean(event[part], known)
        if "logentry" in event:
            event["logentry"] = self.scrub_log_entry(event["logentry"], known)
        variables = sensitive_variables(error)
        for part in ("exception", "threads"):
            for value in event.get(part, {}).get("values", []):
                if value.get("value"):
                    value["value"] = clean_text(value["value"], known)
                for frame in (value.get("stacktrace") or {}).get("frames", []):
                    self.scrub_frame(frame, known, hidden, variables)

    def scrub_log_entry(self, entry: dict[str, Any], known: Known) -> dict[str, Any]:
        """Return a log entry without what is private; its arguments are those that the clean message still shows."""
        params = entry.get("params")
        message, named = clean_message(
            entry.get("formatted") or "", params if isinstance(params, dict) else dict(enumerate(params or [])), known
        )
        return {
            **entry,
            "message": clean_text(entry.get("message") or "", known),
            "formatted": message,
            "params": named if isinstance(params, dict) else list(named.values()),
        }

    def scrub_frame(
        self,
        frame: dict[str, Any],
        known: Known,
        hidden: Collection[str],
        variables: dict[tuple[str, str], set[str]],
    ) -> None:
        """Clean one frame in place."""
        if frame.get("vars"):
            secret = variables.get((str(frame.get("abs_path")), str(frame.get("function"))), set())
            own = {name: FILTERED if name in secret else value for name, value in frame["vars"].items()}
            frame["vars"] = clean(own, known, hidden)
        for part in ("pre_context", "context_line", "post_context"):
            code = clean_source(frame.get(part) or "", known)
            frame[part] = code if part == "context_line" else code.split("\n") if code else []
