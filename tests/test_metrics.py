"""The metrics at /metrics of a site with two workers, and the dashboard that shows them."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from scripts.demo import free_ports, get, listens
from tests.conftest import BIN, Bake, Baked
from tests.test_servers import children, crash, wait_for

TOKEN = "fuchsia-harbour"
Metrics = dict[str, float]


class Served(NamedTuple):
    """A site that gunicorn serves with two workers, whose tracker is down."""

    port: int
    workers: list[int]
    folder: Path  # of gunicorn's metrics

    def metrics(self) -> Metrics:
        """Return each figure at /metrics by its name and labels."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/metrics")
        request.add_header("Authorization", f"Bearer {TOKEN}")
        with urllib.request.urlopen(request, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}

    def by_each_worker(self, act: Callable[[], object]) -> None:
        """Run `act` once for each worker, while the other one is stopped."""
        for other in self.workers:
            os.kill(other, signal.SIGSTOP)
            try:
                act()
            finally:
                os.kill(other, signal.SIGCONT)


@pytest.fixture(scope="module")
def project(baked: Bake) -> Baked:
    """Return a project that serves metrics."""
    return baked(metrics="yes")


@pytest.fixture
def served(project: Baked, tmp_path: Path) -> Iterator[Served]:
    """Yield the site."""
    if os.name == "nt" or not Path("/proc/self/environ").exists():
        pytest.skip("gunicorn's workers can be observed only on Linux: the metrics of two workers were not checked")
    port, nobody = free_ports(2)
    variables = {
        "DJANGO_ENV": "development",
        "METRICS_TOKEN": TOKEN,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "SENTRY_DSN": f"http://0123456789abcdef@127.0.0.1:{nobody}/1",
        "SENTRY_SPOOL_DIR": str(tmp_path / "spool"),
    }
    command = [str(project.environment / BIN / "gunicorn"), "config.wsgi", "--workers", "2", "--graceful-timeout", "5"]
    server = subprocess.Popen(
        [*command, "--bind", f"127.0.0.1:{port}"], cwd=project.path, env={**os.environ, **variables}
    )
    try:
        wait_for(lambda: listens(port) and len(children(server.pid)) == 2)
        workers = children(server.pid)
        [folder] = Path("/dev/shm").glob(f"metrics-{server.pid}-*")
        wait_for(lambda: len(list(folder.glob("histogram_*.db"))) == 2)  # both have loaded the site
        yield Served(port, workers, folder)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def test_the_metrics_of_both_workers_are_added_up(served: Served) -> None:
    address = f"http://127.0.0.1:{served.port}"
    assert served.metrics()['error_events_total{level="error"}'] == 0
    served.by_each_worker(lambda: [get(f"{address}/health/") for _ in range(3)])
    served.by_each_worker(lambda: crash(served.port))
    get(f"{address}/nothing-here/")
    metrics = served.metrics()
    counted = {status: metrics[f'http_requests_total{{method="GET",status="{status}"}}'] for status in (200, 404, 500)}
    assert counted == {200: 7, 404: 1, 500: 2}  # with the first request of /metrics
    assert metrics["http_request_duration_seconds_count"] == 10
    assert metrics['error_events_total{level="error"}'] == 2
    assert metrics["error_spool_events"] == 2
    assert metrics["error_spool_rejected_events"] == 0
    time.sleep(0.01)
    assert served.metrics()["error_spool_oldest_seconds"] > metrics["error_spool_oldest_seconds"] > 0


def test_the_dashboard_asks_only_for_metrics_that_the_site_serves(project: Baked, served: Served) -> None:
    crash(served.port)
    names = {name.partition("{")[0] for name in served.metrics()}
    panels = json.loads(project.read("deploy/grafana/dashboard.json"))["panels"]
    asked = {
        name
        for panel in panels
        for target in panel["targets"]
        for name in re.findall(r"\b(?:http|error)_\w+", target["expr"])
    }
    assert asked <= names
    assert {name for name in names if not name.endswith(("_sum", "_count", "_created"))} <= asked


def test_only_the_token_opens_the_page_and_the_end_of_gunicorn_deletes_its_files(
    project: Baked, served: Served
) -> None:
    assert get(f"http://127.0.0.1:{served.port}/metrics")[0] == 401
    assert any(served.folder.iterdir())
    master = int(served.folder.name.split("-")[1])
    os.kill(master, signal.SIGTERM)
    wait_for(lambda: not served.folder.exists())
