"""`manage.py check_spool`: exits with 1 if events wait too long, for timers and probes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from error_tracking import conf
from error_tracking.spool.bounds import age
from error_tracking.spool.transport import all_waiting, backlog, spool_class


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
        minutes = transport.alert_seconds / 60 if options["minutes"] is None else options["minutes"]
        own, names = transport.spool_of(conf.options()["dsn"]), all_waiting(transport)
        if problem := own.problem():
            raise CommandError(problem)
        oldest = max(map(age, names), default=0.0) / 60
        line = f"{len(names)} events wait, the oldest for {oldest:.0f} minutes" if names else "No event waits"
        if len(names) > options["count"] or (minutes and oldest > minutes):
            raise CommandError(f"{line}: run manage.py check_tracker. {backlog(conf.options())}")
        self.stdout.write(line)
