"""Measure how fast the spool sends and what a crash costs with a large backlog, in about four minutes."""

import shutil
import statistics
import tempfile
import uuid
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.outage import crash_figure, crash_times, p99, settle, starter
from benchmarks.site import Project, Tracker, serving
from scripts.demo import free_ports

ROUNDS = 5
DELAY = 0.05  # seconds that the tracker needs for an answer
QUEUED, BACKLOG = 90, 500  # events that fit into the SDK's queue, and that a site left in its spool
CROWD = 50_000  # files that wait


def pace(tracker: Tracker) -> float:
    """Return the milliseconds from one answer to the next."""
    return (tracker.times[-1] - tracker.times[0]) / (len(tracker.times) - 1) * 1000


def queue(project: Project) -> float:
    """Return the pace at which the SDK's own transport sends to a slow tracker."""
    with serving() as tracker:
        tracker.delay = DELAY
        site = starter(project, "")(tracker.server_port)
        settle(tracker, site.crash(QUEUED, 0))
        site.end()
    return pace(tracker)


def backlog(project: Project) -> float:
    """Return the pace at which the spool sends its backlog to a slow tracker."""
    with tempfile.TemporaryDirectory() as folder:
        [port] = free_ports(1)
        start = starter(project, folder)
        site = start(port)
        sent = site.crash(BACKLOG, 0)
        site.end()
        with serving(port) as tracker:
            tracker.delay = DELAY
            site = start(port)
            site.ask("visit")
            settle(tracker, sent)
            site.end()
    return pace(tracker)


def sixty(project: Project, *, closing: bool) -> float:
    """Return the seconds until the spool has sent 60 events to a server that keeps connections open or closes each."""
    with serving() as tracker, tempfile.TemporaryDirectory() as folder:
        tracker.closing = closing
        site = starter(project, folder)(tracker.server_port)
        sent = site.crash(60, 0)
        settle(tracker, sent)
        site.end()
    assert set(sent) <= set(tracker.taken)
    return tracker.times[-1] - tracker.times[0]


def crowd(project: Project) -> list[Figure]:
    """Return how long a crash takes while the tracker is away, with an empty spool and with 50,000 waiting events."""
    [port] = free_ports(1)
    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as full:
        sites = {
            "few wait": starter(project, empty, "100000")(port),
            f"{CROWD:,} wait": starter(project, full, "100000")(port),
        }
        crowded = list(sites.values())[1]
        crowded.crash(1, 0)
        [file] = Path(full).glob("*/*.envelope")
        time, kind, _, dropped = file.name.split("-")
        for number in range(CROWD):
            copy = f"{int(time) + number:020d}-{kind[:8]}{number % 997:08x}-{uuid.uuid4().hex}-{dropped}"
            shutil.copyfile(file, file.with_name(copy))
        times = crash_times(sites)
        for site in sites.values():
            site.process.kill()
            site.end()
    label = "a crash while the tracker is away"
    return [crash_figure(f"{label}, median", statistics.median, times), crash_figure(f"{label}, p99", p99, times)]


def measure(project: Project) -> list[Figure]:
    """Return the figures; this takes four minutes."""
    rounds = range(ROUNDS)
    paces = {"the SDK's own transport": queue, "the spool": backlog}
    ends = {"to a server that keeps connections": False, "to one that closes each": True}
    return [
        Figure(
            "an event, at 50 ms an answer",
            "ms",
            1,
            {name: [send(project) for _ in rounds] for name, send in paces.items()},
        ),
        Figure(
            "60 events",
            "s",
            2,
            {name: [sixty(project, closing=closing) for _ in rounds] for name, closing in ends.items()},
        ),
        *crowd(project),
    ]
