"""The folder of the spool. A file's name has the event's time, kind and ID, and the number of dropped repetitions."""

import contextlib
import logging
import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout  # not in the sending thread, where a fork could break the import

log = logging.getLogger(__name__)  # its lines become neither breadcrumbs nor events: see apps.py

NAME = re.compile(r"(?P<time>\d{20})-[0-9a-f]{16}-.+-(?P<dropped>\d+)\.(?P<suffix>envelope|reason|tmp|dropped)")
LOCK, REJECTED, ALARM = "sender.lock", "rejected", "alarm"


class Spool:
    """A folder of envelopes for one DSN. Envelopes that cannot be sent are in its folder `rejected/`."""

    STUCK_SECONDS = 60.0  # after which a lock is ignored if its holder sends nothing

    def __init__(self, folder: Path, *, max_bytes: int, max_seconds: float) -> None:
        """Set the limits of the folder, which is created for the first event."""
        self.folder = folder
        self.rejected = folder / REJECTED
        self.max_bytes = max_bytes
        self.max_seconds = max_seconds
        self.ignored: set[str] = set()  # names of files that cannot be read, moved or deleted
        self._left: set[str] = set()  # what waited when another process first held the lock,
        self._since = 0.0  # and when that was, in monotonic seconds
        self._unlocked = False
        self._warned: set[str] = set()

    def warn(self, message: str, *arguments: object) -> None:
        """Log a warning once per process, whatever its arguments are."""
        if message not in self._warned:
            self._warned.add(message)
            log.warning(message, *arguments)

    def put(self, event_id: str, kind: str, body: bytes) -> None:
        """Write one envelope atomically, readable only by its owner.

        Raises:
            OSError: if the file cannot be written.
        """
        # Creating a Path would take longer than writing the file.
        path = f"{self.folder}{os.sep}{time.time_ns():020d}-{kind}-{event_id}-0."
        unfinished = f"{path}tmp"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            descriptor = os.open(unfinished, flags, 0o600)
        except FileNotFoundError:
            self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(unfinished, flags, 0o600)
        try:
            with open(descriptor, "wb") as file:
                file.write(body)
            os.replace(unfinished, f"{path}envelope")
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(unfinished)
            raise

    def waiting(self) -> list[str]:
        """Return the names of the waiting files, the oldest first; none if the folder cannot be read."""
        names, foreign = [], ""
        with contextlib.suppress(OSError):
            for name in os.listdir(self.folder):
                match = NAME.fullmatch(name)
                if match is None and not name.startswith((LOCK, REJECTED, ALARM)):
                    foreign = name
                elif match and match["suffix"] == "envelope" and name not in self.ignored:
                    names.append(name)
        if foreign:
            self.warn("%s contains files that are not events, such as %s: they are ignored", self.folder, foreign)
        return sorted(names)

    def remove(self, name: str) -> None:
        """Delete the file of an event that the tracker has accepted, and record that for the alarm, if there is one."""
        with contextlib.suppress(OSError), open(self.folder / ALARM, "r+b") as alarm:
            alarm.write(b"delivered")
        try:
            (self.folder / name).unlink(missing_ok=True)
        except OSError as error:
            self.ignore(name, f"cannot be deleted ({error.strerror})")

    def reject(self, name: str, reason: str) -> None:
        """Move a file that cannot be sent to `rejected/`, and write the reason to a file beside it."""
        log.warning("Event %s cannot be sent and was moved to %s: %s", name, self.rejected, reason)
        try:
            self.rejected.mkdir(mode=0o700, exist_ok=True)
            moved = (self.folder / name).replace(self.rejected / name)
        except OSError as error:
            self.ignore(name, f"cannot be moved to {self.rejected} ({error.strerror})")
            return
        with contextlib.suppress(OSError):
            moved.with_suffix(".reason").write_text(f"{reason}\n", encoding="utf-8")

    def ignore(self, name: str, reason: str) -> None:
        """Skip a file until the process ends."""
        self.ignored.add(name)
        self.warn("An event in %s %s: the file is skipped", self.folder, reason)

    @contextlib.contextmanager
    def sending(self, timeout: float = 0) -> Iterator[bool]:
        """Yield False while another process on this machine is sending, and True otherwise, even if locking fails."""
        if self._unlocked:
            yield True
            return
        lock = FileLock(self.folder / LOCK, mode=0o600)
        mine = True
        try:
            lock.acquire(timeout=timeout)
        except Timeout:
            mine = self.is_stuck()
        except FileNotFoundError:  # the folder does not exist yet
            pass
        except Exception as error:  # for example, another user's file, or a file system without locks
            self.warn("%s cannot be locked (%r): events may be sent twice", self.folder / LOCK, error)
        try:
            yield mine
        finally:
            lock.release()
            if mine:
                self._left.clear()

    def is_stuck(self) -> bool:
        """Return whether the lock's holder has sent nothing for `STUCK_SECONDS`; from then on, the lock is ignored."""
        names, now = set(self.waiting()), time.monotonic()
        if not self._left or self._left - names:
            self._left, self._since = names, now
        elif now - self._since > self.STUCK_SECONDS:
            self._unlocked = True
            self.warn("Another process locks %s but sends nothing: its lock is ignored", self.folder)
        return self._unlocked

    def problem(self) -> str:
        """Return why the folder cannot be read, or "" if it is readable or does not exist."""
        try:
            os.listdir(self.folder)
        except FileNotFoundError:
            return ""
        except OSError as error:
            return f"{self.folder} cannot be read ({error.strerror})"
        return ""

    def __str__(self) -> str:
        """Return a one-line summary of the folder, or "" if it is empty."""
        if problem := self.problem():
            return problem
        names, rejected = self.waiting(), len(list(self.rejected.glob("*.envelope")))
        parts = []
        if names:
            oldest = datetime.fromtimestamp(written(names[0]), UTC)
            parts.append(f"{len(names)} waiting in {self.folder}, the oldest since {oldest:%Y-%m-%d %H:%M:%S} UTC")
        if rejected:
            parts.append(f"{rejected} rejected in {self.rejected}")
        return "; ".join(parts)


def written(name: str) -> float:
    """Return the time in a file's name, in seconds since 1970."""
    return int(name.partition("-")[0]) / 1e9


def dropped_before(name: str) -> int:
    """Return the number of dropped repetitions in a file's name."""
    return int(Path(name).stem.rpartition("-")[2])
