"""The load generator counts correctly what a tracker accepts, rejects, stores and loses."""

import gzip
import json
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from benchmarks.load.__main__ import LOCUST, percentile
from tests.conftest import TEMPLATE

REJECT, LOSE = 5, 7  # of each so many events, one


class Tracker(ThreadingHTTPServer):
    """Rejects some events, and loses some of those that it accepts."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock, self.counts = threading.Lock(), Counter[str]()
        self.ids: set[str] = set()
        self.keys: set[str] = set()


class Handler(BaseHTTPRequestHandler):
    """The request handler of `Tracker`."""

    def do_GET(self) -> None:
        """Answer with the number of stored events."""
        tracker: Any = self.server
        self.answer(200, str(tracker.counts["stored"]).encode())

    def do_POST(self) -> None:
        """Take an event."""
        tracker: Any = self.server
        body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
        header, item, event = (json.loads(line) for line in body.splitlines())
        assert item == {"type": "event", "length": len(body.splitlines()[2])}
        with tracker.lock:
            tracker.counts["sent"] += 1
            rejected = tracker.counts["sent"] % REJECT == 0
            tracker.counts["rejected" if rejected else "accepted"] += 1
            if not rejected and tracker.counts["accepted"] % LOSE:
                tracker.counts["stored"] += 1
            tracker.ids.add(event["event_id"])
            tracker.keys.add(self.path + re.findall("sentry_key=(.*)", self.headers["X-Sentry-Auth"])[0])
        assert header["event_id"] == event["event_id"]
        self.answer(503 if rejected else 200, b"{}")

    def answer(self, status: int, body: bytes) -> None:
        """Answer."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def tracker() -> Iterator[Tracker]:
    """Yield a running tracker."""
    with Tracker() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


def load(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program."""
    command = [sys.executable, "-m", "benchmarks.load", *arguments]
    return subprocess.run(command, cwd=TEMPLATE, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def locust() -> None:
    """Skip the test where uv cannot install Locust."""
    command = [sys.executable, "-m", "uv", "tool", "run", "--from", LOCUST, "locust", "--version"]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("uv cannot install Locust (no network?): the load generator was not checked")


@pytest.mark.usefixtures("locust")
def test_the_report_has_what_the_tracker_counted(tracker: Tracker) -> None:
    port = tracker.server_port
    count = f"{sys.executable} -c \"import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:{port}/').read().decode())\""
    arguments = ["--users", "3", "--seconds", "3", "--rate", "60", "--stored", count, "--process", f"own={os.getpid()}"]
    done = load(f"http://public@127.0.0.1:{port}/tracker/7", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    report, counts = json.loads(done.stdout), tracker.counts
    assert {name: report[name] for name in ("sent", "accepted", "rejected", "stored")} == counts
    assert report["lost"] == counts["accepted"] - counts["stored"] > 0
    assert len(tracker.ids) == counts["sent"] > 2 * LOSE  # each event has an ID of its own
    assert tracker.keys == {"/tracker/api/7/envelope/public"}
    assert 0 < report["p50"] <= report["p95"] <= report["p99"]
    assert report["accepted_per_second"] <= 60 * 1.2
    assert report["megabytes"]["own"] > 1


def test_a_percentile_is_the_time_of_the_slowest_of_that_share() -> None:
    times = {10: 50, 20: 45, 300: 4, 1000: 1}
    assert [percentile(times, share) for share in (0.5, 0.95, 0.99, 1)] == [10, 20, 300, 1000]
    assert percentile({}, 0.5) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no-dsn"], "the DSN is not valid: use http(s)://KEY@HOST/PROJECT_ID"),
        (["http://key@localhost/1", "--users", "0"], "--users, --seconds and --issues must be at least 1"),
        (["http://key@localhost/1", "--process", "web=x"], "--process must be NAME=PID of a process"),
        (["http://key@localhost/1", "--stored", "echo many"], "--stored must print a number"),
    ],
)
def test_a_wrong_argument_is_one_line(arguments: list[str], message: str) -> None:
    done = load(*arguments)
    assert done.returncode != 0
    assert message in done.stderr.splitlines()[-1]
