"""Notifies ADMINS by mail if events have waited too long, and once more when none waits any longer."""

import logging
import math
import os
import socket
import threading
import time

from django.core.mail import mail_admins

from error_tracking import conf
from error_tracking.spool.bounds import age
from error_tracking.spool.files import ALARM, Spool

log = logging.getLogger(__name__)  # its lines become neither breadcrumbs nor events: see apps.py


class Alarm:
    """A file in the spool's folder records that ADMINS were notified: once for all processes."""

    LOOK_PAUSE = 15.0  # seconds between two checks
    MAIL_SECONDS = 30.0  # to wait for the mail server; a process that ends meanwhile does not send the mail

    def __init__(self, spool: Spool, max_seconds: float) -> None:
        """Notify if an event waits longer than `max_seconds`; with 0, never."""
        self.spool = spool
        self.file = spool.folder / ALARM
        self.max_seconds = max_seconds
        self.next_look = 0.0 if max_seconds else math.inf
        self.unrecorded = False

    def look(self) -> None:
        """Check the oldest event, unless that was done a moment ago."""
        if time.monotonic() < self.next_look:
            return
        self.next_look = time.monotonic() + self.LOOK_PAUSE
        names = self.spool.waiting()
        if names and age(names[0]) > self.max_seconds and self.is_first():
            if names[0] not in self.spool.waiting():  # another process has just sent it
                self.file.unlink(missing_ok=True)
                return
            self.notify(
                "Error events are not reaching the tracker",
                f"{self.spool}. Run manage.py check_tracker to see why. You get another message when none waits any longer.",
            )

    def is_first(self) -> bool:
        """Create the file, and return False if it exists: another process has notified."""
        try:
            os.close(os.open(self.file, os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return False
        except OSError:  # the disk is full, or the folder is read-only: each process notifies once
            before, self.unrecorded = self.unrecorded, True
            return not before
        return True

    def clear(self) -> None:
        """Notify, if ADMINS were notified before, that no event waits: they were delivered, or else rejected or too old."""
        try:
            delivered = self.file.read_bytes()  # see Spool.remove
            self.file.unlink()
        except OSError:  # there was no notification, or another process is faster
            return
        self.notify(
            f"Error events {'are reaching the tracker again' if delivered else 'were rejected, or too old'}",
            f"No event waits in {self.spool.folder}. {self.spool}".strip(),
        )

    def notify(self, subject: str, text: str) -> None:
        """Mail `text` to ADMINS. If no mail can be sent, log it as an ERROR."""
        if not conf.sends_mail():
            log.error("%s: %s", subject, text)
            return

        def send() -> None:
            try:
                mail_admins(subject, f"{text}\n\nSite: {conf.environment()} on {socket.gethostname()}")
            except Exception as error:  # its text may contain the password
                code = getattr(error, "smtp_code", "")
                log.error("%s: %s (The mail to ADMINS failed: %s %s)", subject, text, type(error).__name__, code)

        # In a thread of its own: without a timeout, a mail server that hangs would stop the sending of events.
        thread = threading.Thread(target=send, name="spool-alarm", daemon=True)
        thread.start()
        thread.join(self.MAIL_SECONDS)
        if thread.is_alive():
            log.error("%s: %s (The mail server has not answered yet)", subject, text)
