"""How long the compose stack takes to start with warm caches, and how long `docker compose version` alone takes.

Run it with `make bench` where a Docker engine answers. STANDINS is the variable that the tests know.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scripts.demo import TEMPLATE, bake, free_ports

RUNS = 3


def seconds(*command: str, cwd: Path) -> float:
    """Run a command and return how long it took, in seconds."""
    started = time.perf_counter()
    subprocess.run(command, cwd=cwd, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    """Print the medians of `RUNS` starts of a fresh project."""
    if subprocess.run(["docker", "info"], capture_output=True).returncode:
        sys.exit("no Docker engine answers: the stack was not timed")
    with tempfile.TemporaryDirectory() as folder:
        tracker_port, site_port = free_ports(2)
        project = bake(Path(folder), project_slug="benchmark", glitchtip_port=tracker_port, app_port=site_port)
        if standins := os.environ.get("STANDINS"):
            subprocess.run([standins, "compose.yaml"], cwd=project, capture_output=True)
            image = ["docker", "build", "--quiet", "--tag", "glitchtip/glitchtip:6.2.3", TEMPLATE / "tests" / "standin"]
            subprocess.run(image, check=True, capture_output=True)
        starts, calls = [], []
        try:
            for run in range(RUNS + 1):
                took = seconds("docker", "compose", "up", "--detach", "--build", "--wait", cwd=project)
                call = seconds("docker", "compose", "version", cwd=project)
                seconds("docker", "compose", "down", "--volumes", "--timeout", "5", cwd=project)
                if run:  # the first one fills the caches
                    starts.append(took)
                    calls.append(call)
        finally:
            subprocess.run(["docker", "compose", "down", "--volumes"], cwd=project, capture_output=True)
    kind = "stand-ins for the public images" if standins else "the public images"
    print(f"up --build --wait       median {statistics.median(starts):.1f} s of {RUNS}, with {kind}")
    print(f"docker compose version  median {statistics.median(calls):.2f} s of {RUNS}")


if __name__ == "__main__":
    main()
