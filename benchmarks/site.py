"""Helpers of the benchmarks: the sites of a baked project, each a process, and a tracker that fails as configured."""

import contextlib
import gzip
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from scripts.demo import TEMPLATE, bake


class Tracker(ThreadingHTTPServer):
    """A tracker that answers as configured, and keeps the ids of the events that it accepted."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int = 0) -> None:
        """Listen, by default on a free port."""
        super().__init__(("127.0.0.1", port), Handler)
        self.status, self.delay, self.closing, self.hanging = 200, 0.0, False, threading.Event()
        self.taken: Counter[str] = Counter()
        self.bodies: list[bytes] = []  # of the accepted events
        self.times: list[float] = []  # of the answers to accepted events
        self.asked = 0

    def handle_error(self, *_: object) -> None:
        """Ignore connections that the site has dropped."""


class Handler(BaseHTTPRequestHandler):
    """The request handler of `Tracker`."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # send headers and body in one packet, as servers do

    def do_GET(self) -> None:
        """Answer like kent's list of events, so that `manage.py runserver` finds a tracker here."""
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def do_POST(self) -> None:
        """Accept the event, unless this tracker rejects events or hangs."""
        tracker: Any = self.server
        tracker.asked += 1
        body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
        if tracker.hanging.is_set():
            while tracker.hanging.is_set():
                time.sleep(0.1)
            self.close_connection = True
            return
        time.sleep(tracker.delay)
        status = tracker.status
        event_id = json.loads(body.split(b"\n")[0])["event_id"]
        answer = json.dumps({"id": event_id}).encode() if status == 200 else b""
        if status == 200:
            tracker.taken[event_id] += 1
            tracker.bodies.append(body)
            tracker.times.append(time.monotonic())
        with contextlib.suppress(OSError):  # the site may be dead
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            if status == 429:
                self.send_header("Retry-After", "5")
            self.end_headers()
            self.wfile.write(answer)
        self.close_connection |= tracker.closing  # without a `Connection: close` header, as uWSGI does

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextlib.contextmanager
def serving(port: int = 0) -> Iterator[Tracker]:
    """Run a tracker."""
    with Tracker(port) as tracker:
        threading.Thread(target=tracker.serve_forever, args=(0.05,), daemon=True).start()
        yield tracker
        tracker.shutdown()


@dataclass(frozen=True)
class Project:
    """A baked project, and a Python that has its dependencies."""

    path: Path
    python: Path


@contextlib.contextmanager
def baked_project() -> Iterator[Project]:
    """Bake a project with the default answers and install its dependencies; remove both at the end of the block."""
    with tempfile.TemporaryDirectory() as folder:
        path = bake(Path(folder))
        variables = {**os.environ, "VIRTUAL_ENV": "", "UV_PROJECT_ENVIRONMENT": str(path / ".venv")}
        subprocess.run(
            [sys.executable, "-m", "uv", "sync", "--quiet", "--all-groups"], cwd=path, env=variables, check=True
        )
        yield Project(path, path / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python")


class Site:
    """A process of a project's site that reads a line per command and answers with a line of JSON."""

    def __init__(self, project: Project, module: str, *arguments: str) -> None:
        """Start `python -m benchmarks.MODULE ARGUMENTS` in the project."""
        self.process = subprocess.Popen(
            [project.python, "-m", f"benchmarks.{module}", *arguments],
            cwd=project.path,
            env={**os.environ, "PYTHONPATH": str(TEMPLATE), "DJANGO_ENV": "development"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, command: str) -> Any:
        """Send one command and return its answer."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def crash(self, count: int, seconds: float = 1.0) -> list[str]:
        """Raise errors and return the ids of their events."""
        ids: list[str] = self.ask(f"crash {count} {seconds}")["ids"]
        return ids

    def end(self) -> None:
        """End the process like a worker."""
        self.process.communicate()
