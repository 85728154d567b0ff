"""The folder of the spool: one file for each event, named by time and event ID."""

import contextlib
import logging
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

log = logging.getLogger(__name__)  # its lines become neither breadcrumbs nor events: see apps.py

CLOCK = time.time() - time.monotonic()
LEFTOVER_SECONDS = 3600  # an unfinished file that is older was left by a killed process


class Spool:
    """A folder of envelopes; the ones that the tracker rejected for good are in `rejected/`."""

    def __init__(self, folder: Path, *, max_bytes: int, max_seconds: float) -> None:
        """Limit the folder; it is created when the first event needs it."""
        self.folder = folder
        self.rejected = folder / "rejected"
        self.max_bytes = max_bytes
        self.max_seconds = max_seconds
        self._done: set[str] = set()  # names of files that are done, but could not be removed

    def put(self, event_id: str, body: bytes) -> None:
        """Write one envelope, whole or not at all, readable only by its owner.

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
            return sorted(file for file in self.folder.glob("*.envelope") if file.name not in self._done)
        return []

    def is_empty(self) -> bool:
        """Return whether nothing waits, without reading the whole folder."""
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            return not any(entry.name.endswith(".envelope") for entry in entries)
        return True

    def remove(self, file: Path) -> None:
        """Delete a file that the tracker has accepted."""
        try:
            file.unlink(missing_ok=True)
        except OSError:
            self._done.add(file.name)

    def reject(self, file: Path, reason: str) -> None:
        """Move a file away that the tracker will never accept, with the reason beside it."""
        log.warning("Event %s can never be sent and was moved to %s: %s", file.stem, self.rejected, reason)
        try:
            self.rejected.mkdir(mode=0o700, exist_ok=True)
            file.replace(self.rejected / file.name)
            (self.rejected / f"{file.stem}.reason").write_text(f"{reason}\n", encoding="utf-8")
        except OSError:
            self._done.add(file.name)

    def trim(self) -> int:
        """Delete what is too old, and the oldest of what is too much; return how many events that were, and log it."""
        now, sizes = min(time.time(), CLOCK + time.monotonic()), {}  # a clock that is set forward makes nothing old
        for file in [*self.folder.glob("*.tmp"), *self.rejected.glob("*"), *self.folder.glob("*.envelope")]:
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
    def sending(self, timeout: float = 0) -> Iterator[bool]:
        """Give True if this is now the only process of the machine that sends, or False if another one is sending."""
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
