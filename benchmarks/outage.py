"""Count the events that arrive when a tracker or a site fails, with the SDK's own transport and with the spool.

`make bench` runs this; it takes about four minutes. Each site is a separate process of the same baked project; only the
transport differs. The tracker is a real HTTP server in this process that fails as configured.
"""

import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.site import Project, Site, Tracker, serving
from scripts.demo import free_ports

PATIENCE = 100  # seconds for the last event to arrive
QUIET = 40  # seconds without an event after which no more are expected
LATENCY_ROUNDS, LATENCY_CRASHES, LATENCY_SECONDS = 10, 400, 5  # few enough to fit into the SDK's queue
Start = Callable[[int], Site]
Result = tuple[list[str], Tracker]


def settle(tracker: Tracker, sent: list[str]) -> None:
    """Wait until all events have arrived, or none for `QUIET` seconds, which is longer than any pause of the spool."""
    end, last, seen = time.monotonic() + PATIENCE, time.monotonic(), -1
    while time.monotonic() < end and time.monotonic() - last < QUIET and not set(sent) <= set(tracker.taken):
        if len(tracker.taken) != seen:
            seen, last = len(tracker.taken), time.monotonic()
        time.sleep(0.1)


def down(start: Start) -> Result:
    """Run a site for a minute without a tracker."""
    [port] = free_ports(1)
    site = start(port)
    sent = site.crash(200)
    time.sleep(60)
    with serving(port) as tracker:
        settle(tracker, sent)
        site.end()
    return sent, tracker


def failing(
    change: Callable[[Tracker], None], seconds: float, repair: Callable[[Tracker], None]
) -> Callable[[Start], Result]:
    """Return a scenario in which the tracker fails for `seconds`."""

    def run(start: Start) -> Result:
        with serving() as tracker:
            change(tracker)
            site = start(tracker.server_port)
            sent = site.crash(200)
            time.sleep(seconds)
            repair(tracker)
            settle(tracker, sent)
            site.end()
        return sent, tracker

    return run


def status(code: int) -> Callable[[Tracker], None]:
    """Return a function that makes a tracker answer with a status."""
    return lambda tracker: setattr(tracker, "status", code)


def burst(start: Start) -> Result:
    """Send 1,100 events in 5 s to a tracker that needs 30 ms for each."""
    with serving() as tracker:
        tracker.delay = 0.03
        site = start(tracker.server_port)
        sent = site.crash(1100, 5)
        settle(tracker, sent)
        site.end()
    return sent, tracker


def stopped(stop: Callable[[subprocess.Popen[str]], None]) -> Callable[[Start], Result]:
    """Return a scenario in which a site is stopped while it sends, then started again."""

    def run(start: Start) -> Result:
        with serving() as tracker:
            tracker.delay = 0.05
            site = start(tracker.server_port)
            sent = site.crash(80, 0.3)
            stop(site.process)
            site.process.wait()
            site = start(tracker.server_port)
            site.ask("visit")
            settle(tracker, sent)
            site.end()
        return sent, tracker

    return run


def restart(start: Start) -> Result:
    """End all processes while the tracker is down, and start them again when it is up."""
    [port] = free_ports(1)
    sites = [start(port) for _ in range(2)]
    sent = [event_id for site in sites for event_id in site.crash(100)]
    for site in sites:
        site.end()
    with serving(port) as tracker:
        sites = [start(port) for _ in range(2)]
        for site in sites:
            site.ask("visit")
        settle(tracker, sent)
        for site in sites:
            site.end()
    return sent, tracker


def four_workers(start: Start) -> Result:
    """Report from four processes at once to a tracker that fails for 5 s."""
    with serving() as tracker:
        tracker.status = 500
        sites = [start(tracker.server_port) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            sent = [event_id for ids in pool.map(lambda site: site.crash(50), sites) for event_id in ids]
        time.sleep(5)
        tracker.status = 200
        settle(tracker, sent)
        for site in sites:
            site.end()
    return sent, tracker


def not_writable(start: Start) -> Result:
    """Report events that cannot be spooled, because the parent of the spool's folder is not a folder."""
    with serving() as tracker:
        site = start(tracker.server_port)
        sent = site.crash(200, 4)
        settle(tracker, sent)
        site.end()
    return sent, tracker


def flood(start: Start) -> Result:
    """Report five rare errors, then one 2,000 times, without a tracker and with a 1 MB spool; count the rare ones."""
    [port] = free_ports(1)
    site = start(port)
    sent: list[str] = site.ask("log 5")["ids"]
    site.crash(2000, 10)
    with serving(port) as tracker:
        settle(tracker, sent)
        site.end()
    return sent, tracker


def closed(start: Start) -> Result:
    """Send to a server that closes each connection after its answer without a `Connection: close` header."""
    with serving() as tracker:
        tracker.closing = True
        site = start(tracker.server_port)
        sent = site.crash(60, 0)
        settle(tracker, sent)
        site.end()
    return sent, tracker


SCENARIOS: dict[str, Callable[[Start], Result]] = {
    "down for a minute, then up": down,
    "hanging for 40 s": failing(lambda tracker: tracker.hanging.set(), 40, lambda tracker: tracker.hanging.clear()),
    "429 with Retry-After for 10 s": failing(status(429), 10, status(200)),
    "500 for 10 s": failing(status(500), 10, status(200)),
    "burst of 1,100 in 5 s": burst,
    "SIGKILL in mid-flight": stopped(lambda process: process.kill()),
    "SIGTERM in mid-flight": stopped(lambda process: process.terminate()),
    "restart with a backlog": restart,
    "four workers at once": four_workers,
    "folder cannot be written": not_writable,
    "5 rare errors, then a flood": flood,
    "each connection closed": closed,
}
#: The spool's path, if it is not a new folder, and its size in megabytes, if it is not 50, by scenario.
SPOOLS, MEGABYTES = {"folder cannot be written": "/dev/null/spool"}, {"5 rare errors, then a flood": "1"}


def p99(values: list[float]) -> float:
    """Return the 99th percentile."""
    return statistics.quantiles(values, n=100)[98]


@dataclass(frozen=True)
class Outage:
    """How many events were sent and arrived in one scenario, with the SDK's own transport or with the spool."""

    label: str
    transport: str
    sent: int
    arrived: int
    twice: int


def starter(project: Project, spool: str, megabytes: str = "50") -> Start:
    """Return a function that starts a site that reports to a local port, with a spool if `spool` is a path."""
    return lambda port: Site(project, "outage_site", f"http://key@127.0.0.1:{port}/1", spool, megabytes)


def crash_times(sites: dict[str, Site]) -> dict[str, list[list[float]]]:
    """Return the milliseconds of each crash by site, a list per round; the sites take turns."""
    times: dict[str, list[list[float]]] = {name: [] for name in sites}
    for turn in range(LATENCY_ROUNDS + 1):
        for name, site in sites.items():
            seconds = site.ask(f"crash {LATENCY_CRASHES} {LATENCY_SECONDS}")["seconds"]
            if turn:  # the first round fills the caches
                times[name].append([second * 1000 for second in seconds])
    return times


def crash_figure(label: str, value: Callable[[list[float]], float], times: dict[str, list[list[float]]]) -> Figure:
    """Return a figure with one value per round, such as the median."""
    values = {name: [value(milliseconds) for milliseconds in rounds] for name, rounds in times.items()}
    return Figure(f"{label} of {LATENCY_CRASHES}", "ms", 2, values)


def latency(project: Project) -> Figure:
    """Return the p99 of a crash with both transports."""
    with serving() as tracker, tempfile.TemporaryDirectory() as folder:
        starts = {"the SDK's own transport": starter(project, ""), "the spool": starter(project, folder)}
        sites = {name: start(tracker.server_port) for name, start in starts.items()}
        times = crash_times(sites)
        for site in sites.values():
            site.end()
    return crash_figure("a crash, p99", p99, times)


def measure(project: Project) -> tuple[list[Outage], Figure]:
    """Return the `Outage` of each scenario and transport, and the figure of `latency`; this takes four minutes."""
    with tempfile.TemporaryDirectory() as folder:

        def run(job: tuple[str, str]) -> Outage:
            label, transport = job
            spool = SPOOLS.get(label, str(Path(folder) / label)) if transport == "spool" else ""
            sent, tracker = SCENARIOS[label](starter(project, spool, MEGABYTES.get(label, "50")))
            arrived = sum(event_id in tracker.taken for event_id in sent)
            return Outage(label, transport, len(sent), arrived, sum(tracker.taken[event_id] > 1 for event_id in sent))

        with ThreadPoolExecutor(6) as pool:
            outages = list(pool.map(run, [(label, kind) for label in SCENARIOS for kind in ("SDK", "spool")]))
        return outages, latency(project)
