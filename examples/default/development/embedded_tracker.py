"""Start the embedded tracker with the site, unless a tracker is already listening on the DSN's port."""

import contextlib
import http.client
import importlib.util
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

from django.conf import settings
from django.core.management.base import CommandError
from sentry_sdk.consts import EndpointType
from sentry_sdk.utils import Dsn

from development.ports import in_use
from error_tracking.tracker_api import SECONDS, tracker_address, tracker_name


@contextlib.contextmanager
def tracker() -> Iterator[tuple[str, int]]:
    """Yield a line that describes the tracker, and the port of the embedded tracker (0 if it was not started).

    The embedded tracker runs until the block ends.

    Raises:
        CommandError: if a program that is not a tracker uses the port of the DSN.
    """
    if not settings.SENTRY_OPTIONS["dsn"]:
        yield f"none; set SENTRY_DSN in {settings.ENV_FILE}", 0
        return
    dsn = Dsn(settings.SENTRY_OPTIONS["dsn"])
    address = tracker_address(dsn)
    if dsn.host not in ("localhost", "127.0.0.1"):
        yield address, 0
        return
    name = tracker_name(address)
    if (name == "another server" and not takes_envelopes(dsn)) or (not name and in_use("127.0.0.1", dsn.port)):
        raise CommandError(
            f"Port {dsn.port} is used by a program that is not a tracker. Stop that program, or change the port of"
            f" SENTRY_DSN in {settings.ENV_FILE}."
        )
    if name:
        yield f"{address} ({name})", 0
    elif importlib.util.find_spec("kent") is None:
        yield "none; run make install to install the embedded tracker", 0
    else:
        with serving(dsn.port):
            yield address, dsn.port


def takes_envelopes(dsn: Dsn) -> bool:
    """Return whether a server has Sentry's envelope endpoint: it accepts or rejects an empty envelope or its key."""
    auth = dsn.to_auth()
    url, headers = auth.get_api_url(EndpointType.ENVELOPE), {"X-Sentry-Auth": auth.to_header()}
    try:
        urllib.request.urlopen(urllib.request.Request(url, b"{}\n", headers), timeout=SECONDS).close()
    except urllib.error.HTTPError as answer:
        answer.close()
        return answer.code in (400, 401, 403, 429)
    except (OSError, http.client.HTTPException):
        return False
    return True


@contextlib.contextmanager
def serving(port: int) -> Iterator[None]:
    """Run the embedded tracker in a separate process, so that it keeps its events when the site reloads."""
    command = [sys.executable, "-m", "development.tracker.server", str(port), settings.PROJECT_NAME]
    # A separate session keeps Ctrl-C from reaching the tracker. The tracker exits when this process exits.
    with subprocess.Popen(  # noqa: S603
        command, cwd=settings.BASE_DIR, stdin=subprocess.PIPE, start_new_session=True
    ) as process:
        ending = threading.Event()

        def watch() -> None:
            process.wait()
            if not ending.is_set():
                print("The embedded tracker has stopped. Errors are kept in the spool. Run make run again.", flush=True)

        threading.Thread(target=watch, daemon=True).start()
        try:
            yield
        finally:
            ending.set()  # leaving the block closes the pipe, which stops the tracker
