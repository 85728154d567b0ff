"""`manage.py run`, used by `make run`: apply migrations, then start the site."""

import signal
import sys
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Run both commands in one process, because each start of Django takes a second."""

    requires_system_checks = ()  # the reloader's child runs them
    help = "Applies migrations, then starts the site and its embedded tracker."

    def handle(self, *args: Any, **options: Any) -> None:
        """Apply migrations and start the site. Ctrl-C waits, because an interrupted migration cannot resume."""
        interrupts: list[int] = []

        def interrupt(number: int, _: object) -> None:
            interrupts.append(number)
            if len(interrupts) > 2:  # the database may not respond
                raise KeyboardInterrupt

        before = signal.signal(signal.SIGINT, interrupt)
        call_command("migrate", verbosity=0)
        signal.signal(signal.SIGINT, before)
        if not interrupts:
            sys.argv[1:] = ["runserver"]  # the reloader starts its child with these arguments
            call_command("runserver")
