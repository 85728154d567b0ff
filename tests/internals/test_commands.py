"""A management command that fails while nobody sees it is one event, which has the command's name."""

import contextlib
import json
import os
import subprocess
import sys

import pytest
import sentry_sdk
from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.core.management.base import SystemCheckError
from sentry_sdk.scope import use_isolation_scope, use_scope

from error_tracking.commands import failures_reported
from servers import line_server

SECRET = "peony-basket-42"
COMMAND = """
from django.core.management import BaseCommand, CommandError

class Command(BaseCommand):
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("how")
        parser.add_argument("--api-key")
        parser.add_argument("--password")

    def handle(self, *args, how, **options):
        if how == "fails":
            raise CommandError("the file is empty", returncode=4)
        if how == "crashes":
            raise ZeroDivisionError
        for number in range(100_000):
            self.stdout.write("one more order")
"""


class ImportOrders(BaseCommand):
    """Ends as its argument says."""

    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("how")

    def handle(self, *args, how, **options):
        if how == "fails":
            raise CommandError("the file is empty", returncode=4)
        if how == "checks":
            raise SystemCheckError("the shelf is missing")
        if how == "calls":
            call_command(ImportOrders(), "fails")
        if how == "misuses":
            call_command(ImportOrders(), "fails", "--nonsense")
        if how == "handles":
            try:
                call_command(ImportOrders(), "fails")
            except CommandError:
                sys.exit(6)
        sys.exit(how == "exits")


@contextlib.contextmanager
def new_scopes():
    """Run a block as a new process runs a command: without what other tests have left in the SDK's scopes."""
    with use_isolation_scope(sentry_sdk.Scope()), use_scope(sentry_sdk.Scope()):
        yield


@pytest.fixture
def run(sentry_events, monkeypatch):
    """Return a function that runs the command in this process, and returns its exit code and its events."""

    def command(*arguments, attended=False, name="import_orders"):
        monkeypatch.setattr(os, "isatty", lambda number: attended)
        argv = ["manage.py", name, *arguments]
        with new_scopes(), pytest.raises(SystemExit) as end, failures_reported(argv):
            ImportOrders().run_from_argv(argv)
        return end.value.code, sentry_events

    return command


@pytest.mark.parametrize(
    ("how", "code", "text"),
    [
        ("fails", 4, "the file is empty"),
        ("calls", 4, "the file is empty"),
        ("misuses", 1, "Error: unrecognized arguments: --nonsense"),
        ("checks", 1, "the shelf is missing"),
    ],
)
def test_a_command_error_is_one_event_if_nobody_sees_it(run, capsys, how, code, text):
    ended, [event] = run(how)
    assert ended == code
    assert event["exception"]["values"][-1]["value"] == text
    assert event["transaction"] == "manage.py import_orders"
    assert text in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["fails", "--nonsense"], [], ["fails", "--verbosity=x"]])
def test_arguments_that_are_not_valid_are_one_event_if_nobody_sees_them(run, arguments):
    ended, [event] = run(*arguments)
    assert ended == 2
    assert event["level"] == "error"
    assert event["message"].startswith("manage.py import_orders did not run")


@pytest.mark.parametrize(("how", "code"), [("exits", True), ("succeeds", False), ("handles", 6), ("--help", 0)])
def test_a_command_that_ends_itself_is_no_event(run, how, code):
    assert run(how) == (code, [])


@pytest.mark.parametrize("arguments", [["fails"], ["checks"], ["fails", "--nonsense"], []])
def test_a_person_who_types_a_command_sees_the_message_and_it_is_no_event(run, capsys, arguments):
    assert run(*arguments, attended=True)[1] == []
    assert "rror: " in capsys.readouterr().err or arguments == ["checks"]


@pytest.mark.parametrize("name", ["check_spool", "check_tracker", "flush_spool"])
def test_commands_that_look_after_the_tracker_report_nothing_to_it(run, name):
    assert run("fails", name=name) == (4, [])


def test_events_of_a_command_have_its_name(sentry_events):
    with new_scopes(), failures_reported(["manage.py", "import_orders", "fails"]):
        sentry_sdk.capture_message("an order is late")
    assert sentry_events[0]["transaction"] == "manage.py import_orders"


class Project:
    """A project with the command `import_orders`, whose tracker is down."""

    def __init__(self, folder, port=9):
        commands = folder / "shop" / "management" / "commands"
        commands.mkdir(parents=True)
        for package in (folder / "shop", commands.parent, commands):
            (package / "__init__.py").touch()
        (commands / "import_orders.py").write_text(COMMAND)
        lines = "from config.settings import *\nINSTALLED_APPS += ['shop']\n"
        (folder / "shop_settings.py").write_text(lines)
        self.spool = folder / "spool"
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(folder),
            "DJANGO_SETTINGS_MODULE": "shop_settings",
            "DATABASE_URL": "sqlite://:memory:",
            "SENTRY_DSN": f"http://key@127.0.0.1:{port}/1",
            "SENTRY_SPOOL_DIR": str(self.spool),
        }

    def run(self, *arguments, **streams):
        """Run a command without a terminal, except for `streams`; return its exit code, output and events."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        command = [sys.executable, "manage.py", *arguments]
        process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=self.environment, text=True, **pipes | streams)
        printed = process.communicate(timeout=60)[1]
        kept = [file.read_bytes().splitlines()[2] for file in self.spool.glob("*/*.envelope")]
        return process.returncode, printed, [*map(json.loads, kept)]


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        (["fails", f"--password={SECRET}", "--api-key", SECRET], 4, "CommandError"),
        (["fails", "--traceback"], 1, "CommandError"),
        (["crashes"], 1, "ZeroDivisionError"),
    ],
)
def test_manage_py_reports_a_failure_once_without_the_secrets_of_its_arguments(project, arguments, code, kind):
    ended, printed, [event] = project.run("import_orders", *arguments)
    assert ended == code
    assert kind in printed
    assert event["exception"]["values"][-1]["type"] == kind
    assert event["transaction"] == "manage.py import_orders"
    assert event["extra"]["sys.argv"][:3] == ["manage.py", "import_orders", arguments[0]]
    assert SECRET not in str(event)


def test_an_unknown_command_is_an_event(project):
    ended, _, [event] = project.run("imprt_orders")
    assert ended == 1
    assert event["message"].startswith("manage.py imprt_orders did not run")


@pytest.mark.parametrize(
    ("stream", "arguments", "events"),
    [
        ("stdin", ["fails"], 0),
        ("stdout", ["fails"], 0),
        ("stderr", ["fails", "--traceback"], 0),
        ("stdin", ["crashes"], 1),
    ],
)
def test_a_command_with_a_terminal_is_attended(project, stream, arguments, events):
    pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")
    ours, terminal = pty.openpty()
    ended, printed, sent = project.run("import_orders", *arguments, **{stream: terminal})
    assert ended == (4 if arguments == ["fails"] else 1)
    if stream == "stderr":
        printed = os.read(ours, 100_000).decode()
    assert ("Traceback" in printed) == (arguments != ["fails"])
    assert len(printed.splitlines()) == 1 or arguments != ["fails"]
    assert len(sent) == events
    os.close(ours)
    os.close(terminal)


def test_a_tracker_that_does_not_answer_keeps_the_event_in_the_spool(tmp_path):
    with line_server(b"") as port:
        ended, _, [event] = Project(tmp_path, port).run("import_orders", "fails")
    assert ended == 4
    assert event["exception"]["values"][-1]["value"] == "the file is empty"


def test_a_reader_that_stops_reading_is_no_event(project):
    read, write = os.pipe()
    os.close(read)
    ended, _, sent = project.run("import_orders", "prints", stdout=write)
    os.close(write)
    assert ended != 0
    assert sent == []
