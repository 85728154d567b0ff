"""A job that succeeds sends a heartbeat to its monitor; one that fails sends none."""

import sys
import uuid

import pytest
from django.core.management import CommandError, call_command

from error_tracking.heartbeat import heartbeats, monitored
from servers import Handler, serving

KEY = "0123456789abcdef" * 2
PATH = f"/api/0/organizations/acme/heartbeat_check/{uuid.uuid5(uuid.UUID(KEY), 'backup')}/"


@pytest.fixture
def glitchtip(settings):
    """Yield a GlitchTip with two organizations, of which one has the monitor of the job `backup`."""
    with serving(200) as tracker:
        tracker.pages = {"/api/0/organizations/": [{"slug": "other"}, {"slug": "acme"}], PATH: {}}
        settings.SENTRY_OPTIONS = {**settings.SENTRY_OPTIONS, "dsn": f"http://{KEY}@127.0.0.1:{tracker.server_port}/1"}
        settings.GLITCHTIP_API_TOKEN = "token"
        settings.HEARTBEATS = {"backup": 7200, "elsewhere": f"http://127.0.0.1:{tracker.server_port}/heartbeat"}
        yield tracker


def test_a_block_that_ends_sends_a_heartbeat(glitchtip):
    with monitored("backup"):
        assert glitchtip.heartbeats == []
    assert glitchtip.heartbeats[-1] == PATH


def test_a_block_that_raises_sends_none(glitchtip):
    with pytest.raises(ZeroDivisionError), monitored("backup"):
        print(1 / 0)
    assert glitchtip.heartbeats == []


@pytest.mark.parametrize(
    ("job", "pages", "message"),
    [
        ("reports", {}, "HEARTBEATS has no job reports: add it"),
        ("backup", {"/api/0/organizations/": [{"slug": "acme"}]}, "GlitchTip has no monitor for backup: run"),
        ("backup", {}, "The heartbeat of backup was answered with 404: check the tracker"),
        ("elsewhere", {}, "The heartbeat of elsewhere was answered with 404"),
    ],
)
def test_a_heartbeat_that_cannot_be_sent_is_a_warning(glitchtip, caplog, job, pages, message):
    glitchtip.pages = pages
    with monitored(job):
        pass
    [line] = caplog.records
    assert line.levelname == "WARNING"
    assert message in line.getMessage()


@pytest.mark.parametrize("answer", [None, {"detail": "x"}, [None], [{"name": "acme"}], "x", 5])
def test_an_answer_that_is_not_glitchtips_does_not_fail_the_job(glitchtip, caplog, answer):
    glitchtip.pages = {"/api/0/organizations/": answer}
    with monitored("backup"):
        pass
    assert "The heartbeat of backup was not sent" in caplog.text


def test_a_heartbeat_that_is_redirected_was_not_sent(glitchtip, caplog, monkeypatch):
    monkeypatch.setattr(Handler, "do_POST", lambda handler: handler.answer(302))
    glitchtip.headers = {"Location": "/"}
    with monitored("elsewhere"):
        pass
    assert "was answered with 302" in caplog.text


def test_the_token_is_not_sent_to_another_server(glitchtip, settings):
    with serving(302) as proxy:
        monitor = "/api/0/organizations/"
        proxy.redirects = {monitor: f"http://127.0.0.1:{glitchtip.server_port}{monitor}"}
        settings.SENTRY_OPTIONS = {**settings.SENTRY_OPTIONS, "dsn": f"http://{KEY}@127.0.0.1:{proxy.server_port}/1"}
        with monitored("backup"):
            pass
    assert glitchtip.heartbeats == []  # it has answered 401


def test_all_pages_of_a_list_are_read(glitchtip):
    pages = {"": [{"slug": "other"}], "cursor=2": [{"slug": "acme"}]}
    glitchtip.lists = {"/api/0/organizations/": pages}
    with monitored("backup"):
        pass
    assert glitchtip.heartbeats[-1] == PATH


def test_a_token_that_is_rejected_is_named(glitchtip, settings, caplog):
    settings.GLITCHTIP_API_TOKEN = "revoked"
    with monitored("backup"):
        pass
    assert "answered with 401: check GLITCHTIP_API_TOKEN" in caplog.text


def test_without_monitored_jobs_nothing_is_sent_or_logged(settings, caplog):
    settings.HEARTBEATS = {}
    with monitored("backup"):
        pass
    assert caplog.records == []


def test_run_monitored_sends_a_heartbeat_after_success(glitchtip, capfd):
    call_command("run_monitored", "backup", sys.executable, "-c", "print('saved')")
    assert capfd.readouterr().out == "saved\n"
    assert glitchtip.heartbeats[-1] == PATH


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ([sys.executable, "-c", "raise SystemExit(7)"], 7, "failed with exit code 7: no heartbeat was sent"),
        ([sys.executable, "-c", "import os; os.abort()"], 134, "failed with exit code -6"),
        (["no-such-program", "--help"], 127, "no-such-program cannot be run"),
        ([], 1, "Which command"),
    ],
)
def test_run_monitored_ends_with_the_code_of_a_failed_command(glitchtip, command, code, message):
    with pytest.raises(CommandError, match=message) as failure:
        call_command("run_monitored", "backup", *command)
    assert failure.value.returncode == code
    assert glitchtip.heartbeats == []


def test_run_monitored_leaves_the_event_of_a_management_command_to_that_command(glitchtip, capsys):
    with pytest.raises(SystemExit) as end:
        call_command("run_monitored", "backup", sys.executable, "manage.py", "no-such-command")
    assert end.value.code == 1
    assert "failed with exit code 1: no heartbeat was sent" in capsys.readouterr().err
    assert glitchtip.heartbeats == []


def test_run_monitored_does_not_start_an_unknown_job(glitchtip, capfd):
    with pytest.raises(CommandError, match="HEARTBEATS has no job reports"):
        call_command("run_monitored", "reports", sys.executable, "-c", "print('started')")
    assert capfd.readouterr().out == ""


def test_run_monitored_prints_that_a_heartbeat_was_not_sent(glitchtip, capsys):
    glitchtip.pages = {}
    call_command("run_monitored", "backup", sys.executable, "-c", "")
    assert "The heartbeat of backup was answered with 404" in capsys.readouterr().err


def test_a_job_has_seconds_or_a_url():
    assert heartbeats("backup=7200, reports=https://example.com/ping") == {
        "backup": 7200,
        "reports": "https://example.com/ping",
    }


@pytest.mark.parametrize(
    "value",
    ["backup", "backup=", "=7200", "backup=0", "backup=32768", "backup=2h", "a=-1", "a=http://u:p@b/", "a=http://b/ c"],
)
def test_other_jobs_are_rejected(value):
    with pytest.raises(ValueError, match="must be a list such as backup=7200"):
        heartbeats(value)


def test_a_job_cannot_be_there_twice():
    with pytest.raises(ValueError, match="must contain each job only once, but has backup twice"):
        heartbeats("backup=60,backup=70")
