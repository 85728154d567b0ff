"""Determines the kind of an event, by which a full spool recognizes repetitions."""

import re
import zlib
from collections.abc import Sequence
from typing import Any

# A word with a digit, such as an ID, a time or an address: it differs between events of one kind.
VARIABLE = re.compile(r"\b[^\W\d]*+\d\w*+")
LONGEST = 1000  # characters: the rest of a text is ignored


def kind_of(event: dict[str, Any]) -> str:
    """Return 16 hexadecimal digits: 8 for the place of an error in the code, and 8 for its message.

    The place of an exception is its type and the line of the site's code that raised it. The place of a log line is its
    logger and its text without the arguments.
    """
    place: list[Any] = [event.get("fingerprint"), event.get("logger")]
    texts: list[Any] = []
    for value in (event.get("exception") or {}).get("values") or ():
        frame = origin((value.get("stacktrace") or {}).get("frames") or ())
        place += value.get("type"), frame.get("filename"), frame.get("lineno")
        texts.append(value.get("value"))
    if not texts:
        line = event.get("logentry") or {}
        text = line.get("message") or event.get("message")
        place.append(constant(text))
        texts += text, line.get("params")
    return f"{checksum(place)}{checksum([constant(text) for text in texts])}"


def constant(text: Any) -> str:
    """Return a text without words that contain a digit."""
    return VARIABLE.sub("", str(text)[:LONGEST])


def origin(frames: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the last frame of the site's own code, or else the last frame."""
    own = (frame for frame in reversed(frames) if frame.get("in_app"))
    return next(own, frames[-1] if frames else {})


def checksum(parts: list[Any]) -> str:
    """Return a checksum of 8 hexadecimal digits, which is the same in every process."""
    return f"{zlib.crc32(repr(parts).encode(errors='replace')):08x}"


def kind_from_visitor(item_type: str) -> str:
    """Return one kind for all items of a type that visitors send: a flood of them does not push out the site's errors."""
    return 2 * checksum(["visitors", item_type])


FROM_VISITORS = {kind_from_visitor(item_type) for item_type in ("event", "user_report", "raw_security")}
