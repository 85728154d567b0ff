"""The parts of a browser's items that are sent to the tracker. All other parts are dropped, because a visitor wrote them."""

import math
import re
from typing import Any

EVENT_ID = re.compile("[0-9a-f]{32}")
LONGEST_TEXT, LONGEST_LIST, DEEPEST = 8_000, 100, 5  # characters; values of a list or dict; levels of any JSON
ANY = object()  # any JSON

#: A shape is a type, a pattern that a text must match, ANY, a dict of shapes by name, or a list of values of one shape.
#: The names are those of Sentry's "Event Payloads".
Shape = Any
FRAME = {"filename": str, "function": str, "lineno": int, "colno": int, "in_app": bool}
EXCEPTION = {
    "type": str,
    "value": str,
    "mechanism": {"type": str, "handled": bool},
    "stacktrace": {"frames": [FRAME]},
}
EVENT = {
    "level": re.compile("fatal|error|warning|info|debug"),
    "message": str,
    "exception": {"values": [EXCEPTION]},
    "breadcrumbs": [{"timestamp": float, "category": str, "level": str, "message": str, "data": ANY}],
    "request": {"url": str, "headers": {"User-Agent": str, "Referer": str}},
    "contexts": {"trace": {"trace_id": EVENT_ID, "span_id": re.compile("[0-9a-f]{16}")}},
    "tags": ANY,
    "extra": ANY,
    "sdk": {"name": str, "version": str},
}
FEEDBACK = {
    "contexts": {
        "feedback": {"message": str, "name": str, "contact_email": str, "associated_event_id": EVENT_ID},
    },
}


def only(value: Any, shape: Shape) -> Any:
    """Return the parts of a value that have a shape, or None if there are none. Long texts and lists are cut."""
    if isinstance(shape, dict):
        parts = {name: only(value.get(name), part) for name, part in shape.items()} if isinstance(value, dict) else {}
        return {name: part for name, part in parts.items() if part is not None} or None
    if isinstance(shape, list):
        kept = [only(part, shape[0]) for part in value[-LONGEST_LIST:]] if isinstance(value, list) else []
        return [part for part in kept if part is not None] or None
    if shape is ANY:
        return cut(value, DEEPEST)
    if isinstance(shape, re.Pattern):
        return value if isinstance(value, str) and shape.fullmatch(value) else None
    numeric = shape is float and type(value) is int
    return cut(value, 0) if numeric or type(value) is shape else None


def cut(value: Any, levels: int) -> Any:
    """Return JSON with at most this many levels, and with short texts and lists."""
    if isinstance(value, str):
        return value[:LONGEST_TEXT].replace("\0", "")  # PostgreSQL cannot store this character
    if isinstance(value, list | dict) and not levels:
        return "..."
    if isinstance(value, list):
        return [cut(part, levels - 1) for part in value[:LONGEST_LIST]]
    if isinstance(value, dict):
        return {cut(name, 0): cut(part, levels - 1) for name, part in list(value.items())[:LONGEST_LIST]}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no such number
    return value
