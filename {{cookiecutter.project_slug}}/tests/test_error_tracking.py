"""The wiring of the SDK, the view that fails on purpose and the way to the tracker."""

import subprocess
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from error_tracking import options
from error_tracking.scrubber import Scrubber
from tests.servers import Tracker, line_server, serving


@pytest.fixture
def visitor() -> Client:
    """Give a client that gets the page of an error as a visitor does, instead of the exception."""
    return Client(raise_request_exception=False)


def test_an_error_becomes_one_event(visitor, sentry_events):
    assert visitor.get("/glitchtip-debug/").status_code == 500
    [event] = sentry_events
    assert event["exception"]["values"][-1]["type"] == "ZeroDivisionError"
    assert event["transaction"] == "/glitchtip-debug/"
    assert event["environment"] == "tests"
    assert event["release"] == options.release(settings.BASE_DIR)


def test_the_options_are_these_and_no_others():
    made = options.sentry_options(dsn="d", environment="e", release="r", debug=True, traces_sample_rate=0.5)
    assert [integration.identifier for integration in made.pop("integrations")] == ["django", "logging"]
    assert made.pop("before_send") == made.pop("before_send_transaction")
    assert callable(made.pop("before_breadcrumb"))
    assert callable(made.pop("before_send_log"))
    assert isinstance(made.pop("event_scrubber"), Scrubber)
    assert made.pop("traces_sampler")({}) == 0.5
    assert made == {
        "dsn": "d",
        "environment": "e",
        "release": "r",
        "debug": True,
        "ignore_errors": options.NOISE,
        "enable_logs": False,
        "transport": None,
        "auto_session_tracking": False,
        "send_client_reports": False,
        "_experiments": {"transport_compression_algo": "gzip"},
    }


def test_a_rate_of_0_leaves_tracing_off_and_its_instrumentation_too():
    made = options.sentry_options(dsn="", environment="", release="")
    django = made["integrations"][0]
    assert made["traces_sampler"] is None
    assert (django.signals_spans, django.http_methods_to_capture) == (False, ())


@pytest.mark.parametrize(
    ("context", "rate"),
    [
        ({"wsgi_environ": {"PATH_INFO": "/shop/"}, "parent_sampled": None}, 0.25),
        ({"wsgi_environ": {"PATH_INFO": "/health/"}, "parent_sampled": True}, 0.0),
        ({"asgi_scope": {"path": "/static/site.css"}, "parent_sampled": None}, 0.0),
        ({"wsgi_environ": {"PATH_INFO": "/shop/"}, "parent_sampled": True}, 0.25),
        ({"wsgi_environ": {"PATH_INFO": "/shop/"}, "parent_sampled": False}, 0.0),
    ],
)
def test_health_checks_and_static_files_are_never_traced(context, rate):
    assert options.traces_sampler(0.25, settings.SENTRY_QUIET_PATHS)(context) == rate


def test_a_release_is_name_version_and_commit(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "1.2"\n')
    assert options.release(tmp_path) == "shop@1.2"
    git = ["git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout
    base, _, short = options.release(tmp_path).partition("+")
    assert base == "shop@1.2"
    assert short
    assert commit.startswith(short)


@pytest.mark.parametrize("path", ["/", "/no-such-page/"])
def test_a_page_without_an_error_is_no_event(visitor, sentry_events, path, db):
    visitor.get(path)
    assert sentry_events == []


def test_a_wrong_host_is_no_event(visitor, sentry_events):
    assert visitor.get("/", headers={"host": "elsewhere.example.com"}).status_code == 400
    assert sentry_events == []


def test_the_tests_have_no_tracker():
    assert settings.SENTRY_DSN == ""


@pytest.mark.parametrize(
    ("superuser", "status"), [(True, 500), (False, 404)], ids=["a superuser may", "another user may not"]
)
def test_outside_development_the_error_is_for_superusers(visitor, settings, db, superuser, status):
    settings.ENVIRONMENT = "production"
    visitor.force_login(User.objects.create_user("ada", is_superuser=superuser))
    assert visitor.get("/glitchtip-debug/").status_code == status


def test_outside_development_a_stranger_finds_no_error_view(visitor, settings, db):
    settings.ENVIRONMENT = "staging"
    assert visitor.get("/glitchtip-debug/").status_code == 404


@pytest.mark.parametrize(
    "value",
    [
        "ftp://key@host/1",
        "http://host/1",
        "http://key@host/x",
        "http://key@host:port/1",
        "http://key@host:0/1",
        "http://key@host/1 ",
    ],
)
def test_a_malformed_dsn_is_refused_without_its_key(value):
    with pytest.raises(ValueError, match="it is no DSN such as") as refusal:
        options.dsn(value)
    assert "key@host" not in str(refusal.value)


@pytest.mark.parametrize("value", ["", "1.1", "-0.1", "nan", "a tenth"])
def test_a_sample_rate_is_a_number_from_0_to_1(value):
    with pytest.raises(ValueError, match="from 0 to 1"):
        options.sample_rate(value)


@pytest.fixture
def tracker(settings, request) -> Iterator[Tracker]:
    """Give a tracker that answers with the status of the test's parameter, and point the settings at it."""
    with serving(request.param) as server:
        settings.SENTRY_DSN = f"http://key@127.0.0.1:{server.server_port}/1"
        settings.SENTRY_OPTIONS = {**settings.SENTRY_OPTIONS, "dsn": settings.SENTRY_DSN}
        settings.GLITCHTIP_API_TOKEN = "token"
        yield server


@pytest.mark.parametrize("tracker", [200], indirect=True)
def test_check_tracker_says_that_an_event_was_accepted(tracker, capsys):
    call_command("check_tracker")
    assert "Event     accepted" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("tracker", "message"),
    [
        (401, "key is refused"),
        (403, "30 seconds"),
        (404, "project number"),
        (413, "too large"),
        (429, "limits its rate"),
        (500, "the tracker fails"),
    ],
    indirect=["tracker"],
)
def test_check_tracker_says_why_an_event_was_refused(tracker, message):
    with pytest.raises(CommandError, match=message):
        call_command("check_tracker")


GLITCHTIP = {
    "/api/settings/": {"version": "6.2.3"},
    "/api/0/organizations/": [{"slug": "shop"}],
    "/api/0/organizations/shop/issues/": [{"id": "7"}],
}


@pytest.mark.parametrize("tracker", [200], indirect=True)
def test_check_tracker_finds_the_issue_in_glitchtip(tracker, capsys):
    tracker.pages = GLITCHTIP
    call_command("check_tracker", "--read-back")
    assert f"found: http://127.0.0.1:{tracker.server_port}/shop/issues/7" in capsys.readouterr().out


@pytest.mark.parametrize("tracker", [200], indirect=True)
@pytest.mark.parametrize(
    ("pages", "token", "message"),
    [
        ({}, "token", "is not GlitchTip"),
        (GLITCHTIP, "", "GLITCHTIP_API_TOKEN is empty"),
        (GLITCHTIP, "wrong", "its API answers 401"),
        ({**GLITCHTIP, "/api/0/organizations/shop/issues/": []}, "token", "accepted and never stored"),
    ],
)
def test_check_tracker_says_why_no_issue_is_found(tracker, settings, monkeypatch, pages, token, message):
    tracker.pages, settings.GLITCHTIP_API_TOKEN = pages, token
    monkeypatch.setattr("error_tracking.management.commands.check_tracker.READ_BACK_SECONDS", 0.1)
    monkeypatch.setattr("error_tracking.management.commands.check_tracker.LOOK_SECONDS", 0.1)
    with pytest.raises(CommandError, match=message):
        call_command("check_tracker", "--read-back")


@pytest.mark.parametrize(("answer", "message"), [(b"+PONG\r\n", "cannot be reached"), (b"", "does not answer within")])
def test_check_tracker_says_that_the_server_speaks_no_http(settings, monkeypatch, answer, message):
    monkeypatch.setattr("error_tracking.management.commands.check_tracker.SECONDS", 0.1)
    with line_server(answer) as port:
        settings.SENTRY_DSN = f"http://key@127.0.0.1:{port}/1"
        with pytest.raises(CommandError, match=message):
            call_command("check_tracker")


def test_a_taken_port_says_which_variable_to_change(monkeypatch):
    with line_server(b"") as port:
        monkeypatch.setattr("pages.management.commands.runserver.Command.default_port", str(port))
        with pytest.raises(CommandError, match=f"Port {port} is taken.*set APP_PORT"):
            call_command("runserver", "--noreload")


def test_check_tracker_says_that_nothing_listens(settings):
    with Tracker(200) as closed:
        settings.SENTRY_DSN = f"http://key@127.0.0.1:{closed.server_port}/1"
    with pytest.raises(CommandError, match="refuses the connection"):
        call_command("check_tracker")


def test_check_tracker_says_that_there_is_no_dsn():
    with pytest.raises(CommandError, match="SENTRY_DSN is empty"):
        call_command("check_tracker")
