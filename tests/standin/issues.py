"""The issues of the events that kent has kept since this process started."""

import hashlib
from dataclasses import dataclass, field

from kent.app import EVENTS


@dataclass
class Issue:
    """Events of a project that belong together."""

    project_id: int
    title: str
    grouped_by: str
    event_ids: list[str] = field(default_factory=list)

    @property
    def id(self):
        """Return a number that is the same after a restart."""
        return int(hashlib.md5(f"{self.project_id} {self.grouped_by}".encode()).hexdigest()[:12], 16)


def title(body):
    """Return the title: the last exception's type and first line, or the message.

    Read from sentry/eventtypes/error.py, get_title.
    """
    exceptions = body.get("exception") or []
    if exceptions := exceptions.get("values", []) if isinstance(exceptions, dict) else exceptions:
        last = exceptions[-1]
        value = str(last.get("value") or "").splitlines()
        return f"{last.get('type') or 'Error'}: {value[0]}" if value else last.get("type") or "Error"
    message = body.get("message") or body.get("logentry") or {}
    message = message if isinstance(message, str) else message.get("formatted") or message.get("message")
    return (message or "<untitled>").splitlines()[0]


def get_issues(project_ids):
    """Return the issues of some projects, the newest event first.

    Events are grouped by their fingerprint, else by their title. Read from apps/event_ingest/utils.py, generate_hash,
    which also has the culprit in it.
    """
    found = {}
    for event in list(EVENTS.get_events()):
        if event.project_id not in project_ids or (event.header or {"type": "event"}).get("type") != "event":
            continue
        name = title(event.body)
        parts = event.body.get("fingerprint") or ["{{ default }}"]
        grouped_by = "".join(name if part == "{{ default }}" else str(part) for part in parts)
        issue = found.pop((event.project_id, grouped_by), Issue(event.project_id, name, grouped_by))
        issue.event_ids.append(event.body.get("event_id", ""))
        found[event.project_id, grouped_by] = issue
    return list(reversed(found.values()))
