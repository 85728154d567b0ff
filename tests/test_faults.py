"""Failures around a running project. Each test has a row in docs/reliability.md, and each row names its test."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

import pytest

from benchmarks.site import Handler, Tracker, serving
from scripts.demo import TEMPLATE, free_ports, listens
from tests.conftest import BIN, Bake, Baked
from tests.test_servers import wait_for

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="this is Windows, without make, signals and mounts: what faults do was not checked"
)

PAGE = TEMPLATE / "docs" / "reliability.md"
SETTINGS = "from config import settings; print(settings.APP_PORT, settings.DEBUG, settings.SENTRY_OPTIONS['dsn'])"
#: root may read and write any file; without these capabilities, it has only the rights of an ordinary user.
AS_A_USER = (
    ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]
    if os.name != "nt" and os.geteuid() == 0
    else []
)
#: A function that changes the content of an env file.
Change = Callable[[bytes], bytes]
TRACEBACK = "Traceback (most recent call last)"
TOLD = re.compile(r"(?<!ERROR )\b(?:CommandError|ImproperlyConfigured|OperationalError|MigrationSchemaMissing): .*")


@dataclass(frozen=True)
class Project(Baked):
    """A copy of the default project that one test may break, with its own ports."""

    tracker_port: int
    port: int

    @property
    def env_file(self) -> Path:
        """Return the path of the development env file."""
        return self.path / ".envs" / "development.env"

    @property
    def url(self) -> str:
        """Return the address of the site, as `make trigger` prints it."""
        return f"http://localhost:{self.port}"

    def change(self, variable: str, value: str | None, environment: str = "development") -> None:
        """Set a variable in an env file, or delete it."""
        file = self.path / ".envs" / f"{environment}.env"
        lines = [line for line in file.read_text().splitlines() if not line.startswith(f"{variable}=")]
        file.write_text("\n".join([*lines, *([] if value is None else [f"{variable}={value}"]), ""]))

    def start(
        self, command: Sequence[str], variables: Mapping[str, str], log: int | IO[str] = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        """Start a command in a new session, without environment variables that would configure the site."""
        machine = {name: value for name, value in os.environ.items() if name in {"HOME", "LANG", "TMPDIR"}}
        return subprocess.Popen(
            command,
            cwd=self.path,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            env={**machine, "PATH": f"{self.environment / BIN}:{os.environ['PATH']}", **variables},
            start_new_session=True,
        )

    def end(self, *command: str, **variables: str) -> tuple[int, str]:
        """Run a command and return its exit code and output."""
        process = self.start(command, variables)
        try:
            printed, _ = process.communicate(timeout=60)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        return process.returncode, printed

    def failure(self, *command: str, **variables: str) -> str:
        """Run a command that must fail with a one-line reason and no traceback; return that line."""
        code, printed = self.end(*command, **variables)
        assert code != 0, printed
        assert TRACEBACK not in printed, printed
        told: list[str] = TOLD.findall(printed)
        assert len(told) == 1, printed
        assert "hunter2" not in printed
        return told[0]

    @contextlib.contextmanager
    def running(self, *command: str, **variables: str) -> Iterator[Callable[[], str]]:
        """Run a server until the block ends; yield a function that returns its output so far."""
        with (self.path.parent / "log").open("w+") as log:
            server = self.start(command, variables, log)
            try:
                wait_for(lambda: listens(self.port) or server.poll() is not None)
                assert server.poll() is None, (self.path.parent / "log").read_text()
                yield (self.path.parent / "log").read_text
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(server.pid, signal.SIGTERM)
                server.wait(30)

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Return the status of a page and the event id in the response."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("X-Event-ID", "")

    def crash(self) -> str:
        """Raise the test error and return the id of its event."""
        status, event_id = self.get("/glitchtip-debug/")
        assert (status, len(event_id)) == (500, 32)
        return event_id

    def waiting(self) -> set[str]:
        """Return the ids of the events in the spool."""
        return {file.stem.split("-")[2] for file in (self.path / "spool").glob("*/*.envelope")}


@pytest.fixture
def project(baked: Bake, tmp_path: Path) -> Iterator[Project]:
    """Return a copy of the default project, whose .venv is the environment that all tests share."""
    made, path = baked(), tmp_path / "shop"
    shutil.copytree(made.path, path, symlinks=True, ignore=shutil.ignore_patterns("db.sqlite3*"))
    shutil.rmtree(path / "spool", ignore_errors=True)
    (path / ".venv").symlink_to(made.environment)
    (path / ".venv" / "dev-installed").touch()
    project = Project(path, made.environment, *free_ports(2))
    project.change("APP_PORT", str(project.port))
    project.change("SENTRY_DSN", f"http://0123456789abcdef@localhost:{project.tracker_port}/1")
    yield project
    subprocess.run(["chmod", "-R", "u+w", path], check=True)


@pytest.fixture
def migrated(project: Project) -> Project:
    """Return the project with a migrated database."""
    code, printed = project.end("python", "manage.py", "migrate", "--verbosity", "0", SENTRY_DSN="")
    assert code == 0, printed
    return project


RUNSERVER = ("python", "manage.py", "runserver")


def gunicorn(project: Project) -> tuple[str, ...]:
    """Return the command of a server without a reloader."""
    return "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{project.port}"


def end_embedded_tracker(project: Project) -> None:
    """Kill the embedded tracker of a project when it listens."""
    wait_for(lambda: listens(project.tracker_port))
    for process in processes_in(project.path):
        if b"development.tracker.server" in (Path("/proc") / process / "cmdline").read_bytes():
            os.kill(int(process), signal.SIGKILL)


def has_taken(tracker: Tracker, ids: set[str]) -> bool:
    """Return whether all these events have arrived."""
    return ids <= set(tracker.taken)


def said(printed: Callable[[], str], text: str, times: int) -> bool:
    """Return whether a text was printed `times` times."""
    return printed().count(text) == times


def was_asked(tracker: Tracker, times: int) -> bool:
    """Say whether events were sent so often."""
    return tracker.asked >= times


# The tracker and the ports


@pytest.mark.parametrize("server", ["runserver", "gunicorn"])
def test_a_tracker_that_is_absent_at_the_start_comes_goes_and_is_back(
    migrated: Project, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    monkeypatch.setattr(Handler, "protocol_version", "HTTP/1.0")  # no connection stays open after the tracker ends
    with migrated.running(*(RUNSERVER if server == "runserver" else gunicorn(migrated))) as printed:
        if server == "runserver":  # it has started the embedded tracker
            end_embedded_tracker(migrated)
            wait_for(partial(said, printed, "The embedded tracker has stopped", 1))
        warning = ": the tracker does not respond"
        for outage in (1, 2):
            assert migrated.get("/health/")[0] == 200
            ids = {migrated.crash(), migrated.crash()}
            assert ids <= migrated.waiting()
            wait_for(partial(said, printed, warning, outage))
            with serving(migrated.tracker_port) as tracker:
                wait_for(partial(has_taken, tracker, ids))
                wait_for(lambda: migrated.waiting() == set())


class NoTracker(BaseHTTPRequestHandler):
    """A server that is not a tracker."""

    def do_GET(self) -> None:
        """Answer 404."""
        self.send_error(404)

    def do_POST(self) -> None:
        """Answer 404."""
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.mark.parametrize("whose", ["tracker", "site"])
def test_a_port_that_is_taken_ends_make_run(project: Project, whose: str) -> None:
    port = project.tracker_port if whose == "tracker" else project.port
    with ThreadingHTTPServer(("127.0.0.1", port), NoTracker) as other:
        threading.Thread(target=other.serve_forever, args=(0.05,), daemon=True).start()
        line = project.failure("make", "run")
        other.shutdown()
    if whose == "tracker":
        assert line == (
            f"CommandError: Port {port} is used by a program that is not a tracker. Stop that program, or change the port"
            f" of SENTRY_DSN in {project.env_file}."
        )
    else:
        assert line == (
            f"CommandError: Port {port} is used by another program. Stop that program, or set APP_PORT in"
            f" {project.env_file} to another port."
        )
    assert not any(map(listens, (project.tracker_port, project.port)))


@pytest.mark.parametrize("moment", ["while it starts", "while it runs"])
def test_make_run_interrupted_twice_leaves_nothing_running(project: Project, moment: str) -> None:
    process = project.start(("make", "run"), {})
    try:
        if moment == "while it starts":
            wait_for((project.path / "db.sqlite3").exists)
        else:
            wait_for(lambda: listens(project.tracker_port) and listens(project.port))
        for _ in range(2):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.1)
        printed, _ = process.communicate(timeout=30)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert TRACEBACK not in printed, printed
    wait_for(lambda: not processes_in(project.path))
    assert not any(map(listens, (project.tracker_port, project.port)))
    code, printed = project.end("python", "manage.py", "migrate", "--check", SENTRY_DSN="")
    assert code == 0, printed


def processes_in(folder: Path) -> list[str]:
    """Return the ids of the processes whose working directory is a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink() == folder:
                found.append(process.name)
    return found


def test_make_up_without_compose_is_one_line(project: Project, tmp_path: Path) -> None:
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\necho "unknown command: $*" >&2\nexit 1\n')
    docker.chmod(0o755)
    code, printed = project.end("make", "up", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert code != 0
    assert printed.splitlines()[0].startswith("docker compose is not available. Install Docker with Compose v2")


# The database


def test_a_database_that_is_absent_at_the_start(project: Project) -> None:
    [port] = free_ports(1)
    url = f"postgres://shop:hunter2@127.0.0.1:{port}/shop"
    line = project.failure("make", "run", DATABASE_URL=url)
    assert line.startswith(f"OperationalError: the database 127.0.0.1:{port}/shop failed (connection failed: ")
    assert line.endswith(f": start it, or correct DATABASE_URL in {project.env_file}")
    with project.running(*RUNSERVER, DATABASE_URL=url) as printed:
        assert [project.get(path)[0] for path in ("/", "/health/")] == [200, 503]
        assert TRACEBACK not in printed()
        assert TOLD.findall(printed()) == [line]


class Cluster:
    """A separate PostgreSQL, run by an unprivileged user."""

    def __init__(self, programs: Path, folder: Path) -> None:
        """Create the cluster without starting it."""
        self.programs, self.folder, [self.port] = programs, folder, free_ports(1)
        self.user: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL does not run as root
            shutil.chown(folder, "nobody")
            self.user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        options = [
            "--pgdata",
            str(folder / "data"),
            "--username",
            "shop",
            "--auth",
            "trust",
            "--no-sync",
            "--locale",
            "C",
        ]
        subprocess.run(
            [str(programs / "initdb"), *options], check=True, cwd="/", stdout=subprocess.DEVNULL, **self.user
        )
        self.url = f"postgres://shop:hunter2@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it and wait until it listens."""
        options = ["-D", str(self.folder / "data"), "-k", str(self.folder), "-p", str(self.port), "-c", "fsync=off"]
        command, null = [str(self.programs / "postgres"), *options], subprocess.DEVNULL
        self.process = subprocess.Popen(command, cwd="/", stdout=null, stderr=null, **self.user)
        ready = [str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        wait_for(lambda: subprocess.run(ready).returncode == 0)

    def stop(self) -> None:
        """Stop it at once and close all connections (PostgreSQL's "fast shutdown")."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Yield a running PostgreSQL."""
    programs = [path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    if not programs:
        pytest.skip("there is no PostgreSQL (Debian: apt-get install postgresql): one that goes away was not checked")
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(programs[-1], Path(folder))
        cluster.start()
        yield cluster
        cluster.stop()


def test_a_database_that_goes_away_and_comes_back(project: Project, cluster: Cluster) -> None:
    code, printed = project.end("python", "manage.py", "migrate", "-v", "0", DATABASE_URL=cluster.url, SENTRY_DSN="")
    assert code == 0, printed
    session = {"Cookie": f"sessionid={'a' * 32}"}
    with serving(project.tracker_port) as tracker, project.running(*gunicorn(project), DATABASE_URL=cluster.url):
        assert [project.get(path, **session)[0] for path in ("/health/", "/admin/")] == [200, 302]
        cluster.stop()
        assert [project.get(path)[0] for path in ("/", "/health/")] == [200, 503]
        status, event_id = project.get("/admin/", **session)
        cluster.start()
        assert status == 500
        wait_for(lambda: event_id in tracker.taken)
        assert [project.get(path, **session)[0] for path in ("/health/", "/admin/")] == [200, 302]


# The env file


def put(line: bytes) -> Change:
    """Return a function that adds a line to an env file."""
    return lambda content: content + line + b"\n"


def replaced(variable: bytes, line: bytes) -> Change:
    """Return a function that replaces the line of a variable in an env file."""
    return lambda content: re.sub(rb"(?m)^%b=.*$" % variable, line, content)


WRONG: dict[str, tuple[Change, str]] = {
    "a line without =": (put(b"hunter2"), "line {last}: must be KEY=value, without spaces before KEY or around ="),
    "spaces around =": (put(b"SENTRY_DSN = hunter2"), "line {last}: must be KEY=value"),
    "a comment behind a value": (put(b"DEBUG=True # hunter2"), "line {last}: put the comment on its own line"),
    "a quote that stays open": (put(b'SECRET_KEY="hunter2'), "line {last}: a quoted value must end"),
    "Latin-1": (put("EXTRA=hunter2 für".encode("latin-1")), "line {last}: not UTF-8; save the file as UTF-8"),
    "UTF-16": (lambda content: content.decode().encode("utf-16"), "line 1: not UTF-8"),
    "a wrong boolean": (replaced(b"DEBUG", b"DEBUG=Flase"), "DEBUG is not valid: must be True or False; set it in"),
    "a wrong port": (replaced(b"APP_PORT", b"APP_PORT=99999"), "APP_PORT is not valid: must be a port, a whole number"),
    "a malformed DSN": (replaced(b"SENTRY_DSN", b"SENTRY_DSN=http://hunter2/1"), "SENTRY_DSN is not valid: must"),
    "a DSN with port 0": (replaced(b"SENTRY_DSN", b"SENTRY_DSN=http://hunter2@h:0/1"), "SENTRY_DSN is not valid: must"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=list(WRONG))
def test_an_invalid_env_file_is_one_line(project: Project, change: Change, message: str) -> None:
    content = change(project.env_file.read_bytes())
    project.env_file.write_bytes(content)
    line = project.failure("python", "manage.py", "check")
    assert line.startswith("ImproperlyConfigured: ")
    assert message.format(last=content.count(b"\n")) in line
    assert str(project.env_file) in line


RIGHT: dict[str, Change] = {
    "a byte order mark": lambda content: b"\xef\xbb\xbf" + content.partition(b"\n")[2],
    "Windows line ends": lambda content: content.replace(b"\n", b"\r\n"),
    "quotes": lambda content: re.sub(rb"(?m)^(\w+)=(.*)$", rb'\1="\2"', content),
    "a variable twice": lambda content: b"APP_PORT=1\nDEBUG=False\nSENTRY_DSN=\n" + content,
}


@pytest.mark.parametrize("change", RIGHT.values(), ids=list(RIGHT))
def test_an_env_file_that_an_editor_has_changed_is_read(project: Project, change: Change) -> None:
    meant = project.end("python", "-c", SETTINGS)
    assert meant[0] == 0, meant
    project.env_file.write_bytes(change(project.env_file.read_bytes()))
    assert project.end("python", "-c", SETTINGS) == meant
    if change is RIGHT["Windows line ends"]:
        assert f' {project.url}/"\n' in project.end("make", "--dry-run", "up")[1]


NO_FILE: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "missing": (
        lambda file: file.unlink(),
        "SECRET_KEY is missing",
        "(to create the file, run python scripts/create_env_files.py)",
    ),
    "unreadable": (
        lambda file: file.chmod(0),
        "",
        "cannot be read (Permission denied): make it a file that this user can read",
    ),
    "a directory": (
        lambda file: [change() for change in (file.unlink, file.mkdir)],
        "",
        "cannot be read (Is a directory): make it a file that this user can read",
    ),
}


@pytest.mark.parametrize(("change", "start", "end"), NO_FILE.values(), ids=NO_FILE)
def test_what_is_not_an_env_file_is_one_line(
    project: Project, change: Callable[[Path], object], start: str, end: str
) -> None:
    change(project.env_file)
    line = project.failure(*AS_A_USER, "python", "manage.py", "check")
    assert line.startswith(f"ImproperlyConfigured: {start}")
    assert line.endswith(end)
    assert str(project.env_file) in line


@pytest.mark.parametrize(
    "command",
    [
        "make run",
        "gunicorn config.wsgi",
        "gunicorn config.wsgi --preload",
        "gunicorn config.asgi --worker-class asgi",
    ],
)
def test_invalid_settings_end_every_way_to_start_with_one_line(project: Project, command: str) -> None:
    project.change("DEBUG", "Flase")
    assert project.failure(*command.split(), *(gunicorn(project)[2:] if "gunicorn" in command else [])).startswith(
        "ImproperlyConfigured: DEBUG is not valid: must be True or False; set it in"
    )


@pytest.mark.parametrize(
    ("environment", "variable", "message"),
    [
        ("development", "SECRET_KEY", "SECRET_KEY is missing: set it in {file} or in the environment"),
        ("development", "APP_PORT", "APP_PORT is missing: set it in {file} or in the environment"),
        ("production", "ALLOWED_HOSTS", "ALLOWED_HOSTS is empty or *: list the site's hosts in {file}"),
        ("production", "DATABASE_URL", "DATABASE_URL is missing: set it in {file} or in the environment"),
    ],
    ids=["SECRET_KEY", "APP_PORT", "ALLOWED_HOSTS in production", "DATABASE_URL in production"],
)
def test_a_required_variable_that_is_deleted_is_named(
    project: Project, environment: str, variable: str, message: str
) -> None:
    project.change(variable, None, environment)
    line = project.failure("python", "manage.py", "check", DJANGO_ENV=environment)
    assert message.format(file=project.path / ".envs" / f"{environment}.env") in line


WITHOUT = """
import os, pathlib, re, sys
import config.env, django.core.management, error_tracking.options, error_tracking.spool.transport, sentry_sdk
sentry_sdk.init()  # what takes its time to import is imported once
file = pathlib.Path(".envs/development.env")
text = file.read_text()
for variable in sys.argv[1:]:
    file.write_text(re.sub(rf"(?m)^{variable}=.*\\n", "", text))
    assert file.read_text() != text
    if not (child := os.fork()):
        django.core.management.execute_from_command_line(["manage.py", "check"])
        os._exit(0)
    print("checked without", variable, os.waitpid(child, 0)[1], flush=True)
"""


def test_any_other_variable_may_be_deleted(project: Project) -> None:
    optional = set(project.env("development")) - {"SECRET_KEY", "APP_PORT"}
    assert {"DEBUG", "ALLOWED_HOSTS", "SENTRY_DSN", "GLITCHTIP_KEY", "POSTGRES_PASSWORD"} <= optional
    code, printed = project.end("python", "-c", WITHOUT, *optional, DJANGO_SETTINGS_MODULE="config.settings")
    assert code == 0, printed
    assert set(re.findall("checked without (.+) 0", printed)) == optional, printed
    assert TRACEBACK not in printed


# The clock

LIBFAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
CRASHES = """
import json, os, sys, time
import django
django.setup()
import sentry_sdk
from error_tracking.spool.sender import Sender
from error_tracking.spool.thread import SenderThread
Sender.FIRST_PAUSE = SenderThread.LOOK_PAUSE = 0.02
for line in sys.stdin:
    exec(line)
    print(json.dumps([time.time(), sentry_sdk.capture_message("crash", level="error")]), flush=True)
"""
CLOCKS = {
    "an hour behind": ("-1h", "-1h"),
    "an hour ahead": ("+1h", "+1h"),
    "a day behind": ("-1d", "-1d"),
    "a day ahead": ("+1d", "+1d"),
    "set 30 days back": ("+30d", "+0"),
    "set 30 days forward": ("-30d", "+0"),
}
SECONDS = {"h": 3600, "d": 86400}


@pytest.mark.skipif(
    LIBFAKETIME is None, reason="there is no libfaketime (Debian: faketime): a clock that is wrong was not checked"
)
@pytest.mark.parametrize(("before", "after"), CLOCKS.values(), ids=list(CLOCKS))
def test_a_wrong_clock_loses_no_event(project: Project, tmp_path: Path, before: str, after: str) -> None:
    clock = tmp_path / "clock"
    variables = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SENTRY_SPOOL_DIR": str(project.path / "spool"),
        "LD_PRELOAD": str(LIBFAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    ids: list[str] = []
    with serving(project.tracker_port) as tracker:
        tracker.status = 500
        clock.write_text(before)
        process = project.start(("python", "-c", CRASHES), variables)
        assert process.stdin
        assert process.stdout
        try:
            for offset in (before, after):
                clock.write_text(offset)
                process.stdin.write("\n")
                process.stdin.flush()
                now, event_id = json.loads(next(line for line in process.stdout if line.startswith("[")))
                assert abs(now - time.time() - int(offset.rstrip("hd")) * SECONDS.get(offset[-1], 0)) < 60
                ids.append(event_id)
                asked = tracker.asked
                wait_for(partial(was_asked, tracker, asked + 2))  # the bounds were checked
            assert project.waiting() == set(ids)
            tracker.status = 200
            wait_for(lambda: has_taken(tracker, set(ids)))
            wait_for(lambda: project.waiting() == set())
        finally:
            process.kill()
            process.communicate()


# The disk


def full_disk(folder: Path, setup: str, *command: str) -> list[str]:
    """Return a command that runs with a 4 MB disk mounted at `folder`, which the shell command `setup` fills."""
    probe = ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", str(folder)]
    if shutil.which("unshare") is None or subprocess.run(probe, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here (unshare --mount): a disk without space was not checked")
    script = (
        f'mount -t tmpfs -o size=4m tmpfs "$0" && {setup} && {{ cat /dev/zero >"$0/fill" 2>/dev/null; exec "$@"; }}'
    )
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(folder), *command]


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """Return a folder on which a disk is mounted."""
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk"


def test_a_full_disk_of_the_spool_loses_no_event_and_is_used_again(project: Project, disk: Path) -> None:
    command = full_disk(disk, "true", "python", "-c", CRASHES)
    variables = {"DJANGO_SETTINGS_MODULE": "config.settings", "SENTRY_SPOOL_DIR": str(disk / "spool")}
    with serving(project.tracker_port) as tracker:
        program = (
            f"\n\nos.unlink({str(disk / 'fill')!r})\nprint([names for *_, names in os.walk({str(disk / 'spool')!r})])\n"
        )
        process = project.start(command, variables)
        printed, _ = process.communicate(program, timeout=60)
        ids = [json.loads(line)[1] for line in printed.splitlines() if line.startswith(("[1", "[2"))]
        assert len(ids) == 4, printed
        wait_for(lambda: has_taken(tracker, set(ids)))
    assert printed.count("cannot be written (No space left on device): events are sent without it") == 1
    assert f"-{ids[2]}-0.envelope" in printed  # the third was spooled


def test_a_full_disk_of_the_database_is_one_line(project: Project, disk: Path) -> None:
    line = project.failure(
        *full_disk(disk, "true", "python", "manage.py", "migrate"), DATABASE_URL=f"sqlite:///{disk}/db.sqlite3"
    )
    assert f": the database {disk}/db.sqlite3 failed (" in line
    assert line.endswith("database or disk is full): free some space on its disk") or "disk is full)): " in line


def test_a_site_on_a_full_disk_starts_and_reports(migrated: Project, disk: Path) -> None:
    setup = f"cp -a {migrated.path}/. {disk}/ && cd {disk}"
    command = full_disk(disk, setup, "python", "manage.py", "runserver", "--noreload")
    with serving(migrated.tracker_port) as tracker, migrated.running(*command) as printed:
        assert [migrated.get(path)[0] for path in ("/", "/health/")] == [200, 200]
        event_id = migrated.crash()
        wait_for(lambda: event_id in tracker.taken)
        assert re.search(rf"The spool {disk}/spool/\S+ cannot be written \(No space left on device\)", printed())


def test_env_files_on_a_full_disk_are_created_completely_or_not_at_all(project: Project, disk: Path) -> None:
    script = f"{disk}/scripts/create_env_files.py"
    setup = f"mkdir {disk}/.envs && cp -r {project.path}/scripts {disk}/"
    code, printed = project.end(*full_disk(disk, setup, "sh", "-c", f"python {script}; ls -A {disk}/.envs"))
    assert printed == f"{disk}/.envs/development.env cannot be written: No space left on device\n"
    assert code == 0


# A project that cannot be written


def lock(project: Project) -> None:
    """Make the whole project read-only."""
    subprocess.run(["chmod", "-R", "a-w", project.path], check=True)


def test_make_run_in_a_read_only_project_is_one_line(project: Project) -> None:
    lock(project)
    assert project.failure(*AS_A_USER, "make", "run") == (
        f"OperationalError: the database {project.path}/db.sqlite3 failed (unable to open database file): give this"
        " user write access to the folder"
    )


def test_a_read_only_project_without_env_files_is_one_line(project: Project) -> None:
    for file in (project.path / ".envs").glob("*.env"):
        file.unlink()
    lock(project)
    code, printed = project.end(*AS_A_USER, "make", "run")
    assert code != 0
    assert printed.splitlines()[0] == f"{project.env_file} cannot be written: Permission denied"
    assert TRACEBACK not in printed


def test_a_read_only_project_with_its_database_elsewhere_serves_and_reports(migrated: Project, tmp_path: Path) -> None:
    (migrated.path / "db.sqlite3").rename(tmp_path / "db.sqlite3")
    lock(migrated)
    command = [*AS_A_USER, *RUNSERVER]
    with (
        serving(migrated.tracker_port) as tracker,
        migrated.running(*command, DATABASE_URL=f"sqlite:///{tmp_path}/db.sqlite3") as printed,
    ):
        assert migrated.get("/health/")[0] == 200
        event_id = migrated.crash()
        wait_for(lambda: event_id in tracker.taken)
        assert re.search(rf"The spool {migrated.path}/spool/\S+ cannot be written \(Permission denied\)", printed())


# The page


def test_every_row_has_a_test_and_every_fault_test_has_a_row() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "--quiet", __file__],
        cwd=TEMPLATE,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    tests = set(re.findall(r"(?m)^tests/test_faults\.py::(.+)$", listed))
    tests.remove("test_every_row_has_a_test_and_every_fault_test_has_a_row")
    rows = [
        line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ") and "`test_" in line
    ]
    named: set[str] = set()
    for row in rows:
        for name, file in re.findall(r"`(test_[^`]+)`(?:\]\((\S+?)\))?", row):
            if file:
                assert f"def {name}(" in (PAGE.parent / file).read_text(encoding="utf-8"), row
            else:
                named.add(name)
    assert named == tests
