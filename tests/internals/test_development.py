"""The features that exist only in development: the start page, its buttons, `runserver` and `trigger_error`."""

import logging
import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from development.management.commands.runserver import EMBEDDED as EMBEDDED_PORT
from development.management.commands.runserver import not_shown_by_tracker
from servers import line_server, serving

IN_PRODUCTION = """
import sys, django
django.setup()
from django.urls import resolve
print(resolve("/").func.__module__)
print([name for name in sys.modules if name.startswith("development")])
"""


def test_production_loads_none_of_it(settings):
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
    assert done.stdout.splitlines()[-2:] == ["pages.views", "[]"], done.stderr


EVENT_ID = "a" * 32
GLITCHTIP = {
    "/api/settings/": {"version": "6.2.3"},
    "/api/0/organizations/": [{"slug": "acme"}],
    "/api/0/organizations/acme/issues/": [{"id": 7, "title": "burnt"}],
}
EMBEDDED = {"/api/eventlist/": {"events": [{"event_id": EVENT_ID, "summary": "burnt"}]}}


@pytest.mark.parametrize(
    ("pages", "name", "event_page"),
    [(GLITCHTIP, "GlitchTip 6.2.3", "acme/issues/7"), (EMBEDDED, "embedded tracker", f"events/{EVENT_ID}/")],
)
def test_the_start_page_names_the_tracker_and_links_to_its_events(client, settings, pages, name, event_page):
    with serving(200) as tracker:
        tracker.pages = pages
        address = f"http://127.0.0.1:{tracker.server_port}/"
        settings.SENTRY_OPTIONS = {**settings.SENTRY_OPTIONS, "dsn": address.replace("//", "//key@") + "1"}
        settings.GLITCHTIP_API_TOKEN = "token"
        shown = client.get(f"/?tried=error&event={EVENT_ID}").content.decode()
        assert f'{name}: <a href="{address}">' in shown
        assert f'<a href="{address}{event_page}">burnt</a>' in shown
        assert f"http://****@127.0.0.1:{tracker.server_port}/1" in shown
        assert "key@" not in shown.partition("<body>")[2]  # the script for browsers' errors has it
        settings.TRACKER_URL = "https://errors.example.com/"
        shown = client.get(f"/?tried=error&event={EVENT_ID}").content.decode()
        assert f'<a href="https://errors.example.com/{event_page}">burnt</a>' in shown
    shown = client.get(f"/?tried=error&event={EVENT_ID}").content.decode()
    assert "Not responding. Events are kept in the spool." in shown
    assert "data-waiting" in shown


def test_a_server_that_is_not_a_tracker_is_named(client, settings):
    with serving(200) as server:
        server.pages = {}
        settings.SENTRY_OPTIONS = {**settings.SENTRY_OPTIONS, "dsn": f"http://key@127.0.0.1:{server.server_port}/1"}
        assert "another server: <a" in client.get("/").content.decode()


def test_the_checklist_is_read_live(client, settings, tmp_path):
    settings.BASE_DIR = tmp_path
    (tmp_path / ".envs").mkdir()
    production = tmp_path / ".envs" / "production.env"

    def to_do() -> str:
        return client.get("/").content.decode().partition("Checklist")[2].partition("Where errors go")[0]

    production.write_text("SENTRY_DSN=\n")
    for how in (
        "make trigger",
        "EMAIL_URL in .envs/production.env",
        "SENTRY_DSN in .envs/production.env",
        "make backup",
    ):
        assert how in to_do()
    assert "make tracker" not in to_do()
    production.write_text("SENTRY_DSN=https://key@errors.example.com/1\nEMAIL_URL=smtp://mail.example.com:25\n")
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "today.tar.gz").touch()
    with serving(200) as tracker:
        tracker.pages = EMBEDDED
        settings.SENTRY_OPTIONS = {**settings.SENTRY_OPTIONS, "dsn": f"http://key@127.0.0.1:{tracker.server_port}/1"}
        assert "<code>" not in to_do()
    (tmp_path / "glitchtip").mkdir()
    assert "make tracker" in to_do()


@pytest.mark.parametrize("kind", ["logged", "handled"])
def test_a_button_sends_an_event_and_shows_its_id(client, db, sentry_events, kind):
    page = client.post(f"/try/{kind}/", follow=True).content.decode()
    [event] = sentry_events
    assert f"Event <code>{event['event_id']}</code>" in page


def test_a_slow_request_says_how_to_see_it(client, db, monkeypatch):
    monkeypatch.setattr("development.views.SLOW_SECONDS", 0)
    assert b"SENTRY_TRACES_SAMPLE_RATE=1" in client.post("/try/slow/", follow=True).content


def test_an_invalid_event_id_is_not_shown(client):
    assert b"nonsense" not in client.get("/?tried=error&event=nonsense").content
    assert client.post("/try/nonsense/").status_code == 404


def test_a_taken_port_says_which_variable_to_change(monkeypatch):
    with line_server(b"") as port:
        monkeypatch.setattr("development.management.commands.runserver.Command.default_port", str(port))
        with pytest.raises(CommandError, match=f"Port {port} is used by another program.*set APP_PORT"):
            call_command("runserver", "--noreload")


def test_trigger_error_prints_the_event_and_its_link(settings, capsys):
    with serving(200) as site, serving(200) as tracker:
        site.headers = {"X-Event-ID": EVENT_ID}
        settings.APP_PORT = site.server_port
        tracker.pages = EMBEDDED
        address = f"http://127.0.0.1:{tracker.server_port}/"
        settings.SENTRY_OPTIONS = {**settings.SENTRY_OPTIONS, "dsn": address.replace("//", "//key@") + "1"}
        call_command("trigger_error")
    assert capsys.readouterr().out == f"Event {EVENT_ID}\nburnt  {address}events/{EVENT_ID}/\n"


def test_trigger_error_says_that_the_site_is_not_running(settings):
    with line_server(b"") as port:
        settings.APP_PORT = port
    with pytest.raises(CommandError, match="The site is not running on port"):
        call_command("trigger_error")


def test_only_lines_that_the_tracker_does_not_show_are_printed(rf, monkeypatch):
    reported, ignored = rf.get("/"), rf.get("/")
    reported.event_id, ignored.event_id = EVENT_ID, ""
    lines = {"reported": {"request": reported}, "ignored": {"request": ignored}, "logged": {}}

    def printed() -> list[str]:
        records = {name: logging.makeLogRecord({"levelno": logging.ERROR, **extra}) for name, extra in lines.items()}
        return [name for name, record in records.items() if not_shown_by_tracker(record)]

    with line_server(b"") as port:
        monkeypatch.setenv(EMBEDDED_PORT, str(port))
        assert printed() == ["ignored"]
        assert not_shown_by_tracker(logging.makeLogRecord({"levelno": logging.WARNING}))
    assert printed() == [*lines]  # the tracker has stopped
