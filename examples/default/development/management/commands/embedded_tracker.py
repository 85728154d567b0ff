"""`manage.py embedded_tracker`: a tracker for this machine that needs no Docker and keeps its events in memory."""

import contextlib
import http.client
import importlib.util
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from sentry_sdk.utils import Dsn

#: Pages that say what answers: GlitchTip's health and kent's list of events.
TRACKER_PAGES = ("_health/", "api/eventlist/")


def tracker_at(address: str) -> bool | None:
    """Say what answers at `address`, a URL: True for a tracker, False for something else, None for nothing."""
    for page in TRACKER_PAGES:
        try:
            urllib.request.urlopen(address + page, timeout=2).close()
        except urllib.error.HTTPError as answer:
            answer.close()
        except (OSError, http.client.HTTPException) as error:
            return None if isinstance(getattr(error, "reason", error), ConnectionRefusedError) else False
        else:
            return True
    return False


class Command(BaseCommand):
    """Runs kent where the DSN points, or steps aside for a tracker that is there already."""

    help = "Runs the embedded tracker on the port of SENTRY_DSN."

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until the process is ended.

        Raises:
            CommandError: if there is no DSN, its port is taken by another server, or kent is not installed.
        """
        if not settings.SENTRY_OPTIONS["dsn"]:
            raise CommandError(f"SENTRY_DSN is empty: set it in {settings.ENV_FILE} or in the environment")
        if importlib.util.find_spec("kent") is None:
            raise CommandError("kent is not installed: run make install")
        dsn = Dsn(settings.SENTRY_OPTIONS["dsn"])
        address = f"{dsn.scheme}://{dsn.netloc}/"
        remote = dsn.host not in ("localhost", "127.0.0.1")
        running = remote or tracker_at(address)
        if running is False:
            raise CommandError(
                f"Port {dsn.port} is taken by a server that is no tracker: stop that one, or change the port of"
                f" SENTRY_DSN in {settings.ENV_FILE}"
            )
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that kent is ended too
        with contextlib.suppress(KeyboardInterrupt):
            if running:
                self.stdout.write(f"Errors go to the tracker at {address}: no embedded one is started")
                while True:  # honcho ends all as soon as one process ends
                    time.sleep(60)
            self.stdout.write(f"Errors go to the embedded tracker at {address}")
            self.serve(dsn.port)

    def serve(self, port: int) -> None:
        """Run kent on `port` of this machine and end it with this process.

        Raises:
            CommandError: if kent ends by itself.
        """
        kent = [sys.executable, "-m", "flask", "--app", "kent.app", "run", "--host", "127.0.0.1", "--port", str(port)]
        with subprocess.Popen(kent, env={**os.environ, "FLASK_SKIP_DOTENV": "1"}) as process:
            try:
                raise CommandError(f"kent ended with {process.wait()}: what it said stands above")
            finally:
                process.terminate()
