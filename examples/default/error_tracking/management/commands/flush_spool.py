"""`manage.py flush_spool`: send now what waits for the tracker."""

from pathlib import Path
from typing import Any

import sentry_sdk
from django.core.management.base import BaseCommand, CommandError, CommandParser

from error_tracking import conf
from error_tracking.spool.files import Spool
from error_tracking.spool.sender import Batch, Sender
from error_tracking.spool.transport import SpoolTransport

PATIENCE = 5  # seconds to wait for another process that sends


class Command(BaseCommand):
    """Sends each event that waits, and exits with 0 only if none is left."""

    help = "Sends the error events that wait in the spool."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --folder."""
        parser.add_argument("--folder", help="send what waits in this folder, which is that of another DSN", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Send the oldest first, and stop after two failures in a row.

        Raises:
            CommandError: if any event still waits, or none can be looked for.
        """
        transport = sentry_sdk.Client(**conf.options()).transport
        if not isinstance(transport, SpoolTransport):
            raise CommandError(f"There is no spool: set SENTRY_DSN and SENTRY_SPOOL_DIR {conf.where()}")
        spool = Spool(options["folder"], **transport.bounds) if options["folder"] else transport.spool
        if options["folder"] and not spool.folder.is_dir():
            raise CommandError(f"{spool.folder} is not a folder")
        if problem := spool.problem():
            raise CommandError(problem)
        sender, sent, failures, tried = Sender(spool, transport.post), 0, 0, ""
        while (batch := sender.send_waiting(tried, PATIENCE)) != Batch(0):
            if batch is None:
                raise CommandError(
                    f"Another process is sending, and {len(spool.waiting())} events wait: try again later"
                )
            sent += batch.accepted
            left = len(spool.waiting())
            failures = failures + 1 if batch.failure and not batch.accepted else 0
            if batch.failure:
                tried = batch.failure.name
                if failures == 2:
                    raise CommandError(f"{sent} events sent, {left} wait: {batch.failure.reason}")
            self.stdout.write(f"{sent} events sent, {left} wait")
        if spool.ignored:
            raise CommandError(f"{sent} events sent, {len(spool.ignored)} in {spool.folder} cannot be read or deleted")
        self.stdout.write(self.style.SUCCESS(f"Nothing waits. {spool}".strip()))
