"""`manage.py flush_spool`: sends the events that wait in the spool."""

from pathlib import Path
from typing import Any

import sentry_sdk
from django.core.management.base import BaseCommand, CommandError, CommandParser

from error_tracking import conf
from error_tracking.spool.alarm import Alarm
from error_tracking.spool.files import Spool
from error_tracking.spool.sender import Batch, Sender
from error_tracking.spool.transport import SpoolTransport

PATIENCE = 5  # seconds to wait while another process is sending


class Command(BaseCommand):
    """Sends each waiting event. Exits with 0 if none is left, with 1 if any is, and with 2 if a repetition cannot help."""

    help = "Send the error events that wait in the spool."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --folder."""
        parser.add_argument("--folder", help="send the events in this folder, which belongs to another DSN", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Send the oldest events first, and stop after two failures in a row.

        Raises:
            CommandError: if there is no spool, it cannot be read, or any event is left.
        """
        transport = sentry_sdk.Client(**conf.options()).transport
        if not isinstance(transport, SpoolTransport):
            raise CommandError(f"There is no spool: set SENTRY_DSN and SENTRY_SPOOL_DIR {conf.where()}", returncode=2)
        spool = Spool(options["folder"], **transport.bounds) if options["folder"] else transport.spool
        if options["folder"] and not spool.folder.is_dir():
            raise CommandError(f"{spool.folder} is not a folder: use one that manage.py check_tracker names")
        if problem := spool.problem():
            raise CommandError(problem, returncode=2)
        sender, sent, failures, tried = Sender(spool, transport.post), 0, 0, ""
        while (batch := sender.send_waiting(tried, PATIENCE)) != Batch(0):
            if batch is None:
                raise CommandError(
                    f"Another process is sending; {len(spool.waiting())} events are waiting: try again later"
                )
            sent += batch.accepted
            left = len(spool.waiting())
            failures = failures + 1 if batch.failure and not batch.accepted else 0
            if batch.failure:
                tried = batch.failure.name
                if failures == 2:
                    raise CommandError(f"{sent} events sent, {left} waiting: {batch.failure.reason}")
            self.stdout.write(f"{sent} events sent, {left} waiting")
        if spool.ignored:
            problem = f"{sent} events sent, {len(spool.ignored)} in {spool.folder} cannot be read or deleted"
            raise CommandError(problem, returncode=2)
        Alarm(spool, transport.alert_seconds).clear()
        self.stdout.write(self.style.SUCCESS(f"No events are waiting. {spool}".strip()))
