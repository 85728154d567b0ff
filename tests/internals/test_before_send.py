"""The hooks that the SDK calls before it sends: no event is lost, and nothing is sent unscrubbed."""

import asyncio
import json
import logging

import pytest
import sentry_sdk
from django.conf import settings
from django.db import OperationalError
from django.http import HttpResponse
from django.urls import path
from django.utils.functional import SimpleLazyObject
from django.views.decorators.csrf import csrf_exempt

from config.asgi import application
from error_tracking.scrubbing.values import FILTERED
from tests.conftest import MemoryTransport

SECRET = "violet-" + "harbour-7"


class Raises:
    """An object on which every operation raises."""

    def __getattribute__(self, name):
        raise RuntimeError(name)

    def __repr__(self):
        raise RuntimeError


def database_is_down():
    raise OperationalError(f"password={SECRET}")


@csrf_exempt
def crash(request):
    """Raise an error in a frame with unusual variables."""
    odd, lazy = Raises(), SimpleLazyObject(database_is_down)
    db_password = SECRET
    if "account" in request.GET:
        request._cached_user = SimpleLazyObject(database_is_down)
    return HttpResponse(request.POST.keys() | [odd, lazy, db_password, 1 / 0])


urlpatterns = [path("crash/", crash)]


@pytest.fixture
def client(client, settings):
    settings.ROOT_URLCONF = __name__
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize(
    "posted",
    [
        {"query_string": "\ud800"},
        {"a": "\0"},
        {"password": SECRET, "note": f"it is {SECRET}"},
        {"value": "token: [ " * 900},
    ],
)
def test_the_error_of_a_hostile_request_arrives(client, sentry_events, posted):
    client.post("/crash/", json.dumps(posted), "application/json")
    [event] = sentry_events
    assert event["exception"]["values"][-1]["type"] == "ZeroDivisionError"
    assert "tags" not in event
    assert SECRET not in str(event)


def test_a_form_key_is_cleaned_once(client, sentry_events):
    client.post("/crash/", json.dumps({"ada@example.com": "red"}), "application/json")
    [event] = sentry_events
    assert event["request"]["data"] == {FILTERED: "red"}


def test_an_unreadable_account_is_a_warning(client, sentry_events, caplog, monkeypatch):
    monkeypatch.setattr(settings.SENTRY_OPTIONS["before_breadcrumb"].__self__, "send_user", True)
    client.get("/crash/?account")
    [event] = sentry_events
    assert event["exception"]["values"][-1]["type"] == "ZeroDivisionError"
    assert "An event is sent without the parts that could not be cleaned (the account cannot be read)" in caplog.text


def envelopes(**options):
    """Return the telemetry and attachments that are sent: each item's headers and payload, as text."""
    sent = []

    class Items(MemoryTransport):
        def __init__(self, _):
            super().__init__()

        def capture_envelope(self, envelope):
            sent.extend((item.headers, item.get_bytes().decode()) for item in envelope.items)

    made = {**settings.SENTRY_OPTIONS, **options, "dsn": "http://key@tracker.invalid/1", "transport": Items}
    sentry_sdk.init(**made)
    return sent


@pytest.fixture
def sent():
    yield envelopes(traces_sampler=None, traces_sample_rate=1.0)
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)


def flush():
    sentry_sdk.get_client().flush(timeout=10)


def test_attachments_are_not_sent(sent):
    with sentry_sdk.isolation_scope() as scope:
        scope.add_attachment(bytes=SECRET.encode(), filename="dump.txt")
        sentry_sdk.capture_message("hello")
    assert [headers["type"] for headers, _ in sent] == ["event"]


def test_metrics_are_cleaned(sent):
    sentry_sdk.metrics.count("logins", 1, attributes={"api_key": SECRET, "page": f"/?token={SECRET}", "colour": "red"})
    flush()
    [(headers, payload)] = sent
    assert headers["type"] == "trace_metric"
    assert SECRET not in payload
    assert "red" in payload


def test_feedback_is_cleaned(sent):
    contexts = {"feedback": {"message": f"my password: {SECRET}", "contact_email": "ada@example.com"}}
    sentry_sdk.capture_event({"type": "feedback", "contexts": contexts})
    assert SECRET not in str(sent)
    assert "ada@" not in str(sent)
    assert "my password" in str(sent)


def test_spans_are_cleaned(sent):
    with sentry_sdk.isolation_scope(), sentry_sdk.start_transaction(name="t"):
        with sentry_sdk.start_span(op="db.sql", name=f"SELECT '{SECRET}'") as span:
            span.set_data("password", SECRET)
        with sentry_sdk.start_span(op="http", name=f"GET /?token={SECRET}"):
            pass
    assert SECRET not in str(sent)
    assert "SELECT" in str(sent)


def test_the_sdks_own_log_lines_are_sent_only_if_enabled(sent):
    sentry_sdk.logger.error("hello {api_key}", api_key=SECRET)
    flush()
    assert sent == []


def test_a_breadcrumb_that_cannot_be_cleaned_loses_its_text(sentry_events, caplog, monkeypatch):
    monkeypatch.setattr("error_tracking.scrubbing.event.Scrubber.cleaning", lambda *_: 1 / 0)
    logging.getLogger("shop").info("password=%(password)s", {"password": SECRET})
    sentry_sdk.capture_message(f"password={SECRET}")
    [event] = sentry_events
    assert event["message"] == FILTERED
    assert event["tags"] == {"incomplete": "yes"}
    assert SECRET not in str(event)


@pytest.mark.parametrize("protocol", ["lifespan", "websocket"])
def test_a_protocol_that_django_does_not_serve_is_not_an_error(sentry_events, protocol):
    with pytest.raises(ValueError, match=protocol):
        asyncio.run(application({"type": protocol, "path": "/", "headers": []}, None, None))
    assert sentry_events == []


def test_a_value_error_of_the_site_is_reported(sentry_events):
    try:
        int("three")
    except ValueError as error:
        sentry_sdk.capture_exception(error)
    sentry_sdk.capture_exception(ValueError("never raised"))
    assert len(sentry_events) == 2


def test_a_user_that_the_site_has_set_is_sent_without_the_email_address(sentry_events):
    sentry_sdk.set_user({"id": 7, "username": "ada@example.com", "ip_address": "203.0.113.7", "plan": "gold"})
    sentry_sdk.capture_message("late")
    assert sentry_events[0]["user"] == {"id": 7, "username": FILTERED, "ip_address": "203.0.113.7", "plan": "gold"}
