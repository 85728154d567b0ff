"""Notifies the administrators if events have waited too long, and once more when none waits any longer."""

import math
import os
import time

from error_tracking.notify import notify_admins
from error_tracking.spool.bounds import age
from error_tracking.spool.files import ALARM, Spool


class Alarm:
    """A file in the spool's folder records that the administrators were notified: once for all processes."""

    LOOK_PAUSE = 15.0  # seconds between two checks

    def __init__(self, spool: Spool, max_seconds: float) -> None:
        """Notify if an event waits longer than `max_seconds`; with 0, never."""
        self.spool = spool
        self.file = spool.folder / ALARM
        self.max_seconds = max_seconds
        self.next_look = 0.0 if max_seconds else math.inf

    def look(self) -> None:
        """Check the oldest event, unless that was done a moment ago."""
        if time.monotonic() < self.next_look:
            return
        self.next_look = time.monotonic() + self.LOOK_PAUSE
        names = self.spool.waiting()
        if names and age(names[0]) > self.max_seconds and self.is_first():
            notify_admins(
                "Error events are not reaching the tracker",
                f"{self.spool}. Run manage.py check_tracker to see why. You get another message when none waits any longer.",
            )

    def is_first(self) -> bool:
        """Create the file, and return False if it exists: another process has notified."""
        try:
            os.close(os.open(self.file, os.O_CREAT | os.O_EXCL, 0o600))
        except OSError:
            return False
        return True

    def clear(self) -> None:
        """Notify, if the administrators were notified before, that no event waits any longer."""
        try:
            self.file.unlink()
        except OSError:  # there was no notification, or another process is faster
            return
        notify_admins(
            "Error events are reaching the tracker again",
            f"No event waits in {self.spool.folder}. {self.spool}".strip(),
        )
