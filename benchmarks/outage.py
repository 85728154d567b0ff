"""What arrives when a tracker or a site fails: the SDK's own transport beside the spool, in one run.

`make bench` runs it; it takes about four minutes. Sites are processes of their own, made from one baked project
with the same options but for the transport. The tracker is a real HTTP server in this process, which misbehaves as told.
"""

import contextlib
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.request_overhead import environment_of
from scripts.demo import TEMPLATE, bake, free_ports

PATIENCE = 100  # seconds for the last event to arrive
QUIET = 40  # seconds without an event after which none will come
LATENCY_ROUNDS, LATENCY_CRASHES = 15, 80  # fewer crashes in a round than the SDK's queue holds
IDLE_SECONDS = 5


class Tracker(ThreadingHTTPServer):
    """A tracker that answers as told, and keeps the ids of the events that it took."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int = 0) -> None:
        """Listen, by default on a free port."""
        super().__init__(("127.0.0.1", port), Handler)
        self.status, self.delay, self.hanging = 200, 0.0, threading.Event()
        self.taken: Counter[str] = Counter()

    def handle_error(self, *_: object) -> None:
        """Say nothing of a connection that its site has dropped."""


class Handler(BaseHTTPRequestHandler):
    """Answers for `Tracker`."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take the event, unless this tracker refuses or hangs."""
        tracker: Any = self.server
        body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
        if tracker.hanging.is_set():
            while tracker.hanging.is_set():
                time.sleep(0.1)
            self.close_connection = True
            return
        time.sleep(tracker.delay)
        status = tracker.status
        if status == 200:
            tracker.taken[json.loads(body.split(b"\n")[0])["event_id"]] += 1
        with contextlib.suppress(OSError):  # the site may be dead
            self.send_response(status)
            self.send_header("Content-Length", "0")
            if status == 429:
                self.send_header("Retry-After", "5")
            self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serving(port: int = 0) -> Iterator[Tracker]:
    """Run a tracker."""
    with Tracker(port) as tracker:
        threading.Thread(target=tracker.serve_forever, args=(0.05,), daemon=True).start()
        yield tracker
        tracker.shutdown()


class Site:
    """A process of the site; with a `folder` it has a spool there."""

    project: Path
    python: Path

    def __init__(self, port: int, folder: str) -> None:
        """Start it."""
        self.process = subprocess.Popen(
            [
                self.python,
                "-m",
                "benchmarks.outage_site",
                f"http://key@127.0.0.1:{port}/1",
                *([folder] if folder else []),
            ],
            cwd=self.project,
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
        """End it as a worker ends."""
        self.process.communicate()


def settle(tracker: Tracker, sent: list[str]) -> None:
    """Wait until all has arrived, or nothing more will: the spool's pauses in an outage end before `QUIET` does."""
    end, last, seen = time.monotonic() + PATIENCE, time.monotonic(), -1
    while time.monotonic() < end and time.monotonic() - last < QUIET and not set(sent) <= set(tracker.taken):
        if len(tracker.taken) != seen:
            seen, last = len(tracker.taken), time.monotonic()
        time.sleep(0.1)


Result = tuple[list[str], Tracker]


def down(folder: str) -> Result:
    """Nothing listens for a minute."""
    [port] = free_ports(1)
    site = Site(port, folder)
    sent = site.crash(200)
    time.sleep(60)
    with serving(port) as tracker:
        settle(tracker, sent)
        site.end()
    return sent, tracker


def failing(
    change: Callable[[Tracker], None], seconds: float, repair: Callable[[Tracker], None]
) -> Callable[[str], Result]:
    """Return a scenario in which the tracker misbehaves for some seconds."""

    def run(folder: str) -> Result:
        with serving() as tracker:
            change(tracker)
            site = Site(tracker.server_port, folder)
            sent = site.crash(200)
            time.sleep(seconds)
            repair(tracker)
            settle(tracker, sent)
            site.end()
        return sent, tracker

    return run


def status(code: int) -> Callable[[Tracker], None]:
    """Return what makes a tracker answer with a status."""
    return lambda tracker: setattr(tracker, "status", code)


def burst(folder: str) -> Result:
    """A tracker that needs 30 ms for an event gets 1,100 in 5 s."""
    with serving() as tracker:
        tracker.delay = 0.03
        site = Site(tracker.server_port, folder)
        sent = site.crash(1100, 5)
        settle(tracker, sent)
        site.end()
    return sent, tracker


def stopped(stop: Callable[[subprocess.Popen[str]], None]) -> Callable[[str], Result]:
    """Return a scenario in which a site is stopped while it sends, and started again."""

    def run(folder: str) -> Result:
        with serving() as tracker:
            tracker.delay = 0.05
            site = Site(tracker.server_port, folder)
            sent = site.crash(80, 0.3)
            stop(site.process)
            site.process.wait()
            site = Site(tracker.server_port, folder)
            site.ask("visit")
            settle(tracker, sent)
            site.end()
        return sent, tracker

    return run


def restart(folder: str) -> Result:
    """All processes end while the tracker is down, and start again when it is up."""
    [port] = free_ports(1)
    sites = [Site(port, folder) for _ in range(2)]
    sent = [event_id for site in sites for event_id in site.crash(100)]
    for site in sites:
        site.end()
    with serving(port) as tracker:
        sites = [Site(port, folder) for _ in range(2)]
        for site in sites:
            site.ask("visit")
        settle(tracker, sent)
        for site in sites:
            site.end()
    return sent, tracker


def four_workers(folder: str) -> Result:
    """Four processes report at once to a tracker that fails for 5 s."""
    with serving() as tracker:
        tracker.status = 500
        sites = [Site(tracker.server_port, folder) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            sent = [event_id for ids in pool.map(lambda site: site.crash(50), sites) for event_id in ids]
        time.sleep(5)
        tracker.status = 200
        settle(tracker, sent)
        for site in sites:
            site.end()
    return sent, tracker


def disk_full(folder: str) -> Result:
    """No event can be written: the device is full. Linux has one for that."""
    with serving() as tracker:
        site = Site(tracker.server_port, "/dev/full/spool" if folder else "")
        sent = site.crash(200, 4)
        settle(tracker, sent)
        site.end()
    return sent, tracker


SCENARIOS: dict[str, Callable[[str], Result]] = {
    "down for a minute, then up": down,
    "hanging for 40 s": failing(lambda tracker: tracker.hanging.set(), 40, lambda tracker: tracker.hanging.clear()),
    "429 with Retry-After for 10 s": failing(status(429), 10, status(200)),
    "500 for 10 s": failing(status(500), 10, status(200)),
    "burst of 1,100 in 5 s": burst,
    "SIGKILL in mid-flight": stopped(lambda process: process.kill()),
    "SIGTERM in mid-flight": stopped(lambda process: process.terminate()),
    "restart with a backlog": restart,
    "four workers at once": four_workers,
    "disk full": disk_full,
}


def p99(values: list[float]) -> float:
    """Return the 99th percentile."""
    return statistics.quantiles(values, n=100)[98]


def latency(folder: Path) -> None:
    """Print the p99 of a crash with both transports, asked in turn, and what the spool's sender costs when idle."""
    with serving() as tracker:
        sites = {"SDK": Site(tracker.server_port, ""), "spool": Site(tracker.server_port, str(folder / "latency"))}
        times: dict[str, list[float]] = {name: [] for name in sites}
        for turn in range(LATENCY_ROUNDS + 1):
            for name, site in sites.items():
                seconds = site.ask(f"crash {LATENCY_CRASHES} 1")["seconds"]
                if turn:  # the first of each fills the caches
                    times[name].append(p99(seconds))
        time.sleep(2)
        idle = sites["spool"].ask(f"idle {IDLE_SECONDS}")
        for site in sites.values():
            site.end()
    sdk, spool = (statistics.median(values) for values in times.values())
    print(f"\ncrash latency, p99 of {LATENCY_CRASHES}, median of {LATENCY_ROUNDS} rounds:", end=" ")
    print(f"SDK {sdk * 1000:.2f} ms, spool {spool * 1000:.2f} ms, ratio {spool / sdk:.2f}")
    print(f"CPU time of the spool's site in {IDLE_SECONDS} idle seconds: {idle * 1000:.1f} ms")


def main() -> None:
    """Print the table, then latency and idle cost."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Site.project = bake(folder)
        Site.python = environment_of(Site.project)
        jobs = [(label, kind) for label in SCENARIOS for kind in ("SDK", "spool")]

        def run(job: tuple[str, str]) -> str:
            number = jobs.index(job)
            sent, tracker = SCENARIOS[job[0]](str(folder / f"spool{number}") if job[1] == "spool" else "")
            arrived = sum(event_id in tracker.taken for event_id in sent)
            twice = sum(tracker.taken[event_id] > 1 for event_id in sent)
            return f"{job[0]:<31}{job[1]:<7}{len(sent):>6}{arrived:>9}{twice:>7}"

        print(f"{'what fails':<31}{'':<7}{'sent':>6}{'arrived':>9}{'twice':>7}")
        with ThreadPoolExecutor(6) as pool:
            for line in pool.map(run, jobs):
                print(line, flush=True)
        latency(folder)


if __name__ == "__main__":
    sys.exit(main())
