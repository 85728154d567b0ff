"""What only development has: the start page, its buttons, `runserver`."""

import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from django.utils.html import escape

from servers import line_server, serving


def test_the_start_page_shows_the_name(client, settings):
    response = client.get("/")
    assert f"<h1>{escape(settings.PROJECT_NAME)}</h1>" in response.content.decode()


IN_PRODUCTION = """
import sys, django
django.setup()
from django.urls import get_resolver, resolve
print([str(route.pattern) for route in get_resolver().url_patterns], resolve("/").func.__module__)
print([name for name in sys.modules if name.startswith("development")])
"""


def test_production_has_nothing_of_it(settings):
    variables = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_ENV": "production",
        "DEBUG": "False",
        "ALLOWED_HOSTS": "example.com",
        "DATABASE_URL": "sqlite://:memory:",
    }
    command = [sys.executable, "-c", IN_PRODUCTION]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env={**os.environ, **variables}, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-2:] == ["['', '', 'admin/'] pages.views", "[]"], done.stderr


GLITCHTIP = {
    "/api/settings/": {"version": "6.2.3"},
    "/api/0/organizations/": [{"slug": "acme"}],
    "/api/0/organizations/acme/issues/": [{"id": 7}],
}
EMBEDDED = {
    "/api/eventlist/": {"events": [{"event_id": "own-id"}]},
    "/api/event/own-id": {"payload": {"body": {"event_id": "a" * 32}}},
}


@pytest.mark.parametrize(
    ("pages", "name", "event_page"),
    [
        (GLITCHTIP, "GlitchTip 6.2.3", "acme/issues/7"),
        (EMBEDDED, "embedded tracker", "api/event/own-id"),
        ({}, "another server", ""),
    ],
)
def test_the_start_page_says_who_answers_and_links_to_its_events(client, settings, pages, name, event_page):
    with serving(200) as tracker:
        tracker.pages = pages
        address = f"http://127.0.0.1:{tracker.server_port}/"
        settings.SENTRY_OPTIONS = {**settings.SENTRY_OPTIONS, "dsn": address.replace("//", "//key@") + "1"}
        settings.GLITCHTIP_API_TOKEN = "token"
        shown = client.get("/").content.decode()
        assert f"{name} at {address}" in shown
        assert f"http://****@127.0.0.1:{tracker.server_port}/1" in shown
        assert "key@" not in shown
        assert client.get(f"/event/{'a' * 32}/")["Location"] == address + event_page
        settings.TRACKER_URL = "https://errors.example.com/"
        assert client.get(f"/event/{'a' * 32}/")["Location"] == "https://errors.example.com/" + event_page
    assert f"nothing answers at {address}" in client.get("/").content.decode()


@pytest.mark.parametrize("kind", ["logged", "handled"])
def test_a_button_sends_an_event_and_shows_its_id(client, db, sentry_events, kind):
    page = client.post(f"/try/{kind}/", follow=True).content.decode()
    [event] = sentry_events
    assert f"Sent as event <code>{event['event_id']}</code>" in page
    assert f'href="/event/{event["event_id"]}/"' in page


def test_a_slow_request_says_what_it_takes_to_see_it(client, db, monkeypatch):
    monkeypatch.setattr("development.views.SLOW_SECONDS", 0)
    assert b"SENTRY_TRACES_SAMPLE_RATE=1" in client.post("/try/slow/", follow=True).content


def test_what_is_no_event_id_is_not_shown(client):
    assert b"nonsense" not in client.get("/?tried=error&event=nonsense").content
    assert client.post("/try/nonsense/").status_code == 404


def test_without_a_dsn_there_is_no_event_to_go_to(client):
    assert client.get(f"/event/{'a' * 32}/").status_code == 404


def test_a_taken_port_says_which_variable_to_change(monkeypatch):
    with line_server(b"") as port:
        monkeypatch.setattr("development.management.commands.runserver.Command.default_port", str(port))
        with pytest.raises(CommandError, match=f"Port {port} is taken.*set APP_PORT"):
            call_command("runserver", "--noreload")
