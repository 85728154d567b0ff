"""Each system check of error_tracking gives a message with a hint when it should, and no message otherwise."""

import django
import pytest
from django.core.checks import run_checks
from django.http import HttpResponse
from django.urls import path

from servers import serving

GOOD = "https://0123456789abcdef@errors.example.com/1"
urlpatterns = [path("glitchtip-debug/", lambda request: HttpResponse(1 / 0), name="glitchtip-debug")]


def use_mail(settings, backend):
    """Send mail with one of Django's backends."""
    path = f"django.core.mail.backends.{backend}.EmailBackend"
    if django.VERSION >= (6, 1):
        settings.MAILERS = {"default": {"BACKEND": path, "OPTIONS": {}}}
    else:
        settings.EMAIL_BACKEND = path


@pytest.fixture
def ids(settings, monkeypatch):
    """Return a function that runs all checks with some settings, outside a container, and returns the message ids."""
    monkeypatch.setattr("error_tracking.checks.CONTAINER_MARKS", ())
    settings.ROOT_URLCONF = "error_tracking.urls"
    settings.ADMINS = ["ada@example.com"]
    use_mail(settings, "smtp")

    def run(**changed):
        for name, value in {"ENVIRONMENT": "production", **changed}.items():
            setattr(settings, name, value)
        options = {"dsn": GOOD, "environment": "production", "debug": False, **changed.get("SENTRY_OPTIONS", {})}
        settings.SENTRY_OPTIONS = {**settings.SENTRY_OPTIONS, **options}
        messages = [message for message in run_checks() if message.id.startswith("error_tracking.")]
        assert all(message.hint for message in messages)
        return [message.id.removeprefix("error_tracking.") for message in messages]

    return run


def test_a_valid_production_configuration_has_no_messages(ids):
    assert ids() == []


@pytest.mark.parametrize(
    ("environment", "dsn", "found"),
    [
        ("production", "", ["W001"]),
        ("development", "", []),
        ("production", "https://errors.example.com/1", ["E001"]),
        ("development", "http://0123456789abcdef@localhost:8001/1", ["E002"]),
        ("development", "http://0123456789abcdef@127.0.0.1:8001/1", ["E002"]),
        ("development", "http://0123456789abcdef@localhost:8000/1", []),
        ("production", "https://0123456789abcdef@errors.example.com:8001/1", []),
        ("production", "https://KEY@errors.example.com/1", ["W003"]),
        ("production", "https://examplePublicKey@errors.example.com/1", ["W003"]),
        ("production", "https://xxxxxxxx@errors.example.com/1", ["W003"]),
        ("production", "http://0123456789abcdef@errors.example.com/1", ["W004"]),
        ("staging", "http://0123456789abcdef@errors.example.com/1", []),
        ("production", "http://0123456789abcdef@glitchtip:8000/1", []),
        ("production", "http://0123456789abcdef@10.0.0.7:8000/1", []),
    ],
)
def test_a_dsn_is_checked(ids, environment, dsn, found):
    assert ids(SENTRY_OPTIONS={"dsn": dsn}, ENVIRONMENT=environment, APP_PORT=8001) == found


def test_localhost_in_a_container_is_reported_unless_a_tracker_listens_there(ids, monkeypatch, tmp_path):
    monkeypatch.setattr("error_tracking.checks.CONTAINER_MARKS", (str(tmp_path),))
    monkeypatch.setattr("error_tracking.checks.find_spec", lambda _: None)
    with serving(200) as tracker:
        dsn = f"http://0123456789abcdef@localhost:{tracker.server_port}/1"
        assert ids(SENTRY_OPTIONS={"dsn": dsn}) == []
    assert ids(SENTRY_OPTIONS={"dsn": dsn}) == ["W002"]
    monkeypatch.setattr("error_tracking.checks.find_spec", lambda _: "kent")  # it is about to listen there
    assert ids(SENTRY_OPTIONS={"dsn": dsn}) == []


def test_an_unknown_environment_is_reported(ids):
    assert ids(SENTRY_OPTIONS={"environment": "prod"}) == ["W005"]


def test_a_public_error_view_is_reported_only_in_production(ids, settings):
    settings.ROOT_URLCONF = "test_checks"
    assert ids() == ["E003"]
    assert ids(ENVIRONMENT="development") == []


def test_sdk_debug_output_is_reported_only_in_production(ids):
    assert ids(SENTRY_OPTIONS={"debug": True}) == ["W006"]
    assert ids(SENTRY_OPTIONS={"debug": True}, ENVIRONMENT="staging") == []


def test_a_production_site_that_notifies_nobody_is_reported(ids, settings):
    use_mail(settings, "console")
    assert ids() == ["W007"]
    assert ids(ENVIRONMENT="staging") == []
    use_mail(settings, "smtp")
    assert ids(ADMINS=[]) == ["W007"]
