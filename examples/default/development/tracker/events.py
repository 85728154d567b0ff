"""Store the events that the embedded tracker receives, under the site's event IDs and grouped by kind."""

import json
import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from error_tracking.spool.kinds import kind_of

KINDS, EVENTS_OF_A_KIND = 200, 20  # how many are kept; the oldest are deleted first
TITLE_LENGTH = 200
EVENT_ID = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class Event:
    """An item of an envelope. kent uses `summary` and `to_dict`, as in its own event class."""

    event_id: str
    project_id: int
    envelope_header: dict[str, Any] | None
    header: dict[str, Any] | None
    body: Any

    @property
    def data(self) -> dict[str, Any]:
        """Return the item as a dict; the first log line or metric of a batch; {} for an attachment."""
        body = self.body if isinstance(self.body, dict) else {}
        items = body.get("items")
        return items[0] if isinstance(items, list) and items and isinstance(items[0], dict) else body

    @property
    def type(self) -> str:
        """Return the type of the item, such as "event" or "transaction" (Sentry, "Envelopes", "Data Model")."""
        kind = "csp" if "csp-report" in self.data else "event"  # a report of the security endpoint has no header
        return one_line((self.header or {}).get("type") or kind)

    @property
    def exceptions(self) -> list[dict[str, Any]]:
        """Return the exceptions, starting with the one raised last, followed by its causes."""
        return values(self.data, "exception")[::-1]

    @property
    def summary(self) -> str:
        """Return a one-line title of the event."""
        data = self.data
        line = interface(data, "logentry")
        if self.exceptions:
            error = self.exceptions[0]
            texts: list[Any] = [": ".join(str(error[part]) for part in ("type", "value") if error.get(part))]
        else:
            texts = [
                line.get("formatted"),
                line.get("message"),
                *map(data.get, ("message", "body", "comments", "transaction", "name")),
            ]
        if report := interface(data, "csp-report"):
            texts = [f"Blocked {report.get('effective-directive')} from {report.get('blocked-uri')}"]
        return one_line(next(filter(None, texts), self.type))

    @property
    def culprit(self) -> str:
        """Return where the event happened: a URL pattern, a command or a logger."""
        return str(self.data.get("transaction") or self.data.get("logger") or "")

    @property
    def level(self) -> str:
        """Return the level, such as "error", or the type of an item that is not an event."""
        return one_line(self.data.get("level") or "error") if self.type == "event" else self.type

    @property
    def time(self) -> datetime | None:
        """Return when the event happened, in the local time zone, or None if its timestamp is invalid."""
        stamp = self.data.get("timestamp")
        try:
            if isinstance(stamp, int | float):
                return datetime.fromtimestamp(stamp).astimezone()
            return datetime.fromisoformat(str(stamp)).astimezone()
        except (ValueError, OverflowError, OSError):
            return None

    @property
    def kind(self) -> str:
        """Return the key that groups repeated events."""
        if self.type != "event":
            return f"{self.type} {self.summary}"
        try:
            return kind_of(self.data)
        except Exception:  # not in the SDK's format
            return self.summary

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON that kent's /api/event/ID responds with."""
        payload = {"envelope_header": self.envelope_header, "header": self.header, "body": self.body}
        return {"project_id": self.project_id, "event_id": self.event_id, "payload": payload}


def one_line(text: Any) -> str:
    """Return the printable characters of a text, in one line: a terminal must not execute what an event contains."""
    printable = "".join(character if character.isprintable() else " " for character in str(text))
    return " ".join(printable.split())[:TITLE_LENGTH]


def interface(data: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a part of an event (Sentry, "Event Payloads", "Interfaces"), or {} if it is missing or not a dict."""
    part = data.get(name)
    return part if isinstance(part, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return a list unchanged, and [] for any other value."""
    return value if isinstance(value, list) else []


def values(data: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the dicts of an interface that is a list, written as `{"values": [...]}`."""
    part = data.get(name)
    found = part.get("values") if isinstance(part, dict) else part
    return [value for value in as_list(found) if isinstance(value, dict)]


@dataclass
class Group:
    """The newest events of one kind, oldest first, and how many have arrived in total."""

    count: int = 0
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=EVENTS_OF_A_KIND))


class Events:
    """Replace kent's `EventManager`, so that a flood of one error does not push out the others."""

    def __init__(self, announce: Callable[[Event], None]) -> None:
        """Call `announce` with each event that arrives."""
        self.announce = announce
        self.groups: dict[str, Group] = {}  # ordered by newest event, newest last
        self.changes = 0
        self.lock = threading.RLock()

    def add_event(
        self,
        event_id: str,
        project_id: int,
        envelope_header: dict[str, Any] | None = None,
        header: dict[str, Any] | None = None,
        body: Any = None,
    ) -> Event:
        """Store an item under the site's event ID. If the ID is already stored, return the stored event."""
        if isinstance(body, bytes):
            body = {"attachment": f"{len(body)} bytes"}
        body = json.loads(json.dumps(body, ensure_ascii=False).encode(errors="replace"))  # without lone surrogates
        about_another = (header or {}).get("type") == "user_report"  # its event_id is that of an error
        given = str(body.get("event_id")) if isinstance(body, dict) and not about_another else ""
        event = Event(given if EVENT_ID.fullmatch(given) else event_id, project_id, envelope_header, header, body)
        with self.lock:
            if known := self.get_event(event.event_id):
                return known
            kind = event.kind
            self.groups[kind] = group = self.groups.pop(kind, None) or Group()
            group.count += 1
            group.events.append(event)
            if len(self.groups) > KINDS:
                del self.groups[next(iter(self.groups))]
            self.changes += 1
        self.announce(event)
        return event

    def get_event(self, event_id: str) -> Event | None:
        """Return the event with this ID, or None if it is not stored."""
        return next((event for event in self.get_events() if event.event_id == event_id), None)

    def get_events(self) -> list[Event]:
        """Return all stored events."""
        with self.lock:
            return [event for group in self.groups.values() for event in group.events]

    def feedback(self, event_id: str) -> list[dict[str, Any]]:
        """Return what visitors have written about an event."""
        reports = (event.data for event in self.get_events() if event.type == "user_report")
        return [report for report in reports if report.get("event_id") == event_id]

    def flush(self) -> None:
        """Delete all events."""
        with self.lock:
            self.groups.clear()
            self.changes += 1
