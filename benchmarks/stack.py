"""Measure how long the compose stack takes to start with warm caches, compared with only its PostgreSQL.

This runs only if a Docker engine answers. STANDINS is described in tests/test_stack.py.
"""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure
from scripts.demo import TEMPLATE, bake, free_ports

RUNS = 5


def engine() -> bool:
    """Return whether a Docker engine answers."""
    try:
        return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def measure() -> Figure:
    """Return the seconds until a new project is healthy, in `RUNS` starts after one that fills the caches."""
    with tempfile.TemporaryDirectory() as folder:
        tracker_port, site_port = free_ports(2)
        project = bake(Path(folder), project_slug="benchmark", glitchtip_port=tracker_port, app_port=site_port)
        if standins := os.environ.get("STANDINS"):
            # This exits with 1, because the project builds one image itself.
            subprocess.run([standins, "compose.yaml"], cwd=project, capture_output=True, check=False)
            image = ["docker", "build", "--quiet", "--tag", "glitchtip/glitchtip:6.2.3", f"{TEMPLATE}/tests/standin"]
            subprocess.run(image, check=True, capture_output=True)

        def compose(*arguments: str) -> float:
            started = time.perf_counter()
            subprocess.run(["docker", "compose", *arguments], cwd=project, check=True, capture_output=True)
            return time.perf_counter() - started

        times: dict[str, list[float]] = {"its PostgreSQL alone": [], "all of it": []}
        try:
            for run in range(RUNS + 1):
                for values, services in zip(times.values(), (["db"], []), strict=True):
                    took = compose("up", "--detach", "--build", "--wait", *services)
                    compose("down", "--volumes", "--timeout", "5")
                    if run:
                        values.append(took)
        finally:
            subprocess.run(["docker", "compose", "down", "--volumes"], cwd=project, capture_output=True, check=False)
    return Figure("`docker compose up --build --wait`", "s", 1, times)
