"""`manage.py runserver`, on the port of this project."""

import errno
import os
import socket
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.management.commands.runserver import Command as RunserverCommand
from django.core.management.base import CommandError
from django.db import OperationalError

from config.startup_errors import explain


class Command(RunserverCommand):
    """Django's own command with APP_PORT as its default, which says what to change when the port is taken."""

    default_port = str(settings.APP_PORT)
    addr: str  # Django's `handle` sets these three
    port: str
    use_ipv6: bool

    def run(self, **options: Any) -> None:
        """Refuse a port that is taken before the reloader starts; the reloader's child has it to itself."""
        if os.environ.get("RUN_MAIN") != "true":
            family = socket.AF_INET6 if self.use_ipv6 else socket.AF_INET
            with socket.socket(family) as probe:
                if os.name != "nt":  # there the option would let two servers share the port
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((self.addr, int(self.port)))
                except OSError as error:
                    if error.errno == errno.EADDRINUSE:
                        change = "type" if options["addrport"] else f"set APP_PORT in {settings.ENV_FILE} to"
                        raise CommandError(
                            f"Port {self.port} is taken by another process: stop that one, or {change} another port."
                        ) from None
        super().run(**options)

    def check_migrations(self) -> None:
        """Serve without a database too, and say so: a page that needs none works, and it may come back."""
        try:
            super().check_migrations()
        except OperationalError as error:
            if not (line := explain(error)):
                raise
            self.stderr.write(line)
