"""`make demo`: bakes a project with the default answers, starts it, raises an error, and shows the received event."""

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
PORTS = range(20_000, 32_000)  # outgoing connections use ports from 32768 on Linux, from 49152 elsewhere
PATIENCE = 180  # seconds; the first start installs the project's packages


def free_ports(count: int) -> list[int]:
    """Return free ports of this machine, from a range that no system uses for outgoing connections."""
    free: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        if len(free) == count:
            break
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            free.append(port)
    return free


def get(url: str) -> tuple[int, str]:
    """Return the status and the text of the response to a GET request.

    Raises:
        OSError: if there is no response.
    """
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def listens(port: int) -> bool:
    """Return whether a program listens on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def running(project: Path, *ports: int, command: Sequence[str] = ("make", "run"), **variables: str) -> Iterator[None]:
    """Run a command in a project with `variables`, from when all `ports` are open until the block ends.

    Raises:
        RuntimeError: with the log, if a port is not open after `PATIENCE` seconds or the command ends early.
    """
    machine = {"PATH", "HOME", "LANG", "TMPDIR"}  # and no variable that configures the site
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
                os.killpg(process.pid, signal.SIGINT)  # Ctrl-C, sent to the command and its child processes
            deadline = time.monotonic() + 30
            while process.poll() is None or any(listens(port) for port in ports):
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{' '.join(command)} did not end within 30 s of Ctrl-C")
                time.sleep(0.1)


def received_events(tracker: str, count: int, seconds: float = 30) -> list[dict[str, Any]]:
    """Return the events in the embedded tracker, as soon as there are `count` or after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        listed = json.loads(get(f"{tracker}/api/eventlist/")[1])["events"]
        if len(listed) >= count or time.monotonic() > deadline:
            return [
                json.loads(get(f"{tracker}/api/event/{event['event_id']}")[1])["payload"]["body"] for event in listed
            ]
        time.sleep(0.1)


def bake_command(template: Path = TEMPLATE) -> list[str]:
    """Return the command that bakes a template with its default answers. Options and answers can be appended."""
    return [sys.executable, "-m", "cookiecutter", str(template), "--no-input", "--default-config"]


def bake(folder: Path, **answers: object) -> Path:
    """Bake a project into `folder` and return its path."""
    given = [f"{name}={value}" for name, value in answers.items()]
    subprocess.run([*bake_command(), "--output-dir", str(folder), *given], check=True, stdout=subprocess.DEVNULL)
    [project] = folder.iterdir()
    return project


def main() -> None:
    """Show one error on its way from the site to the tracker."""
    tracker_port, site_port = free_ports(2)
    with tempfile.TemporaryDirectory() as folder:
        print("1. Baking a project with the default answers, on free ports ...", flush=True)
        project = bake(Path(folder), glitchtip_port=tracker_port, app_port=site_port)
        print("2. make run: installing packages, then starting the embedded tracker and the site ...", flush=True)
        with running(project, tracker_port, site_port):
            url = f"http://localhost:{site_port}/glitchtip-debug/"
            status, _ = get(url)
            print(f"3. GET {url} answers {status}", flush=True)
            events = received_events(f"http://localhost:{tracker_port}", 1)
            if not events:
                sys.exit(f"No event arrived at http://localhost:{tracker_port}/ within 30 s.")
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
        print("\n5. The site and the tracker were stopped, and the project was deleted.")


if __name__ == "__main__":
    main()
