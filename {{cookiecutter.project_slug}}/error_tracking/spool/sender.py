"""Sends one file of the spool to the tracker, and decides by the answer what becomes of the file."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sentry_sdk.utils import format_timestamp
from urllib3 import Retry

from error_tracking.spool.files import Spool

if TYPE_CHECKING:  # urllib3 1.26, which the SDK accepts, has no such class
    from urllib3 import BaseHTTPResponse

#: What to check when the tracker rejects every event, by the status of its answer.
ADVICE = {
    401: "is the key in SENTRY_DSN right?",
    403: "is the key in SENTRY_DSN right, and the project there? GlitchTip also refuses for 30 s after a wrong key",
    404: "are host, port and project number in SENTRY_DSN right?",
}


class Attempt(NamedTuple):
    """What became of a file: `done` if it is gone, otherwise why it still waits, and for how many seconds.

    The pause doubles with each failure in a row, up to `longest`.
    """

    done: bool
    reason: str = ""
    pause: float = 1.0
    longest: float = 30.0


class Sender:
    """The way of one file, from the disk to the tracker's answer."""

    FIRST_PAUSE, REFUSED_PAUSE, LIMITED_PAUSE = 1.0, 30.0, 60.0  # seconds: no answer, refused, 429 without Retry-After

    def __init__(self, spool: Spool, post: Callable[[bytes], BaseHTTPResponse]) -> None:
        """Send the files of `spool` with `post`, which takes a compressed envelope."""
        self.spool = spool
        self.post = post

    def send(self, file: Path) -> Attempt:
        """Send one file; delete it if the tracker has accepted it, move it away if no tracker ever will."""
        try:
            body = stamped(file.read_bytes())
        except FileNotFoundError:
            return Attempt(True)
        except OSError as error:
            return Attempt(False, f"{file.name} cannot be read: {error}", self.FIRST_PAUSE)
        except ValueError as error:
            self.spool.reject(file, f"the file is damaged: {error}")
            return Attempt(True)
        try:
            response = self.post(gzip.compress(body, 6))
        except Exception as error:
            return Attempt(False, f"the tracker gives no answer ({type(error).__name__})", self.FIRST_PAUSE)
        status, answer, retry_after = response.status, response.data[:200], response.headers.get("Retry-After")
        response.close()
        if 200 <= status < 300:
            self.spool.remove(file)
        elif status in (400, 413):
            self.spool.reject(file, f"the tracker answers {status} {answer!r}")
        else:
            return self.later(status, retry_after)
        return Attempt(True)

    def later(self, status: int, retry_after: str | None) -> Attempt:
        """Return why a file waits after an answer, and how long."""
        reason = f"the tracker answers {status}"
        if status == 429 or status >= 500:
            seconds = retry_seconds(retry_after) or (self.LIMITED_PAUSE if status == 429 else 0)
            return Attempt(False, reason, seconds, seconds) if seconds else Attempt(False, reason, self.FIRST_PAUSE)
        advice = ADVICE.get(status, "is this a tracker that speaks Sentry's protocol?")
        return Attempt(False, f"{reason}: {advice}", self.REFUSED_PAUSE, 10 * self.REFUSED_PAUSE)


def retry_seconds(retry_after: str | None) -> float:
    """Return what a Retry-After header asks for, in seconds or as a date (RFC 9110, 10.2.3): at most an hour, or 0."""
    try:
        return min(max(Retry().parse_retry_after(retry_after or ""), 0.0), 3600.0)
    except Exception:
        return 0.0


def stamped(body: bytes) -> bytes:
    """Return an envelope with the time of sending, by which a tracker corrects the site's clock.

    Its form is described in Sentry's developer docs, "Envelopes": lines of JSON, one for the envelope, two for its event.

    Raises:
        ValueError: if it has another form.
    """
    try:
        header, item, event = body.split(b"\n", 2)
        headers, length = json.loads(header), json.loads(item)["length"]
        whole = "event_id" in headers and event[length : length + 1] in (b"\n", b"") and len(event) >= length
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise ValueError("it was cut off, or is no envelope")
    return json.dumps({**headers, "sent_at": format_timestamp(datetime.now(UTC))}).encode() + body[len(header) :]
