"""Sends files of the spool to the tracker, and decides by each answer what becomes of a file."""

from __future__ import annotations

import contextlib
import gzip
import json
import threading
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from sentry_sdk.utils import format_timestamp
from urllib3 import Retry

from error_tracking.spool.bounds import trim
from error_tracking.spool.files import Spool, dropped_before

if TYPE_CHECKING:  # urllib3 1.26, which the SDK accepts, has no such class
    from urllib3 import BaseHTTPResponse

CONNECTIONS = 8  # at once, one for each `SHARE` files that wait
SHARE = 10
#: What to check when the tracker rejects every event, by the status of its answer.
ADVICE = {
    200: "what answered is no tracker: is this the page of a proxy, or of maintenance?",
    401: "is the key in SENTRY_DSN right?",
    403: "is the key in SENTRY_DSN right, and the project there? GlitchTip also refuses for 30 s after a wrong key",
    404: "are host, port and project number in SENTRY_DSN right?",
}


class Failure(NamedTuple):
    """Why a file still waits, and for how many seconds; the pause doubles with each failure in a row, up to `longest`."""

    name: str
    reason: str
    pause: float
    longest: float = 30.0


class Batch(NamedTuple):
    """How many files waited, how many events of them the tracker has accepted, and what ended the batch too early."""

    waiting: int
    accepted: int = 0
    failure: Failure | None = None


class Sender:
    """The way of files, from the disk to the tracker's answers."""

    FIRST_PAUSE, REFUSED_PAUSE, LIMITED_PAUSE = 1.0, 30.0, 60.0  # seconds: no answer, refused, 429 without Retry-After
    BATCH_SECONDS = 1.0  # after which the bounds are looked at again
    BOUNDS_PAUSE = 1.0  # seconds between two looks at the bounds
    BOUNDS_SHARE = 0.02  # of the time may be spent on them: with 50,000 files a look takes a while

    def __init__(self, spool: Spool, post: Callable[[bytes], BaseHTTPResponse]) -> None:
        """Send the files of `spool` with `post`, which takes a compressed envelope."""
        self.spool = spool
        self.post = post
        self.stopped = False  # if True, no other file is begun
        self.next_look = 0.0

    def send_waiting(self, after: str = "", timeout: float = 0) -> Batch | None:
        """Send what waits, from the file that follows `after`, for about a second; None if another process is sending."""
        with self.spool.sending(timeout) as mine:
            if not mine:
                return None
            self.keep_bounds()
            names = self.spool.waiting()
            return self.send_batch(names[bisect_right(names, after) :] or names) if names else Batch(0)

    def keep_bounds(self) -> None:
        """Trim the spool, unless that was done a moment ago."""
        started = time.monotonic()
        if started >= self.next_look:
            trim(self.spool)
            ended = time.monotonic()
            self.next_look = ended + max(self.BOUNDS_PAUSE, (ended - started) / self.BOUNDS_SHARE)

    def send_batch(self, names: list[str]) -> Batch:
        """Send files until one fails: the first alone, because the tracker may be away, then several at once."""
        waiting, accepted, failures = deque(names), deque[str](), deque[Failure]()

        def send_next() -> None:
            name = waiting.popleft()
            outcome = self.send(name)
            if isinstance(outcome, Failure):
                failures.append(outcome)
            elif outcome:
                accepted.append(name)

        def send_others() -> None:
            with contextlib.suppress(IndexError):  # none is left
                while not failures and not self.stopped and time.monotonic() < end:
                    send_next()

        send_next()
        end = time.monotonic() + self.BATCH_SECONDS
        helpers = []
        with contextlib.suppress(RuntimeError):  # the interpreter ends: this thread sends alone
            for _ in range(0 if failures else min(CONNECTIONS - 1, len(waiting) // SHARE)):
                helper = threading.Thread(target=send_others, name="spool-connection", daemon=True)
                helper.start()
                helpers.append(helper)
        send_others()
        for helper in helpers:
            helper.join()
        return Batch(len(names), len(accepted), max(failures, key=lambda failure: failure.pause, default=None))

    def send(self, name: str) -> bool | Failure:
        """Send one file, and return whether the tracker has accepted it; a file that no tracker ever will is moved away."""
        try:
            body = stamped((self.spool.folder / name).read_bytes(), dropped_before(name))
        except FileNotFoundError:  # another process was faster
            return False
        except OSError as error:
            self.spool.ignore(name, f"cannot be read ({error.strerror})")
            return False
        except Exception as error:
            self.spool.reject(name, f"the file is damaged: {error!r}")
            return False
        try:
            response = self.post(gzip.compress(body, 6))
        except Exception as error:
            return Failure(name, f"the tracker gives no answer ({type(error).__name__})", self.FIRST_PAUSE)
        status = response.status
        if status in (400, 413):
            self.spool.reject(name, f"the tracker answers {status} {response.data[:200]!r}")
            return False
        if not 200 <= status < 300 or not is_trackers(response.data):
            return self.later(name, status, response.headers.get("Retry-After"))
        self.spool.remove(name)
        return True

    def later(self, name: str, status: int, retry_after: str | None) -> Failure:
        """Return why a file waits after an answer, and how long."""
        reason = f"the tracker answers {status}"
        if status == 429 or status >= 500:
            seconds = retry_seconds(retry_after) or (self.LIMITED_PAUSE if status == 429 else 0)
            return Failure(name, reason, seconds, seconds) if seconds else Failure(name, reason, self.FIRST_PAUSE)
        if 200 <= status < 300:
            return Failure(name, f"{reason}: {ADVICE[200]}", self.FIRST_PAUSE)
        advice = ADVICE.get(status, "is this a tracker that speaks Sentry's protocol?")
        return Failure(name, f"{reason}: {advice}", self.REFUSED_PAUSE, 10 * self.REFUSED_PAUSE)


def is_trackers(answer: bytes) -> bool:
    """Return whether the body of a 2xx answer is a tracker's: a JSON object with the event's ID, or kent's `success`.

    Read in Sentry's Relay, in apps/event_ingest/views.py of GlitchTip 5 and 6, and in ingest/views.py of Bugsink 2.
    """
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and ("id" in found or found.get("success") is True)


def retry_seconds(retry_after: str | None) -> float:
    """Return what a Retry-After header asks for, in seconds or as a date (RFC 9110, 10.2.3): at most an hour, or 0."""
    try:
        return min(max(Retry().parse_retry_after(retry_after or ""), 0.0), 3600.0)
    except Exception:
        return 0.0


def stamped(body: bytes, dropped: int = 0) -> bytes:
    """Return an envelope with the time of sending, by which a tracker corrects the site's clock.

    If repetitions were `dropped` before the event, the context "spool" says how many. The form of an envelope is described in
    Sentry's developer docs, "Envelopes": lines of JSON, one for the envelope, two for its event.

    Raises:
        ValueError: if it has another form.
    """
    try:
        header, item, event = body.split(b"\n", 2)
        headers, items = json.loads(header), json.loads(item)
        length = items["length"]
        whole = "event_id" in headers and event[length : length + 1] in (b"\n", b"") and len(event) >= length
        if whole and dropped:
            content = json.loads(event[:length])
            rest = event[length:]
            content["contexts"] = {**(content.get("contexts") or {}), "spool": {"dropped_repetitions": dropped}}
            event = json.dumps(content).encode()
            item = json.dumps({**items, "length": len(event)}).encode()
            event += rest
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise ValueError("it was cut off, or is no envelope")
    header = json.dumps({**headers, "sent_at": format_timestamp(datetime.now(UTC))}).encode()
    return b"\n".join((header, item, event))
