"""Keeps error events on disk until the tracker has taken them: no outage, burst or killed process loses one."""

import contextlib
import gzip
import json
import logging
import os
import threading
import time
import weakref
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import sentry_sdk
from sentry_sdk.consts import EndpointType
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import HttpTransport, Transport
from sentry_sdk.utils import format_timestamp

log = logging.getLogger(__name__)  # its lines are no breadcrumbs, nor events: see apps.py

CLOCK = time.time() - time.monotonic()
LEFTOVER_SECONDS = 3600  # after this a file that was never finished is that of a killed process
ADVICE = {
    401: "is the key in SENTRY_DSN right?",
    403: "is the key in SENTRY_DSN right, and the project there? GlitchTip also refuses for 30 s after a wrong key",
    404: "are host, port and project number in SENTRY_DSN right?",
}


class Spool:
    """A folder of envelopes, one file each, named by time and event id; `rejected/` holds what no tracker will take."""

    def __init__(self, folder: Path, *, max_bytes: int, max_seconds: float) -> None:
        """Bound the folder; it is made when the first event needs it."""
        self.folder = folder
        self.rejected = folder / "rejected"
        self.max_bytes = max_bytes
        self.max_seconds = max_seconds

    def put(self, event_id: str, body: bytes) -> None:
        """Write one envelope, whole or not at all, readable by the owner alone.

        Raises:
            OSError: if it cannot be written.
        """
        path = (
            f"{self.folder}{os.sep}{time.time_ns():020d}-{event_id}.envelope"  # a Path would cost more than the write
        )
        unfinished = f"{path}.tmp"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            descriptor = os.open(unfinished, flags, 0o600)
        except FileNotFoundError:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(unfinished, flags, 0o600)
        try:
            with open(descriptor, "wb") as file:
                file.write(body)
            os.replace(unfinished, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(unfinished)
            raise

    def waiting(self) -> list[Path]:
        """Return the files that wait, the oldest first; none if the folder cannot be read."""
        with contextlib.suppress(OSError):
            return sorted(self.folder.glob("*.envelope"))
        return []

    def is_empty(self) -> bool:
        """Say whether nothing waits, without reading the whole folder."""
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            return not any(entry.name.endswith(".envelope") for entry in entries)
        return True

    def __str__(self) -> str:
        """Return a line that says what is in the folder, or "" if nothing is."""
        files, rejected = self.waiting(), len(list(self.rejected.glob("*.envelope")))
        parts = []
        if files:
            oldest = datetime.fromtimestamp(int(files[0].name.partition("-")[0]) / 1e9, UTC)
            parts.append(f"{len(files)} waiting in {self.folder}, the oldest since {oldest:%Y-%m-%d %H:%M:%S} UTC")
        if rejected:
            parts.append(f"{rejected} that the tracker will never take are in {self.rejected}")
        return "; ".join(parts)

    def reject(self, file: Path, reason: str) -> None:
        """Move a file away, with the reason beside it."""
        log.warning("Event %s can never be sent and was moved to %s: %s", file.stem, self.rejected, reason)
        self.rejected.mkdir(mode=0o700, exist_ok=True)
        file.replace(self.rejected / file.name)
        (self.rejected / f"{file.stem}.reason").write_text(f"{reason}\n", encoding="utf-8")

    def trim(self) -> int:
        """Delete what is too old, and the oldest of what is too much; return how many events that were, and log it."""
        now, sizes = min(time.time(), CLOCK + time.monotonic()), {}  # a clock that is set forward makes nothing old
        for file in [*self.folder.glob("*.tmp"), *self.rejected.glob("*"), *self.waiting()]:
            with contextlib.suppress(OSError):
                facts = file.stat()
                if now - facts.st_mtime > (LEFTOVER_SECONDS if file.suffix == ".tmp" else self.max_seconds):
                    sizes[file] = (0.0, facts.st_size)
                elif file.suffix != ".tmp":
                    sizes[file] = (facts.st_mtime, facts.st_size)
        total, dropped = sum(size for _, size in sizes.values()), 0
        for file, (written, size) in sorted(sizes.items(), key=lambda item: (item[1][0], item[0])):
            if written and total <= self.max_bytes:
                break
            with contextlib.suppress(OSError):
                file.unlink()
                dropped += file.suffix == ".envelope"
            total -= size
        if dropped:
            log.warning("The spool is full: the %d oldest events were dropped from %s", dropped, self.folder)
        return dropped

    @contextlib.contextmanager
    def sender(self, timeout: float = 0) -> Iterator[bool]:
        """Give True if this is now the one process of the machine that sends, or False if another is."""
        from filelock import FileLock, Timeout  # here, since a process without an error needs none

        lock = FileLock(self.folder / "sender.lock", mode=0o600)
        try:
            lock.acquire(timeout=timeout)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()


def stamped(body: bytes) -> bytes:
    """Return an envelope with the time of sending, by which a tracker corrects the site's clock.

    The form is that of Sentry's developer docs, "Envelopes": lines of JSON, one for the envelope and two for its event.

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


class Attempt(NamedTuple):
    """What became of a file: `done` if it is gone, else why it waits on, and for how many seconds.

    The pause doubles with each failure in a row, up to `longest`.
    """

    done: bool
    reason: str = ""
    pause: float = 1.0
    longest: float = 30.0


class SpoolTransport(HttpTransport):
    """The SDK's own transport, but an error event is written to the spool first and sent from there.

    One daemon thread sends, started by the first event of its process. Of the processes on a machine one sends for all.
    """

    spool: Spool
    FIRST_PAUSE, REFUSED_PAUSE, LIMITED_PAUSE = 1.0, 30.0, 60.0  # seconds: no answer, refused, 429 without Retry-After
    BATCH_PAUSE = 0.05  # seconds in which more events may come: a crash seldom comes alone
    FLIGHT_SECONDS = 1.0  # that the end of a process waits for an answer: what had none is sent twice
    LOOK_PAUSE = 1.0  # seconds between two looks whether the process that sends is still alive

    def __init__(self, options: dict[str, Any]) -> None:
        """Start nothing yet."""
        super().__init__(options)
        self.renew()
        if hasattr(os, "register_at_fork"):
            renew = weakref.WeakMethod(self.renew)
            os.register_at_fork(after_in_child=lambda: (method := renew()) and method())

    def renew(self) -> None:
        """Forget the threads and the connections of the process that this one was forked from."""
        self._guard, self._woken, self._settled = threading.Lock(), threading.Event(), threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._resumed = False
        self._said = ""
        self._kept: set[str] = set()  # sent, but could not be deleted
        self._settled.set()
        self._pool.clear()

    def capture_envelope(self, envelope: Envelope) -> None:
        """Spool an error event; anything else, and an event that no disk takes, goes the SDK's usual way."""
        event = envelope.get_event()
        if event is None:
            super().capture_envelope(envelope)
            return
        try:
            self.spool.put(str(event["event_id"]), envelope.serialize())
        except Exception as error:
            reason = getattr(error, "strerror", None) or repr(error)
            self.say(f"The spool {self.spool.folder} cannot be written ({reason}): events are sent without it")
            super().capture_envelope(envelope)
            return
        self.wake()

    def wake(self) -> None:
        """Have what waits sent in the background."""
        with self._guard:
            self._settled.clear()
            self._woken.set()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self.run, name="spool-sender", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:  # the interpreter ends: the next process sends the file
                    self._settled.set()

    def resume(self) -> None:
        """Have sent, once in a process, what others have left."""
        if not self._resumed:
            self._resumed = True
            if not self.spool.is_empty():
                self.wake()

    def flush(self, timeout: float, callback: Any = None) -> None:
        """Wait until nothing is left that can be sent now; what cannot is safe on disk."""
        self._settled.wait(timeout)
        super().flush(timeout, callback)

    def kill(self) -> None:
        """End the thread; what waits stays on disk."""
        self._stopped.set()
        self._woken.set()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join(self.FLIGHT_SECONDS)
        super().kill()

    def say(self, message: str) -> None:
        """Log a warning, once until another follows."""
        if message != self._said:
            self._said = message
            log.warning("%s", message)

    def settle(self) -> None:
        """Let `flush` return, unless an event has come meanwhile."""
        with self._guard:
            if not self._woken.is_set():
                self._settled.set()

    def run(self) -> None:
        """Send whenever something waits; the body of the thread."""
        while not self._stopped.is_set():
            self._woken.wait()
            self._stopped.wait(self.BATCH_PAUSE)
            self._woken.clear()
            try:
                while not self._stopped.is_set() and self.files():
                    with self.spool.sender() as mine:
                        if mine:
                            self.send_all()
                    if not mine:
                        self._stopped.wait(self.LOOK_PAUSE)
                        self.settle()
            except Exception as error:  # such as a folder that was taken away
                self.say(f"The spool {self.spool.folder} cannot be sent: {error!r}")
                self._stopped.wait(self.LOOK_PAUSE)
            self.settle()

    def files(self) -> list[Path]:
        """Return what waits and was not sent yet."""
        return [file for file in self.spool.waiting() if file.name not in self._kept]

    def send_all(self) -> None:
        """Send until nothing waits. After a failure another file is tried, since one alone may be what fails."""
        failures, tried = 0, ""
        while not self._stopped.is_set() and (files := self.files()):
            for file in [file for file in files if file.name > tried] or files:
                tried = file.name
                attempt = self.deliver(file)
                if self._stopped.is_set():
                    return
                if not attempt.done:
                    failures += 1
                    self.say(f"Events wait in {self.spool.folder}: {attempt.reason}")
                    self.pause(attempt, failures)
                    break
                failures, self._said = 0, ""

    def pause(self, attempt: Attempt, failures: int) -> None:
        """Wait before the next attempt, as long as the tracker asks for or the number of failures in a row says."""
        end = time.monotonic() + min(attempt.pause * 2 ** min(failures - 1, 16), attempt.longest)
        self.spool.trim()
        self.settle()
        while (left := end - time.monotonic()) > 0 and not self._stopped.is_set():
            if self._woken.wait(left):  # one more event waits: see that they are not too many
                self._woken.clear()
                self.spool.trim()
                self.settle()
                self._stopped.wait(min(left, self.LOOK_PAUSE))

    def deliver(self, file: Path) -> Attempt:
        """Send one file, and delete it if the tracker has taken it, or move it if no tracker ever will."""
        try:
            body = stamped(file.read_bytes())
        except FileNotFoundError:
            return Attempt(True)
        except OSError as error:
            return Attempt(False, f"{file.name} cannot be read: {error}", self.FIRST_PAUSE)
        except ValueError as error:
            return self.finish(file, f"the file is damaged: {error}")
        headers = {"Content-Type": "application/x-sentry-envelope", "Content-Encoding": "gzip"}
        self._update_headers(headers)
        try:
            response = self._request("POST", EndpointType.ENVELOPE, gzip.compress(body, 6), headers)
        except Exception as error:
            return Attempt(False, f"the tracker gives no answer ({type(error).__name__})", self.FIRST_PAUSE)
        status, answer, asked = response.status, response.data[:200], response.headers.get("Retry-After")
        response.close()
        if 200 <= status < 300:
            return self.finish(file)
        if status in (400, 413):
            return self.finish(file, f"the tracker answers {status} {answer!r}")
        reason = f"the tracker answers {status}"
        if status == 429 or status >= 500:
            seconds = self.seconds(asked) or (self.LIMITED_PAUSE if status == 429 else 0)
            return Attempt(False, reason, seconds, seconds) if seconds else Attempt(False, reason, self.FIRST_PAUSE)
        advice = ADVICE.get(status, "is this a tracker that speaks Sentry's protocol?")
        return Attempt(False, f"{reason}: {advice}", self.REFUSED_PAUSE, 10 * self.REFUSED_PAUSE)

    def finish(self, file: Path, rejected: str = "") -> Attempt:
        """Delete a file, or move it away if it was rejected; one that can be neither is remembered as done."""
        try:
            if rejected:
                self.spool.reject(file, rejected)
            else:
                file.unlink(missing_ok=True)
        except OSError:
            self._kept.add(file.name)
        return Attempt(True)

    def seconds(self, retry_after: str | None) -> float:
        """Return what a Retry-After header asks for, in seconds or as a date (RFC 9110, 10.2.3): an hour at most, or 0."""
        try:
            return min(max(self._retry.parse_retry_after(retry_after or ""), 0.0), 3600.0)
        except Exception:
            return 0.0


def spool_transport(folder: str, *, max_megabytes: int, max_days: int) -> type[SpoolTransport] | None:
    """Return the transport for one folder as `sentry_sdk.init` wants it, a class to make it of; None without a folder."""
    if not folder:
        return None

    class ConfiguredSpoolTransport(SpoolTransport):
        spool = Spool(Path(folder), max_bytes=max_megabytes * 1_000_000, max_seconds=max_days * 86400)

    return ConfiguredSpoolTransport


def resume_spool(**_: Any) -> None:
    """Have sent what other processes have left: with the first request, or when a worker of gunicorn starts."""
    transport = sentry_sdk.get_client().transport
    if isinstance(transport, SpoolTransport):
        transport.resume()


def backlog(transport: type[Transport] | None) -> str:
    """Return the line that says what waits in the spool of a transport's class, or "" if nothing does or it has none."""
    return str(getattr(transport, "spool", ""))
