"""`manage.py check_spool`: exits with 1 if events wait too long, for timers and probes."""

import math
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from error_tracking import conf
from error_tracking.spool.bounds import age
from error_tracking.spool.transport import all_waiting, spool_class


class Command(BaseCommand):
    """Counts the waiting events of all DSNs. It sends nothing and needs neither the tracker nor the database."""

    help = "Exit with 1 if error events have waited too long, or too many are waiting."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --minutes and --count."""
        parser.add_argument("--minutes", type=float, help="longest allowed wait; default: SENTRY_SPOOL_ALERT_MINUTES")
        parser.add_argument("--count", type=int, default=1000, help="most events that may wait; default: 1000")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print how many events wait.

        Raises:
            CommandError: if there is no spool, or a limit is exceeded.
        """
        transport = spool_class(conf.options())
        if transport is None:
            raise CommandError(f"There is no spool: set SENTRY_DSN and SENTRY_SPOOL_DIR {conf.where()}")
        if problem := transport.spool_of(conf.options()["dsn"]).problem():
            raise CommandError(problem)
        limit = options["minutes"]
        if limit is None:
            limit = transport.alert_seconds / 60 or math.inf
        names = all_waiting(transport)
        minutes = max(map(age, names), default=0.0) / 60
        line = f"Events waiting in {transport.root}: {len(names)}"
        line += f", the oldest for {minutes:.0f} minutes" if names else ""
        if len(names) > options["count"] or (names and minutes > limit):
            raise CommandError(f"{line}. Run manage.py check_tracker to see why.")
        self.stdout.write(line)
