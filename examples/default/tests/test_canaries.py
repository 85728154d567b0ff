"""Events contain no private values: each test plants canaries and searches the events that arrive for them."""

import gzip
import http.client
import json
import re
from urllib.parse import quote, urlsplit

import pytest
import sentry_sdk

from error_tracking.options import sentry_options
from tests import leaky

HEADERS = {
    "Authorization": "Basic canary-authorization",
    "Cookie": "sessionid=canary-cookie; theme=canary-theme",
    "X-Forwarded-For": "203.0.113.77",
    "X-Real-IP": "203.0.113.78",
    "X-Api-Key": "canary-header",
    "X-Auth-Token": "canary-auth-header",
    "Referer": "https://example.com/?password=canary-referer&page=ordinary-referer",
    "User-Agent": "ordinary-agent",
}
FORM = {
    "new_password1": "canary-form",
    "card_number": "canary-form-card",
    "street": "canary-sensitive-parameter",
    "comment": f"my card is {leaky.CARD}, ordinary-comment",
    "city": "ordinary-city",
}
BODY = {"items": [{"cvv": "canary-json", "colour": "ordinary-json"}], "userPass": "canary-json-camel", "pin": 1234987}
SETTING, ENVIRONMENT = "canary in a setting \"with' quotes", "canary+of/the environment"
#: What must not be in any event.
CANARIES = [
    "canary-",
    "canary%20",
    "canary in",
    "canary+of",
    "203.0.113",
    "4111 1111",
    "41111111",
    "1234987",
    "3704 0044",
    "eyJhbGciOi.eyJ",
]


@pytest.fixture
def received(settings, live_server, httpserver):
    """Return a function that sends one HTTP request and returns the events that a tracker received, and their text."""
    settings.ROOT_URLCONF = "tests.leaky"
    httpserver.expect_request("/api/1/envelope/", method="POST").respond_with_json({})

    def send(path, body, content_type, **options):
        dsn = httpserver.url_for("/1").replace("://", "://key@")
        secrets = [SETTING, ENVIRONMENT]
        sentry_sdk.init(
            **sentry_options(dsn=dsn, environment="tests", release="shop@1", secrets=secrets, **options),
        )
        connection = http.client.HTTPConnection(urlsplit(live_server.url).netloc, timeout=10)
        connection.request("POST", path, body, {**HEADERS, "Content-Type": content_type})
        assert connection.getresponse().status == 500
        connection.close()
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(None)
        envelopes = [gzip.decompress(request.data) for request, _ in httpserver.log]
        lines = [json.loads(line) for envelope in envelopes for line in envelope.split(b"\n") if line]
        return [line for line in lines if "level" in line or "items" in line], "\n".join(map(json.dumps, lines))

    return send


def leaks(text):
    """Return the canaries in a text, each with the text around it."""
    return [
        text[found.start() - 60 : found.end() + 20] for found in re.finditer("|".join(map(re.escape, CANARIES)), text)
    ]


def post(received, **options):
    """Send the form, and return the events and their text."""
    query = f"q={quote(SETTING)}&e={quote(ENVIRONMENT)}&access_token=canary-query&page=ordinary-query"
    body = "&".join(f"{name}={quote(value)}" for name, value in FORM.items())
    return received(f"/leak/canary-in-path/?{query}", body, "application/x-www-form-urlencoded", **options)


def test_no_canary_arrives_from_a_form(received):
    events, text = post(received)
    assert [event["level"] for event in events] == ["info", "error", "error", "error"]
    assert leaks(text) == []
    assert events[-1]["user"] == {"id": 7, "username": "ordinary-username", "email": "[Filtered]"}


def test_no_canary_arrives_from_a_json_body(received):
    _, text = received("/leak/canary-in-path/", json.dumps(BODY), "application/json")
    assert leaks(text) == []
    assert "ordinary-json" in text


def test_ordinary_data_arrives(received):
    _, text = post(received)
    planted = [
        "pair",
        "argv",
        "context",
        "argument",
        "dict",
        "author",
        "keyboard",
        "row",
        "cause",
        "message",
        "query",
        "referer",
        "agent",
        "comment",
        "city",
    ]
    assert [word for word in planted if f"ordinary-{word}" not in text] == []
    assert "ordinary_column" in text
    assert "postgres://[Filtered]@db/shop" in text
    assert '"function": "handle"' in text
    assert "raise ValueError(" in text


def test_the_address_of_a_user_is_sent_only_if_enabled(received):
    events, _ = post(received, send_user=True)
    assert events[-1]["user"]["ip_address"] == "203.0.113.77"


def test_log_lines_are_scrubbed(received):
    events, text = post(received, enable_logs=True)
    lines = [item for event in events for item in event.get("items", [])]
    assert any("ordinary-argument" in line["body"] for line in lines)
    assert leaks(text) == []


def test_a_transaction_is_scrubbed(received):
    events, text = post(received, traces_sample_rate=1.0)
    assert '"type": "transaction"' in text
    assert leaks(text) == []
