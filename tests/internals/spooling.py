"""Helpers of the spool's tests: a site in this process, its errors, and the events that wait for the tracker."""

import contextlib
import os
import subprocess
import sys
import time

import sentry_sdk
from django.conf import settings

from error_tracking.options import sentry_options
from error_tracking.spool.files import Spool
from error_tracking.spool.transport import spool_transport
from servers import Tracker


def wait_for(condition, seconds=30):
    """Wait until `condition()` is true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def dsn_of(port, key="key"):
    """Return the DSN of a tracker on a local port."""
    return f"http://{key}@127.0.0.1:{port}/1"


def options_for(port, root, max_megabytes=50, key="key", alert_minutes=15, **options):
    """Return the SDK's options for a tracker on a local port, without the slow search for other packages."""
    transport = spool_transport(str(root), max_megabytes=max_megabytes, max_days=7, alert_minutes=alert_minutes)
    made = sentry_options(dsn=dsn_of(port, key), environment="tests", release="shop@1", transport=transport, **options)
    return {**made, "auto_enabling_integrations": False}


@contextlib.contextmanager
def site(port, root, **options):
    """Run the SDK in this process, and close it as at the end of a process."""
    client = sentry_sdk.Client(**options_for(port, root, **options))
    sender = client.transport.thread
    with sentry_sdk.scope.use_scope(sentry_sdk.Scope(client=client)):
        yield client
        client.close(timeout=2)
    wait_for(lambda: not sender.is_alive())


def crash(client, count=1, message="crash"):
    """Report errors and return their ids."""
    return [client.capture_event({"message": f"{message} {number}", "level": "error"}) for number in range(count)]


def spool_for(root, port):
    """Return the spool of a tracker on a local port."""
    return spool_transport(str(root), max_megabytes=50, max_days=7).spool_of(dsn_of(port))


def waiting(root, folder=""):
    """Return the ids of the events that wait in any of the spool's folders, or in their `rejected/` folder."""
    return [file.stem.split("-")[2] for file in sorted(root.glob(f"*/{folder}*-*-*-*.envelope"))]


def closed_port():
    """Return a port on which nothing listens."""
    with Tracker(200) as tracker:
        return tracker.server_port


def fill(folder, *names, size=100, **bounds):
    """Return a new spool with a file for each name, "KIND/ID", oldest first."""
    spool = Spool(folder, **{"max_bytes": 10**6, "max_seconds": 3600, **bounds})
    for name in names:
        kind, event_id = name.split("/")
        spool.put(event_id, f"{kind:0>16}", b"x" * size)
    return spool


PROGRAM = """
import os, signal, sys, threading, time
import sentry_sdk
import config.settings  # starts the SDK; what else django.setup() does takes longer than the tests
from error_tracking.spool.sender import Sender
from error_tracking.spool.thread import SenderThread
Sender.FIRST_PAUSE = SenderThread.LOOK_PAUSE = 0.05
def crash(count):
    for number in range(count):
        sentry_sdk.capture_message(f"crash {number}", level="error")
"""


def start(port, root, program):
    """Start a Python process of the site."""
    variables = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_ENV": "development",
        "SECRET_KEY": "k" * 50,
        "APP_PORT": "8001",
        "SENTRY_DSN": dsn_of(port),
        "SENTRY_SPOOL_DIR": str(root),
    }
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM + program],
        cwd=settings.BASE_DIR,
        env={**os.environ, **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process, returncode=0):
    """Wait for a process and return its output."""
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == returncode, errors
    return printed + errors
