"""Background jobs, run by real workers with a real queue: which become events, and what a killed worker leaves."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.site import Tracker, serving
from scripts.demo import free_ports, listens, received_events, running
from tests.conftest import BIN, Bake, Baked
from tests.test_servers import wait_for

REDIS = shutil.which("valkey-server") or shutil.which("redis-server")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="Celery does not run on Windows: no worker was checked")
SYSTEMS = [
    "django-tasks",
    pytest.param(
        "celery",
        marks=pytest.mark.skipif(not REDIS, reason="there is no valkey-server or redis-server: Celery was not checked"),
    ),
]
#: Jobs that both systems run, by the decorator and the way to try again.
JOBS = """
import asyncio, os, pathlib, signal, time


{task}
def cancel():
    raise asyncio.CancelledError("stopped")  # it is no Exception


{task}
def charge(order, card_number):
    raise ValueError("declined \\udce9")  # a character that no database stores


{task}
def send(folder):
    mark = pathlib.Path(folder, "tried")
    if not mark.exists():
        mark.touch()
        {again}
    pathlib.Path(folder, "sent").touch()


{task}
def wait(folder):
    with open(pathlib.Path(folder, "waits"), "a") as file:
        file.write("started\\n")
    while not pathlib.Path(folder, "go").exists():
        time.sleep(0.05)
    pathlib.Path(folder, "done").touch()


{task}
def die():
    os.kill(os.getpid(), signal.SIGKILL)
"""
SYSTEM = {
    "django-tasks": {
        "head": "from jobs import task\nfrom jobs.retries import RetryLaterError",
        "task": "@task",
        "again": "raise RetryLaterError(seconds=0)",
        "queue": "enqueue",
        "worker": ["python", "manage.py", "db_worker", "--no-reload", "--no-startup-delay", "--interval", "0.1"],
    },
    "celery": {
        "head": "from celery import shared_task",
        "task": "@shared_task(autoretry_for=[ConnectionError], default_retry_delay=0, max_retries=1)",
        "again": 'raise ConnectionError("busy")',
        "queue": "delay",
        "worker": ["celery", "--app", "config", "worker", "--without-gossip", "--without-mingle"],
    },
}
VIEW = """

def queue(request, name):
    import importlib, json
    getattr(importlib.import_module("shop.tasks"), name).{queue}(*json.loads(request.GET["arguments"]))
    from django.http import HttpResponse
    return HttpResponse()


urlpatterns += [path("queue/<name>/", queue)]
"""
REQUEST = """
import sys, django
django.setup()
from django.test import Client
print(Client(headers={"host": "localhost"}).get(sys.argv[1], {"arguments": sys.argv[2]})["X-Request-ID"])
"""
#: Makes all workers look as if they had last been seen an hour ago.
AGE = """
import django
django.setup()
from datetime import timedelta
from django.utils import timezone
from jobs.models import LiveWorker
LiveWorker.objects.update(seen_at=timezone.now() - timedelta(hours=1))
"""


class Shop:
    """A project with jobs in a folder of its own, with its queue, spool and the port of its tracker."""

    def __init__(self, project: Baked, folder: Path, system: str, broker_port: int) -> None:
        """Copy a baked project, and add the app `shop` with `JOBS` and a view that queues them."""
        self.folder, self.project = folder, Baked(folder / "project", project.environment)
        self.system, words = system, SYSTEM[system]
        shutil.copytree(project.path, self.project.path, symlinks=True)
        app = self.project.path / "shop"
        app.mkdir()
        (app / "__init__.py").touch()
        (app / "tasks.py").write_text(str(words["head"]) + JOBS.format(task=words["task"], again=words["again"]))
        self.edit("config/settings.py", '"pages",', '"pages", "shop",')
        self.edit("config/urls.py", "\nurlpatterns = [", "\nfrom django.urls import path\nurlpatterns = [")
        with (self.project.path / "config" / "urls.py").open("a") as file:
            file.write(VIEW.format(queue=words["queue"]))
        if system == "django-tasks":
            self.edit("jobs/retries.py", "ATTEMPTS = 5", "ATTEMPTS = 2")
        [self.tracker_port] = free_ports(1)
        self.health = folder / "health"
        self.variables = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DJANGO_ENV": "development",
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "BROKER_URL": f"redis://localhost:{broker_port}/0",
            "SENTRY_DSN": f"http://0123456789abcdef@127.0.0.1:{self.tracker_port}/1",
            "SENTRY_SPOOL_DIR": str(folder / "spool"),
            "WORKER_HEALTH_FILE": str(self.health),
        }
        self.run("manage.py", "migrate", "--verbosity=0")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace the only occurrence of a text in a file."""
        text = self.project.read(name)
        assert text.count(old) == 1, name
        (self.project.path / name).write_text(text.replace(old, new))

    def run(self, *arguments: str) -> str:
        """Run Python in the project, and return what it printed."""
        return self.project.run("python", *arguments, **self.variables)

    def queue(self, name: str, *arguments: Any) -> str:
        """Queue a job in a request, and return the request's ID."""
        return self.run("-c", REQUEST, f"/queue/{name}/", json.dumps(arguments)).splitlines()[-1]

    def waiting(self) -> list[Path]:
        """Return the events in the spool."""
        return list((self.folder / "spool").glob("*/*.envelope"))

    def started(self) -> int:
        """Return how often the job `wait` was started."""
        file = self.folder / "waits"
        return file.read_text().count("started") if file.exists() else 0

    def healthy(self) -> bool:
        """Return what the health check of the service in compose.yaml says."""
        [command] = yaml.safe_load(self.project.read("compose.yaml"))["services"]["worker"]["healthcheck"]["test"][1:]
        return subprocess.run(["sh", "-c", command.replace("/tmp/worker-health", str(self.health))]).returncode == 0

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run a worker, and kill what is left of it at the end of the block."""
        program, *arguments = SYSTEM[self.system]["worker"]
        with (self.folder / "log").open("a") as log:
            process = subprocess.Popen(
                [self.project.environment / BIN / program, *arguments],
                cwd=self.project.path,
                env={**os.environ, **self.variables},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                yield process
            finally:
                self.kill(process)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a worker and its children, as the kernel or Docker does."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)


@pytest.fixture(params=SYSTEMS)
def shop(baked: Bake, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Shop]:
    """Yield a project for each system; for Celery, its broker is running."""
    [port] = free_ports(1)
    project = baked(background_jobs=request.param)
    if request.param != "celery":
        yield Shop(project, tmp_path, request.param, port)
        return
    assert REDIS
    broker = subprocess.Popen(
        [REDIS, "--port", str(port), "--save", "", "--dir", str(tmp_path)], stdout=subprocess.DEVNULL
    )
    try:
        wait_for(lambda: listens(port))
        yield Shop(project, tmp_path, request.param, port)
    finally:
        broker.kill()
        broker.wait()


def events(tracker: Tracker) -> list[dict[str, Any]]:
    """Return the events that a tracker has accepted."""
    return [json.loads(body.split(b"\n")[2]) for body in tracker.bodies]


def test_a_failing_job_is_one_event_and_a_retry_is_none(shop: Shop) -> None:
    with serving(shop.tracker_port) as tracker, shop.worker():
        shop.queue("send", str(shop.folder))
        request_id = shop.queue("charge", 7, "4111 1111 1111 1111")
        wait_for(lambda: (shop.folder / "sent").exists() and tracker.bodies)
        other = shop.queue("charge", 8, "4111 1111 1111 1112")  # what follows: nothing else was reported before
        wait_for(lambda: len(tracker.bodies) > 1)
        shop.queue("cancel")
        wait_for(lambda: len(tracker.bodies) > 2)
    first, second, third = sorted(events(tracker), key=lambda event: str(event["timestamp"]))
    assert first["exception"]["values"][-1]["type"] == "ValueError"
    assert first["transaction"] == "shop.tasks.charge"
    assert first["contexts"]["job"]["name"] == "shop.tasks.charge"
    assert first["contexts"]["job"]["arguments"] == {"order": 7, "card_number": "[Filtered]"}
    assert first["contexts"]["request"]["id"] == request_id == first["contexts"]["trace"]["trace_id"]
    assert second["contexts"]["request"]["id"] == other
    assert third["transaction"] == "shop.tasks.cancel"
    assert "CancelledError" in json.dumps(third["exception"])
    assert "4111 1111" not in json.dumps(first)
    log = (shop.folder / "log").read_text()
    assert f"[{request_id:.8}]" in log


def test_a_killed_worker_loses_neither_job_nor_error(shop: Shop) -> None:
    if shop.system == "celery":  # otherwise the test would wait for the time limit of the job that is lost
        shop.edit("config/jobs.py", "max_seconds + 60", '3, "unacked_restore_throttle": 1')
    with shop.worker() as worker:
        shop.queue("charge", 7, "4111 1111 1111 1111")  # while the tracker is down
        wait_for(shop.waiting)
        shop.queue("wait", str(shop.folder))
        wait_for(lambda: shop.started() == 1)
        shop.kill(worker)
    if shop.system == "django-tasks":
        shop.run("-c", AGE)
    with serving(shop.tracker_port) as tracker, shop.worker():
        wait_for(lambda: shop.started() == 2)
        (shop.folder / "go").touch()
        wait_for((shop.folder / "done").exists)
        wait_for(lambda: tracker.bodies and not shop.waiting())
    [event] = events(tracker)
    assert event["transaction"] == "shop.tasks.charge"


def test_a_worker_that_is_stopped_finishes_its_job(shop: Shop) -> None:
    stop = signal.SIGQUIT if shop.system == "celery" else signal.SIGTERM
    with serving(shop.tracker_port) as tracker, shop.worker() as worker:
        shop.queue("wait", str(shop.folder))
        wait_for(lambda: shop.started() == 1)
        worker.send_signal(stop)
        time.sleep(0.5)  # if the job were interrupted, it would be by now
        (shop.folder / "go").touch()
        assert worker.wait(60) in (0, 1)  # Celery ends with 1
        assert (shop.folder / "done").exists()
    assert not tracker.bodies


def test_a_job_that_kills_its_worker_each_time_is_one_event_in_the_end(shop: Shop) -> None:
    with serving(shop.tracker_port) as tracker:
        request_id = shop.queue("die")
        if shop.system == "celery":
            with shop.worker():
                wait_for(lambda: tracker.bodies)
        else:
            for _ in range(2):
                with shop.worker() as worker:
                    assert worker.wait(60) == -signal.SIGKILL
                shop.run("-c", AGE)
            with shop.worker():
                wait_for(lambda: tracker.bodies)
    [event] = events(tracker)
    assert event["exception"]["values"][-1]["type"] in ("JobEndedError", "WorkerLostError")
    assert event["transaction"] == "shop.tasks.die"
    assert event["contexts"]["request"]["id"] == request_id == event["contexts"]["trace"]["trace_id"]


def test_a_job_that_the_code_no_longer_has_is_one_event_with_its_name(shop: Shop) -> None:
    request_id = shop.queue("charge", 7, "kq3vXm8ZpLw2")
    shop.edit("shop/tasks.py", "def charge", "def charge_card")
    with serving(shop.tracker_port) as tracker, shop.worker():
        wait_for(lambda: tracker.bodies)
    [event] = events(tracker)
    assert event["transaction"] == "shop.tasks.charge"
    assert event["contexts"]["request"]["id"] == request_id == event["contexts"]["trace"]["trace_id"]
    assert "kq3vXm8ZpLw2" not in json.dumps(event)


def test_celery_stops_a_job_that_runs_for_too_long_and_reports_it(shop: Shop) -> None:
    if shop.system != "celery":
        pytest.skip("the worker of django-tasks-db has no time limit")
    shop.variables["JOB_MAX_SECONDS"] = "1"
    with serving(shop.tracker_port) as tracker, shop.worker():
        shop.queue("wait", str(shop.folder))
        wait_for(lambda: tracker.bodies)
        shop.queue("charge", 7, "x")
        wait_for(lambda: len(tracker.bodies) == 2)
    types = {event["transaction"]: event["exception"]["values"][-1]["type"] for event in events(tracker)}
    assert types == {"shop.tasks.wait": "TimeLimitExceeded", "shop.tasks.charge": "ValueError"}


@pytest.mark.parametrize("system", ["django-tasks", "celery"])
def test_make_run_runs_a_worker_for_the_button_and_stops_it(baked: Bake, tmp_path: Path, system: str) -> None:
    """Celery's jobs wait in a folder here: development needs no broker."""
    tracker_port, site_port = free_ports(2)
    shared = baked(background_jobs=system)
    project = Baked(tmp_path / "project", shared.environment)
    shutil.copytree(shared.path, project.path, symlinks=True)
    variables = {"APP_PORT": str(site_port), "SENTRY_DSN": f"http://0123456789abcdef@localhost:{tracker_port}/1"}
    command = [str(project.environment / BIN / "python"), "manage.py", "run"]
    with running(project.path, tracker_port, site_port, command=command, **variables):
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        page = browser.open(f"http://localhost:{site_port}/").read().decode()
        [token] = set(re.findall('name="csrfmiddlewaretoken" value="(.*?)"', page))
        answer = browser.open(f"http://localhost:{site_port}/try/job/", f"csrfmiddlewaretoken={token}".encode())
        assert "The job is queued." in answer.read().decode()
        [event] = received_events(f"http://localhost:{tracker_port}", 1)
        assert event["transaction"] == "development.tasks.fail"
        assert event["contexts"]["job"]["arguments"] == {"order": 7, "card_number": "[Filtered]"}
        workers = processes(project.path)
        assert workers
        (project.path / "config" / "log.py").touch()
        wait_for(lambda: processes(project.path) and not processes(project.path) & workers)
    wait_for(lambda: not processes(project.path))


def processes(project: Path) -> set[int]:
    """Return the IDs of the development workers that run in a project."""
    found = subprocess.run(["pgrep", "-f", "development.worker"], capture_output=True, text=True).stdout.split()
    return {
        int(pid) for pid in found if Path(f"/proc/{pid}/cwd").exists() and Path(f"/proc/{pid}/cwd").resolve() == project
    }


def test_the_health_check_notices_a_worker_that_hangs(shop: Shop) -> None:
    def old() -> None:
        os.utime(shop.health, (time.time() - 70, time.time() - 70))

    assert not shop.healthy()
    with shop.worker() as worker:
        wait_for(shop.healthy)
        old()
        wait_for(shop.healthy)  # it touches the file again
        os.kill(worker.pid, signal.SIGSTOP)
        old()
        time.sleep(6)  # longer than between two signs of life
        assert not shop.healthy()
