"""What the repetitions of an error have in common, so that a full spool drops them first."""

import re
import zlib
from collections.abc import Sequence
from typing import Any

# A word with a digit: an ID, a time or an address, which differs from event to event.
VARIABLE = re.compile(r"\b[^\W\d]*+\d\w*+")
LONGEST = 1000  # characters of a text that count


def kind_of(event: dict[str, Any]) -> str:
    """Return 16 hexadecimal digits: 8 for the place of an error in the code, 8 for what its message says.

    The place of an exception is its type and the line of the site that raised it; that of a log line is its logger and
    the text before its arguments are filled in.
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
    """Return a text without the words that differ from event to event."""
    return VARIABLE.sub("", str(text)[:LONGEST])


def origin(frames: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the frame that raised: the last of the site's own code, or the last of all."""
    own = (frame for frame in reversed(frames) if frame.get("in_app"))
    return next(own, frames[-1] if frames else {})


def checksum(parts: list[Any]) -> str:
    """Return 8 hexadecimal digits, the same in every process."""
    return f"{zlib.crc32(repr(parts).encode(errors='replace')):08x}"
