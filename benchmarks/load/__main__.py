"""`python -m benchmarks.load DSN`: send recorded events to a tracker with Locust, and report what became of them.

    python -m benchmarks.load http://KEY@localhost:8000/1 --seconds 30 --users 8 --stored "COMMAND"

COMMAND prints how many events the tracker has stored. Without it, only what the tracker accepts is reported. uv installs
Locust for this run. Never use a tracker that others need: it stores everything.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sentry_sdk.utils import BadDsn, Dsn

from benchmarks.load.processes import cpu_seconds, megabytes

LOCUST = "locust>=2.47,<3"
#: The rest of a run is given up when nothing has been stored for this long, in seconds.
PATIENCE = 15.0


@dataclass(frozen=True)
class Load:
    """What is sent: events for some seconds, by a number of users, at a rate for all of them (0: without a pause)."""

    users: int
    seconds: int
    rate: float
    issues: int


@dataclass(frozen=True)
class Report:
    """What became of the events. Times are in milliseconds."""

    sent: int
    accepted: int
    rejected: int
    accepted_per_second: float
    p50: int
    p95: int
    p99: int
    stored: int | None
    lost: int | None  # accepted, but not stored
    stored_per_second: float | None
    cpu_milliseconds: dict[str, float]  # for each accepted event, by the name of the process
    megabytes: dict[str, float]  # at the end

    def __str__(self) -> str:
        """Return the report as text."""
        lines = [
            f"sent       {self.sent}",
            f"accepted   {self.accepted}, {self.accepted_per_second:.1f} per second",
            f"rejected   {self.rejected}",
            f"answered   50% in {self.p50} ms, 95% in {self.p95} ms, 99% in {self.p99} ms",
        ]
        if self.stored is not None:
            lines += [f"stored     {self.stored}, {self.stored_per_second:.1f} per second", f"lost       {self.lost}"]
        for name, spent in self.cpu_milliseconds.items():
            lines.append(
                f"{name:<10} {spent:.1f} ms of CPU time for each event, {self.megabytes[name]:.0f} MB at the end"
            )
        return "\n".join(lines)


def percentile(times: dict[int, int], share: float) -> int:
    """Return the time within which this share of the requests was answered. `times` counts requests by time."""
    wanted, seen = share * sum(times.values()), 0
    for milliseconds in sorted(times):
        seen += times[milliseconds]
        if seen >= wanted:
            return milliseconds
    return 0


def count(command: str) -> int:
    """Return the number that a command prints.

    Raises:
        SystemExit: with one line, if it fails or prints something else.
    """
    # The command is the user's own.
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602
    if done.returncode or not done.stdout.strip().isdecimal():
        problem = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["nothing"]
        sys.exit(f"--stored must print a number, but the command exits with {done.returncode} and prints: {problem[0]}")
    return int(done.stdout)


def settled(command: str, expected: int) -> tuple[int, float]:
    """Wait until `expected` events are stored, or no more are; return how many, and when the last one was seen."""
    latest, changed = count(command), time.monotonic()
    while latest < expected and time.monotonic() - changed < PATIENCE:
        time.sleep(0.5)
        if (now := count(command)) != latest:
            latest, changed = now, time.monotonic()
    return latest, changed


def locust(dsn: str, load: Load) -> dict[str, Any]:
    """Run Locust and return its figures.

    Raises:
        SystemExit: with one line, if it cannot be run or has sent nothing.
    """
    command = [sys.executable, *"-m uv tool run --quiet --from".split(), LOCUST, "locust"]
    command += ["--locustfile", str(Path(__file__).with_name("locustfile.py"))]
    command += "--headless --json --only-summary --loglevel ERROR --stop-timeout 30".split()
    command += f"--users {load.users} --spawn-rate {load.users} --run-time {load.seconds}s".split()
    variables = {"LOAD_DSN": dsn, "LOAD_RATE_OF_USER": str(load.rate / load.users), "LOAD_ISSUES": str(load.issues)}
    done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    try:
        [figures] = json.loads(done.stdout)
    except ValueError:
        reason = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        sys.exit(f"Locust has sent nothing: {reason[0]}")
    return dict(figures)


def run(dsn: str, load: Load, stored: str | None = None, processes: dict[str, int] | None = None) -> Report:
    """Send events for some seconds, wait until the tracker has stored them, and report."""
    before = count(stored) if stored else 0
    pids = processes or {}
    spent = {name: cpu_seconds(pid) for name, pid in pids.items()}
    begin = time.monotonic()
    figures = locust(dsn, load)
    sent, rejected = figures["num_requests"], figures["num_failures"]
    times = {int(float(key)): value for key, value in figures["response_times"].items()}
    took = figures["last_request_timestamp"] - figures["start_time"]
    accepted = sent - rejected
    kept, per_second = None, None
    if stored:
        total, end = settled(stored, before + accepted)
        kept = total - before
        per_second = kept / max(end - begin, took)
    return Report(
        sent=sent,
        accepted=accepted,
        rejected=rejected,
        accepted_per_second=accepted / took if took else 0.0,
        p50=percentile(times, 0.5),
        p95=percentile(times, 0.95),
        p99=percentile(times, 0.99),
        stored=kept,
        lost=None if kept is None else accepted - kept,
        stored_per_second=per_second,
        cpu_milliseconds={
            name: (cpu_seconds(pid) - spent[name]) * 1000 / (accepted or 1) for name, pid in pids.items()
        },
        megabytes={name: megabytes(pid) for name, pid in pids.items()},
    )


def main() -> None:
    """Read the arguments, and print the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description="Send recorded events to a tracker.")
    parser.add_argument("dsn", help="http(s)://KEY@HOST/PROJECT_ID")
    parser.add_argument("--users", type=int, default=8, help="requests at the same time; default: 8")
    parser.add_argument("--seconds", type=int, default=30, help="default: 30")
    parser.add_argument("--rate", type=float, default=0, help="events a second, all users together; default: no limit")
    parser.add_argument(
        "--issues", type=int, default=25, help="each recorded error becomes that many issues; default: 25"
    )
    parser.add_argument("--stored", help="a shell command that prints how many events the tracker has stored")
    parser.add_argument("--process", action="append", default=[], help="NAME=PID of a process to measure; repeatable")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args()
    try:
        Dsn(options.dsn)
    except (BadDsn, ValueError):
        parser.error("the DSN is not valid: use http(s)://KEY@HOST/PROJECT_ID")
    if options.users < 1 or options.seconds < 1 or options.issues < 1 or options.rate < 0:
        parser.error("--users, --seconds and --issues must be at least 1, and --rate must not be negative")
    load = Load(options.users, options.seconds, options.rate, options.issues)
    pids = dict(each.split("=", 1) for each in options.process if "=" in each)
    if len(pids) < len(options.process) or not all(Path("/proc", pid, "stat").exists() for pid in pids.values()):
        parser.error("--process must be NAME=PID of a process that runs on this machine (Linux)")
    report = run(options.dsn, load, options.stored, {name: int(pid) for name, pid in pids.items()})
    print(json.dumps(asdict(report)) if options.json else report)


if __name__ == "__main__":
    main()
