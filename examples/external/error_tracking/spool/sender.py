"""Sends the files of the spool to the tracker, and keeps, moves or deletes each file depending on the response."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from urllib3 import Retry

from error_tracking.spool.bounds import trim
from error_tracking.spool.envelopes import security_report, stamped
from error_tracking.spool.files import Spool, dropped_before

if TYPE_CHECKING:  # urllib3 1.26, which the SDK accepts, has no such class
    from urllib3 import BaseHTTPResponse

CONNECTIONS = 8  # at most, one for each `SHARE` waiting files
SHARE = 10
#: What to check if the tracker rejects every event, by the status of its response.
ADVICE = {
    200: "the response is not a tracker's; check for the page of a proxy, or a maintenance page",
    401: "check the key in SENTRY_DSN",
    403: "check the key and the project in SENTRY_DSN; after a wrong key, GlitchTip rejects the right one for 30 s",
    404: "check the host, port and project number in SENTRY_DSN",
}


class Failure(NamedTuple):
    """Why a file still waits, and the pause in seconds, which doubles with each failure in a row, up to `longest`."""

    name: str
    reason: str
    pause: float
    longest: float = 30.0


class Batch(NamedTuple):
    """How many files waited, how many of them the tracker accepted, and the failure that ended the batch, if any."""

    waiting: int
    accepted: int = 0
    failure: Failure | None = None


class Sender:
    """Sends files, and handles the tracker's responses."""

    FIRST_PAUSE, REFUSED_PAUSE, LIMITED_PAUSE = 1.0, 30.0, 60.0  # seconds: no response; rejected; 429
    BATCH_SECONDS = 1.0  # after which the limits are checked again
    BOUNDS_PAUSE = 1.0  # seconds between two checks of the limits
    BOUNDS_SHARE = 0.02  # of the time may be spent on checks: with 50,000 files, a check is slow

    def __init__(self, spool: Spool, post: Callable[[bytes], BaseHTTPResponse]) -> None:
        """Send the files of `spool` with `post`, which is called with an envelope."""
        self.spool = spool
        self.post = post
        self.stopped = False  # if True, no further file is sent
        self.next_look = 0.0

    def send_waiting(self, after: str = "", timeout: float = 0) -> Batch | None:
        """Send waiting files, starting after `after`, for about a second; return None if another process is sending."""
        with self.spool.sending(timeout) as mine:
            if not mine:
                return None
            self.keep_bounds()
            names = self.spool.waiting()
            return self.send_batch(names[bisect_right(names, after) :] or names) if names else Batch(0)

    def keep_bounds(self) -> None:
        """Enforce the limits of the spool, unless that was done a moment ago."""
        started = time.monotonic()
        if started >= self.next_look:
            trim(self.spool)
            ended = time.monotonic()
            self.next_look = ended + max(self.BOUNDS_PAUSE, (ended - started) / self.BOUNDS_SHARE)

    def send_batch(self, names: list[str]) -> Batch:
        """Send files until one fails: first a single file, because the tracker may be down, then several at once."""
        waiting, accepted, failures = deque(names), deque[str](), deque[Failure]()

        def send_next() -> None:
            name = waiting.popleft()
            outcome = self.send(name)
            if isinstance(outcome, Failure):
                failures.append(outcome)
            elif outcome:
                accepted.append(name)

        def send_others() -> None:
            with contextlib.suppress(IndexError):  # no file is left
                while not failures and not self.stopped and time.monotonic() < end:
                    send_next()

        send_next()
        end = time.monotonic() + self.BATCH_SECONDS
        helpers = []
        with contextlib.suppress(RuntimeError):  # the interpreter is shutting down: only this thread sends
            for _ in range(0 if failures else min(CONNECTIONS - 1, len(waiting) // SHARE)):
                helper = threading.Thread(target=send_others, name="spool-connection", daemon=True)
                helper.start()
                helpers.append(helper)
        send_others()
        for helper in helpers:
            helper.join()
        return Batch(len(names), len(accepted), max(failures, key=lambda failure: failure.pause, default=None))

    def send(self, name: str) -> bool | Failure:
        """Send one file; return whether the tracker accepted it, or a Failure. Move a file that cannot be sent."""
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
            response = self.post(body)
        except Exception as error:
            return Failure(name, f"the tracker does not respond ({type(error).__name__})", self.FIRST_PAUSE)
        status = response.status
        if status in (400, 413, 422):
            self.spool.reject(name, f"the tracker answered {status} {response.data[:200]!r}")
            return False
        accepted = is_trackers(response.data) or status == 201 and security_report(body)  # GlitchTip and Relay: no body
        if not 200 <= status < 300 or not accepted:
            return self.later(name, status, response.headers.get("Retry-After"))
        self.spool.remove(name)
        return True

    def later(self, name: str, status: int, retry_after: str | None) -> Failure:
        """Return why a file still waits after a response, and for how long."""
        reason = f"the tracker answered {status}"
        if status == 429 or status >= 500:
            seconds = retry_seconds(retry_after) or (self.LIMITED_PAUSE if status == 429 else 0)
            return Failure(name, reason, seconds, seconds) if seconds else Failure(name, reason, self.FIRST_PAUSE)
        if 200 <= status < 300:
            return Failure(name, f"{reason}: {ADVICE[200]}", self.FIRST_PAUSE)
        advice = ADVICE.get(status, "check that SENTRY_DSN points to a tracker that accepts Sentry's protocol")
        return Failure(name, f"{reason}: {advice}", self.REFUSED_PAUSE, 10 * self.REFUSED_PAUSE)


def is_trackers(answer: bytes) -> bool:
    """Return whether a 2xx response is a tracker's: a JSON object with the event's ID, or kent's `success`.

    Source: Sentry's Relay, apps/event_ingest/views.py of GlitchTip 5 and 6, and ingest/views.py of Bugsink 2.
    """
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and ("id" in found or found.get("success") is True)


def retry_seconds(retry_after: str | None) -> float:
    """Return the seconds in a Retry-After header, a number or date (RFC 9110, 10.2.3): at most 3600; 0 without one."""
    try:
        return min(max(Retry().parse_retry_after(retry_after or ""), 0.0), 3600.0)
    except Exception:
        return 0.0
