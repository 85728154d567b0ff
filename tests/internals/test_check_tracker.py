"""`manage.py check_tracker` reports each step of an event's delivery, and who is notified."""

import json
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
def test_check_tracker_finds_the_issue_in_glitchtip(tracker, settings, capsys):
    tracker.pages = GLITCHTIP
    call_command("check_tracker", "--read-back")
    assert f"found: http://127.0.0.1:{tracker.server_port}/shop/issues/7" in capsys.readouterr().out
    settings.TRACKER_URL = "https://errors.example.com/"
    call_command("check_tracker", "--read-back")
    assert "found: https://errors.example.com/shop/issues/7" in capsys.readouterr().out


@pytest.mark.parametrize("tracker", [200], indirect=True)
@pytest.mark.parametrize(
    ("pages", "token", "message"),
    [
        ({}, "token", "is not GlitchTip"),
        (GLITCHTIP, "", "GLITCHTIP_API_TOKEN is empty"),
        (GLITCHTIP, "wrong", "answered 401: check GLITCHTIP_API_TOKEN"),
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
    monkeypatch.setattr("error_tracking.probe.SECONDS", 0.1)
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


RULE = {"name": "First event", "quantity": 1, "timespanMinutes": 60, "alertRecipients": [{"recipientType": "email"}]}
HOOK = {"recipientType": "webhook", "url": "https://hooks.example.com/secret"}
WITH_A_RULE = {
    **GLITCHTIP,
    "/api/0/projects/": [{"id": "1", "slug": "site", "organization": {"slug": "shop"}}],
    "/api/0/projects/shop/site/alerts/": [RULE],
    "/api/0/projects/shop/site/teams/": [{"slug": "team"}],
    "/api/0/teams/shop/team/members/": [
        {"email": "ada@example.com", "pending": False},
        {"email": "invited@example.com", "pending": True},
    ],
}


MAIL = {"ID": "1", "Subject": "Error in site: check_tracker --alert abc", "To": [{"Address": "ada@example.com"}]}
SEVERAL = {**MAIL, "Subject": "2 errors reported in site"}


@pytest.mark.parametrize("tracker", [200], indirect=True)
@pytest.mark.parametrize("mail", [MAIL, SEVERAL], ids=["in the subject", "in the text"])
def test_an_alert_is_followed_to_the_mail_in_mailpit(tracker, settings, monkeypatch, capsys, mail):
    monkeypatch.setattr("error_tracking.management.commands.check_tracker.token_hex", lambda _: "abc")
    inbox = {"/api/v1/messages": {"messages": [{**MAIL, "ID": "0", "Subject": "older"}, mail]}}
    texts = {"/api/v1/message/0": {"Text": "older"}, "/api/v1/message/1": {"Text": "check_tracker --alert abc"}}
    tracker.pages = {**WITH_A_RULE, **inbox, **texts}
    settings.MAILPIT_URL = f"http://127.0.0.1:{tracker.server_port}/"
    call_command("check_tracker", "--alert")
    printed = capsys.readouterr().out
    assert "Rule      First event: notifies ada@example.com by mail" in printed
    assert f"found: {mail['Subject']}, to ada@example.com" in printed
    [body] = tracker.bodies
    event = json.loads(body.split(b"\n")[2])
    assert (event["level"], event["fingerprint"]) == ("error", ["abc"])  # a new issue


@pytest.mark.parametrize("tracker", [200], indirect=True)
def test_without_mailpit_the_reader_looks_into_the_inbox(tracker, monkeypatch, capsys):
    monkeypatch.setattr("error_tracking.conf.has_mail_server", lambda: True)
    tracker.pages = {
        **WITH_A_RULE,
        "/api/0/projects/shop/site/alerts/": [{**RULE, "alertRecipients": [HOOK, *RULE["alertRecipients"]]}],
    }
    call_command("check_tracker", "--alert")
    printed = capsys.readouterr().out
    assert "notifies ada@example.com by mail, webhook at hooks.example.com\n" in printed
    assert "secret" not in printed
    assert "Mail      not checked" in printed


@pytest.mark.parametrize("tracker", [200], indirect=True)
@pytest.mark.parametrize(
    ("pages", "message"),
    [
        ({"/api/0/projects/": []}, "cannot see project 1"),
        ({"/api/0/projects/shop/site/alerts/": []}, "no rule is triggered by one event"),
        ({"/api/0/projects/shop/site/alerts/": [{**RULE, "quantity": 10}]}, "no rule is triggered by one event"),
        ({"/api/0/projects/shop/site/alerts/": [{**RULE, "timespanMinutes": None}]}, "no rule is triggered"),
        ({"/api/0/projects/shop/site/alerts/": [{**RULE, "environment": "staging"}]}, "no rule is triggered"),
        ({"/api/0/teams/shop/team/members/": []}, "the rules notify nobody"),
        ({}, "EMAIL_URL is empty, so GlitchTip prints its mail"),
    ],
)
def test_an_alert_that_nobody_gets_is_a_failure(tracker, pages, message):
    tracker.pages = {**WITH_A_RULE, **pages}
    with pytest.raises(CommandError, match=message):
        call_command("check_tracker", "--alert")


@pytest.mark.parametrize("tracker", [200], indirect=True)
def test_a_mail_that_does_not_come_is_a_failure(tracker, settings, monkeypatch):
    monkeypatch.setattr("error_tracking.management.commands.check_tracker.ALERT_SECONDS", 0.1)
    monkeypatch.setattr("error_tracking.management.commands.check_tracker.LOOK_SECONDS", 0.1)
    tracker.pages = {**WITH_A_RULE, "/api/v1/messages": {"messages": []}}
    settings.MAILPIT_URL = f"http://127.0.0.1:{tracker.server_port}/"
    with pytest.raises(CommandError, match="none after 0.1 s: check that GlitchTip's worker runs"):
        call_command("check_tracker", "--alert")
