"""`manage.py flush_spool`: send now what waits for the tracker."""

from pathlib import Path
from typing import Any

import sentry_sdk
from django.core.management.base import BaseCommand, CommandError

from error_tracking import conf
from error_tracking.spool.transport import SpoolTransport

PATIENCE = 5  # seconds to wait for another process that sends


class Command(BaseCommand):
    """Sends each event that waits once, a line for each hundred, and exits with 0 only if none is left."""

    help = "Sends the error events that wait in the spool."

    def handle(self, *args: Any, **options: Any) -> None:
        """Send the oldest first; stop at the first that the tracker does not take."""
        transport = sentry_sdk.Client(**conf.options()).transport
        if not isinstance(transport, SpoolTransport):
            raise CommandError(f"There is no spool: set SENTRY_DSN and SENTRY_SPOOL_DIR {conf.where()}")
        files = transport.spool.waiting()
        if not files:
            self.stdout.write("Nothing waits.")
            return
        try:
            self.send(transport, files)
        except OSError as error:
            raise CommandError(f"{transport.spool.folder} cannot be written: {error.strerror}") from None
        self.stdout.write(self.style.SUCCESS(f"Nothing waits any more. {transport.spool}".strip()))

    def send(self, transport: SpoolTransport, files: list[Path]) -> None:
        """Send each file.

        Raises:
            CommandError: if another process sends, or the tracker does not take one.
            OSError: if the folder cannot be written.
        """
        with transport.spool.sending(timeout=PATIENCE) as mine:
            if not mine:
                raise CommandError(
                    f"{len(files)} events wait, and another process is sending them: look again in a minute"
                )
            for sent, file in enumerate(files):
                attempt = transport.sender.send(file)
                if not attempt.done:
                    raise CommandError(f"{sent} of {len(files)} events sent, the others wait: {attempt.reason}")
                if (sent + 1) % 100 == 0 or sent + 1 == len(files):
                    self.stdout.write(f"{sent + 1} of {len(files)} events sent")
