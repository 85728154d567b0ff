"""`make demo`: bake a project with the default answers, start it, raise its error and show the event that arrived."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).resolve().parent.parent
PORTS = range(20_000, 32_000)  # outgoing connections have 32768 and above on Linux, 49152 and above elsewhere
PATIENCE = 180  # seconds: the first start installs what the project needs


def free_ports(count: int) -> list[int]:
    """Return ports of this machine on which nothing listens, from a range that no system takes for connections."""
    free: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        if len(free) == count:
            break
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            free.append(port)
    return free


def get(url: str) -> tuple[int, str]:
    """Return the status and the text of the answer to a GET.

    Raises:
        OSError: if there is no answer.
    """
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def listens(port: int) -> bool:
    """Say whether something listens on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def running(project: Path, *ports: int, command: Sequence[str] = ("make", "run"), **variables: str) -> Iterator[None]:
    """Run a command in a project, with `variables`, until the block ends; it starts when all `ports` are served.

    Raises:
        RuntimeError: with the log, if a port is not served within `PATIENCE` seconds or the command ends by itself.
    """
    machine = {"PATH", "HOME", "LANG", "TMPDIR"}  # nothing that would configure the site from outside
    tools = ("UV_", "PIP_", "SSL_", "VIRTUAL_ENV", "REQUESTS_", "CURL_", "XDG_", "http", "HTTP", "no_proxy", "NO_PROXY")
    environment = {name: value for name, value in os.environ.items() if name in machine or name.startswith(tools)}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        process = subprocess.Popen(
            command,
            cwd=project,
            env={**environment, **variables},
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + PATIENCE
            while not all(listens(port) for port in ports):
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise RuntimeError(f"{' '.join(command)} did not serve {ports}:\n{log.read()}")
                time.sleep(0.1)
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)  # Ctrl-C, in the group of its own that make and honcho are in
            deadline = time.monotonic() + 30
            while process.poll() is None or any(listens(port) for port in ports):
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{' '.join(command)} did not end within 30 s of Ctrl-C")
                time.sleep(0.1)


def received_events(tracker: str, count: int, seconds: float = 30) -> list[dict[str, Any]]:
    """Return the bodies of the events that the embedded tracker holds, once there are `count` or time is up."""
    deadline = time.monotonic() + seconds
    while True:
        listed = json.loads(get(f"{tracker}/api/eventlist/")[1])["events"]
        if len(listed) >= count or time.monotonic() > deadline:
            return [
                json.loads(get(f"{tracker}/api/event/{event['event_id']}")[1])["payload"]["body"] for event in listed
            ]
        time.sleep(0.1)


def bake_command(template: Path = TEMPLATE) -> list[str]:
    """Return the command that bakes a template with its default answers; options and answers may follow."""
    return [sys.executable, "-m", "cookiecutter", str(template), "--no-input", "--default-config"]


def bake(folder: Path, **answers: object) -> Path:
    """Bake a project into `folder` and return where it is."""
    given = [f"{name}={value}" for name, value in answers.items()]
    subprocess.run([*bake_command(), "--output-dir", str(folder), *given], check=True, stdout=subprocess.DEVNULL)
    [project] = folder.iterdir()
    return project


def main() -> None:
    """Show the way of one error, from the bake to the tracker."""
    tracker_port, site_port = free_ports(2)
    with tempfile.TemporaryDirectory() as folder:
        print("1. Baking a project with the default answers, on free ports ...", flush=True)
        project = bake(Path(folder), glitchtip_port=tracker_port, app_port=site_port)
        print("2. make run: installing, then starting the embedded tracker and the site ...", flush=True)
        with running(project, tracker_port, site_port):
            url = f"http://localhost:{site_port}/glitchtip-debug/"
            status, _ = get(url)
            print(f"3. GET {url} answers {status}", flush=True)
            events = received_events(f"http://localhost:{tracker_port}", 1)
            if not events:
                sys.exit("No event arrived at the tracker.")
            event = events[0]
            error = event["exception"]["values"][-1]
            frame = error["stacktrace"]["frames"][-1]
            print(f"4. The tracker at http://localhost:{tracker_port}/ received over HTTP:\n")
            for label, value in {
                "exception": f"{error['type']}: {error['value']}",
                "view": f"{event['transaction']} ({frame['module']}.{frame['function']}, line {frame['lineno']})",
                "environment": event["environment"],
                "release": event["release"],
                "event id": event["event_id"],
            }.items():
                print(f"   {label:<12} {value}")
        print("\n5. Both are stopped, and the project is gone.")


if __name__ == "__main__":
    main()
