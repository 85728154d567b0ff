"""The spool under real servers: forked, threaded, asynchronous, reloaded and killed workers lose no error."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from benchmarks.site import serving
from scripts.demo import free_ports, listens
from tests.conftest import BIN, Bake

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="gunicorn does not run on Windows: its workers were not checked"
)

SERVERS = {
    "preload and fork": ["gunicorn", "config.wsgi", "--preload", "--workers", "2"],
    "threads": ["gunicorn", "config.wsgi", "--worker-class", "gthread", "--threads", "4"],
    "async": ["gunicorn", "config.asgi", "--worker-class", "asgi"],
    "runserver with reload": ["python", "manage.py", "runserver"],
}

Running = Callable[..., AbstractContextManager[tuple[subprocess.Popen[bytes], int]]]


def wait_for(condition: Callable[[], object], seconds: float = 40) -> None:
    """Wait until `condition()` is true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def crash(port: int) -> str:
    """Raise the test error and return the id of its event."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/glitchtip-debug/", timeout=10)
    except urllib.error.HTTPError as error:
        with error:
            return str(error.headers["X-Event-ID"])
    raise AssertionError("the site did not fail")


def children(pid: int) -> list[int]:
    """Return the process ids of a process's children."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [int(child) for child in found.split()]


@pytest.fixture
def running(baked: Bake, tmp_path: Path) -> Running:
    """Return a context manager that runs a server of the default project, with a spool in `tmp_path / "spool"`.

    It takes the server's command, the port of the tracker, and more environment variables.
    """
    project = baked()

    @contextmanager
    def run(command: list[str], tracker_port: int, **more: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
        [port] = free_ports(1)
        # A worker of gunicorn that is told to stop while it starts does not notice (gunicorn 27, Worker.init_signals).
        options = ["--graceful-timeout", "5", "--bind"]
        address = [*([] if "runserver" in command else options), f"127.0.0.1:{port}"]
        variables = {
            "DJANGO_ENV": "development",
            "SENTRY_DSN": f"http://0123456789abcdef@127.0.0.1:{tracker_port}/1",
            "SENTRY_SPOOL_DIR": str(tmp_path / "spool"),
            **more,
        }
        with (tmp_path / "log").open("w") as log:
            server = subprocess.Popen(
                [project.environment / BIN / command[0], *command[1:], *address],
                cwd=project.path,
                env={**os.environ, **variables},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                wait_for(lambda: listens(port))
                yield server, port
            finally:
                os.killpg(server.pid, signal.SIGTERM)
                server.wait(30)

    return run


@pytest.mark.parametrize("command", SERVERS.values(), ids=SERVERS)
def test_every_kind_of_server_delivers(running: Running, command: list[str]) -> None:
    with serving() as tracker, running(command, tracker.server_port) as (_, port):
        ids = {crash(port) for _ in range(5)}
        wait_for(lambda: ids <= set(tracker.taken))
        assert len(ids) == 5


def test_what_killed_workers_left_is_sent_when_gunicorn_starts_again(running: Running) -> None:
    [tracker_port] = free_ports(1)
    command = SERVERS["preload and fork"]
    with running(command, tracker_port) as (server, port):
        ids = {crash(port) for _ in range(5)}
        for worker in children(server.pid):
            os.kill(worker, signal.SIGKILL)
    with serving(tracker_port) as tracker, running(command, tracker_port):
        wait_for(lambda: ids <= set(tracker.taken))  # gunicorn reports the killed workers too
