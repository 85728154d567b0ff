"""`manage.py check_tracker` reports each step of an event's delivery."""

from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command

from servers import Tracker, line_server, serving


def use(settings, port):
    """Point the settings at a tracker on a local port."""
    settings.SENTRY_OPTIONS = {**settings.SENTRY_OPTIONS, "dsn": f"http://key@127.0.0.1:{port}/1"}


@pytest.fixture
def tracker(settings, request) -> Iterator[Tracker]:
    """Yield a tracker that answers with the test's status, and point the settings at it."""
    with serving(request.param) as server:
        use(settings, server.server_port)
        settings.GLITCHTIP_API_TOKEN = "token"
        yield server


@pytest.mark.parametrize("tracker", [200], indirect=True)
def test_check_tracker_says_that_an_event_was_accepted(tracker, capsys):
    call_command("check_tracker")
    assert "Event     accepted" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("tracker", "message"),
    [
        (401, "key is rejected"),
        (403, "30 seconds"),
        (404, "project number"),
        (413, "too large"),
        (429, "rate limit is exceeded"),
        (500, "the tracker failed"),
    ],
    indirect=["tracker"],
)
def test_check_tracker_says_why_an_event_was_rejected(tracker, message):
    with pytest.raises(CommandError, match=message):
        call_command("check_tracker")


GLITCHTIP = {
    "/api/settings/": {"version": "6.2.3"},
    "/api/0/organizations/": [{"slug": "shop"}],
    "/api/0/organizations/shop/issues/": [{"id": "7", "title": "burnt"}],
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
        (GLITCHTIP, "wrong", "its API answered 401"),
        ({**GLITCHTIP, "/api/0/organizations/shop/issues/": []}, "token", "accepted but not stored"),
    ],
)
def test_check_tracker_says_why_no_issue_is_found(tracker, settings, monkeypatch, pages, token, message):
    tracker.pages, settings.GLITCHTIP_API_TOKEN = pages, token
    monkeypatch.setattr("error_tracking.management.commands.check_tracker.READ_BACK_SECONDS", 0.1)
    monkeypatch.setattr("error_tracking.management.commands.check_tracker.LOOK_SECONDS", 0.1)
    with pytest.raises(CommandError, match=message):
        call_command("check_tracker", "--read-back")


@pytest.mark.parametrize(("answer", "message"), [(b"+PONG\r\n", "cannot be reached"), (b"", "did not respond within")])
def test_check_tracker_says_that_the_server_does_not_speak_http(settings, monkeypatch, answer, message):
    monkeypatch.setattr("error_tracking.management.commands.check_tracker.SECONDS", 0.1)
    with line_server(answer) as port:
        use(settings, port)
        with pytest.raises(CommandError, match=message):
            call_command("check_tracker")


def test_check_tracker_says_that_nothing_listens(settings):
    with Tracker(200) as closed:
        use(settings, closed.server_port)
    with pytest.raises(CommandError, match="refused the connection"):
        call_command("check_tracker")


def test_check_tracker_says_that_there_is_no_dsn():
    with pytest.raises(CommandError, match="SENTRY_DSN is empty"):
        call_command("check_tracker")
