"""`manage.py runserver`: run the site on the project's port, and the embedded tracker beside it."""

import logging
import os
import socket
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.management.commands.runserver import Command as RunserverCommand
from django.core.management.base import CommandError
from django.db import OperationalError
from django.http import HttpRequest
from django.utils import autoreload

from config.startup_errors import explain
from development.embedded_tracker import tracker
from development.ports import in_use
from development.worker import worker

EMBEDDED = "EMBEDDED_TRACKER_PORT"  # tells the reloader's child where the embedded tracker listens


def not_shown_by_tracker(record: logging.LogRecord) -> bool:
    """Return False for log lines about errors for which the embedded tracker prints its own line."""
    request = getattr(record, "request", None)
    ignored = isinstance(request, HttpRequest) and not getattr(request, "event_id", "")
    return record.levelno < logging.ERROR or ignored or not in_use("127.0.0.1", int(os.environ[EMBEDDED]))


class Command(RunserverCommand):
    """Run Django's command on APP_PORT. It prints the addresses; the embedded tracker prints a line for each event."""

    default_port = str(settings.APP_PORT)
    addr: str  # Django's `handle` sets these three
    port: str
    use_ipv6: bool

    def run(self, **options: Any) -> None:
        """Start the tracker, then the site and its reloader.

        Raises:
            CommandError: if another program uses the port of the site or the tracker.
        """
        logging.getLogger("django.utils.autoreload").setLevel(logging.WARNING)
        if os.environ.get("RUN_MAIN") == "true":  # the reloader's child
            super().run(**options)
            return
        if in_use(self.addr, int(self.port), socket.AF_INET6 if self.use_ipv6 else socket.AF_INET):
            change = "choose" if options["addrport"] else f"set APP_PORT in {settings.ENV_FILE} to"
            raise CommandError(
                f"Port {self.port} is used by another program. Stop that program, or {change} another port."
            )
        with tracker() as (line, port):
            print(f"Tracker: {line}", flush=True)
            os.environ[EMBEDDED] = str(port)
            super().run(**options)

    def inner_run(self, *args: Any, **options: Any) -> None:
        """Print the results of the system checks only if there are any."""
        autoreload.raise_last_exception()
        if not options["skip_checks"]:
            self.check()
        with worker():  # the reloader starts it again with the site
            super().inner_run(*args, **{**options, "skip_checks": True})

    def get_handler(self, *args: Any, **options: Any) -> Any:
        """Return Django's handler. Loading it configures logging, so the log filters are added here."""
        handler = super().get_handler(*args, **options)
        logging.getLogger("django.server").setLevel(logging.CRITICAL)
        if os.environ.get(EMBEDDED, "0") != "0":
            for output in logging.getLogger().handlers:
                output.addFilter(not_shown_by_tracker)
        return handler

    def on_bind(self, server_port: int) -> None:
        """Print the address of the site."""
        hosts = {"127.0.0.1": "localhost", "::1": "localhost", "0": "0.0.0.0"}  # noqa: S104
        host = hosts.get(self.addr) or (f"[{self.addr}]" if self.use_ipv6 else self.addr)
        print(f"Site:    {self.protocol}://{host}:{server_port}/", flush=True)

    def check_migrations(self) -> None:
        """Print a line if the database is down, and start anyway: some pages do not need it, and it may recover."""
        try:
            super().check_migrations()
        except OperationalError as error:
            if not (line := explain(error)):
                raise
            self.stderr.write(line)
