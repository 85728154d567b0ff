"""The start page and the health endpoint."""

from unittest import mock

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.utils.html import escape


def test_the_start_page_shows_the_name(client, settings):
    response = client.get("/")
    assert f"<h1>{escape(settings.PROJECT_NAME)}</h1>" in response.content.decode()


def test_the_start_page_offers_the_error_in_development_alone(client, settings):
    assert b"/glitchtip-debug/" in client.get("/").content
    settings.ENVIRONMENT = "production"
    assert b"/glitchtip-debug/" not in client.get("/").content


def test_health_answers_while_the_database_does(client, db):
    response = client.get("/health/")
    assert (response.status_code, response.json()) == (200, {"database": "ok"})
    assert response.cookies == {}


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_health_fails_without_an_event_when_the_database_is_away(client, sentry_events, error):
    with mock.patch.object(connection, "cursor", side_effect=error):
        assert client.get("/health/").status_code == 503
    assert sentry_events == []
