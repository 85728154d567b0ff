"""Errors of this site reach its tracker, with their IDs and without secrets. Nothing else is reported."""

import uuid
from unittest import mock

import pytest
import sentry_sdk
from django.conf import settings
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, connection
from django.test import Client

from error_tracking.release import release


@pytest.fixture
def visitor() -> Client:
    """Return a client that receives error pages, as a visitor does, instead of exceptions."""
    return Client(raise_request_exception=False)


def test_the_tests_have_no_tracker():
    assert settings.SENTRY_OPTIONS["dsn"] == ""
    assert not sentry_sdk.get_client().is_active()


def test_an_error_becomes_one_event(visitor, sentry_events):
    assert visitor.get("/glitchtip-debug/").status_code == 500
    [event] = sentry_events
    assert event["exception"]["values"][-1]["type"] == "ZeroDivisionError"
    assert event["transaction"] == "/glitchtip-debug/"
    assert event["environment"] == "tests"
    assert event["release"] == release(settings.BASE_DIR)


def test_response_page_and_event_carry_the_same_ids(visitor, sentry_events):
    response = visitor.get("/glitchtip-debug/")
    [event] = sentry_events
    assert uuid.UUID(response["X-Request-ID"])
    assert event["contexts"]["request"] == {"id": response["X-Request-ID"]}
    assert event["contexts"]["trace"]["trace_id"] == response["X-Request-ID"]
    assert event["event_id"] == response["X-Event-ID"]


def test_the_error_page_shows_the_id_of_the_event(visitor, sentry_events):
    page = visitor.get("/glitchtip-debug/").text
    assert f"<code>{sentry_events[0]['event_id']}</code>" in page


def test_the_secrets_of_the_settings_never_leave(sentry_events):
    sentry_sdk.capture_message(f"the key is {settings.SECRET_KEY}")
    [event] = sentry_events
    assert event["message"] == "the key is [Filtered]"


def test_pages_missing_pages_and_invalid_hosts_are_not_reported(visitor, sentry_events):
    assert visitor.get("/").status_code == 200
    assert visitor.get("/no-such-page/").status_code == 404
    assert visitor.get("/", headers={"host": "elsewhere.example.com"}).status_code == 400
    assert sentry_events == []


@pytest.mark.parametrize(("superuser", "status"), [(True, 500), (False, 404), (None, 404)])
def test_outside_development_only_a_superuser_can_raise_the_error(visitor, settings, db, superuser, status):
    settings.ROOT_URLCONF = "error_tracking.urls"
    if superuser is not None:
        visitor.force_login(User.objects.create_user("ada", is_superuser=superuser))
    assert visitor.get("/glitchtip-debug/").status_code == status


def test_health_is_ok_while_the_database_answers(client, db):
    response = client.get("/health/")
    assert (response.status_code, response.json()) == (200, {"database": "ok"})
    assert response.cookies == {}


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_health_fails_without_an_event_while_the_database_is_down(client, sentry_events, error):
    with mock.patch.object(connection, "cursor", side_effect=error):
        assert client.get("/health/").status_code == 503
    assert sentry_events == []
