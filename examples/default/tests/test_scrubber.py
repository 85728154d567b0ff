"""Nothing private leaves: canaries are planted wherever a secret could be, and looked for in what arrives."""

import http.client
import json
import logging
import re
from urllib.parse import quote, urlsplit

import pytest
import sentry_sdk

from error_tracking.options import sentry_options
from error_tracking.scrubber import FILTERED, Known, clean, clean_query, clean_source, clean_text, sensitive
from tests import leaky
from tests.servers import serving

NONE = Known([])
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
#: What must not arrive, in any request.
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
def received(settings, live_server):
    """Give a function that sends one request by HTTP and returns the events that a tracker then got, and their text."""
    settings.ROOT_URLCONF = "tests.leaky"
    settings.SHOP_API_TOKEN, settings.SECRETS_OF_ENVIRONMENT = SETTING, [ENVIRONMENT]

    def send(path, body, content_type, **options):
        with serving(200) as tracker:
            dsn = f"http://key@127.0.0.1:{tracker.server_port}/1"
            sentry_sdk.init(**sentry_options(dsn=dsn, environment="tests", release="shop@1", **options))
            connection = http.client.HTTPConnection(urlsplit(live_server.url).netloc, timeout=10)
            connection.request("POST", path, body, {**HEADERS, "Content-Type": content_type})
            assert connection.getresponse().status == 500
            connection.close()
            sentry_sdk.get_client().close()
            sentry_sdk.get_global_scope().set_client(None)
        lines = [json.loads(line) for envelope in tracker.bodies for line in envelope.split(b"\n") if line]
        return [line for line in lines if "level" in line or "items" in line], "\n".join(map(json.dumps, lines))

    return send


def leaks(text):
    """Return the canaries in a text, each with what stands around it."""
    return [
        text[found.start() - 60 : found.end() + 20] for found in re.finditer("|".join(map(re.escape, CANARIES)), text)
    ]


def post(received, **options):
    """Send the form."""
    query = f"q={quote(SETTING)}&e={quote(ENVIRONMENT)}&access_token=canary-query&page=ordinary-query"
    body = "&".join(f"{name}={quote(value)}" for name, value in FORM.items())
    return received(f"/leak/canary-in-path/?{query}", body, "application/x-www-form-urlencoded", **options)


def test_no_canary_arrives_from_a_form(received):
    events, text = post(received)
    assert [event["level"] for event in events] == ["info", "error", "error", "error"]
    assert leaks(text) == []
    assert "user" not in events[-1]


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


def test_there_are_at_least_thirty_canaries():
    planted = [SETTING, ENVIRONMENT, "query", "path", *HEADERS, *FORM, *BODY]
    with open(leaky.__file__, encoding="utf-8") as source:
        assert source.read().count("canary(") + len(planted) >= 30


def test_a_user_is_sent_on_demand_without_the_email(received):
    events, text = post(received, send_user=True)
    assert events[-1]["user"] == {"id": 7, "username": "canary-username", "ip_address": "203.0.113.77"}
    assert "canary-user@" not in text


def test_log_lines_are_scrubbed(received):
    events, text = post(received, enable_logs=True)
    lines = [item for event in events for item in event.get("items", [])]
    assert any("ordinary-argument" in line["body"] for line in lines)
    assert leaks(text) == []


def test_a_transaction_is_scrubbed(received):
    events, text = post(received, traces_sample_rate=1.0)
    assert '"type": "transaction"' in text
    assert leaks(text) == []


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "new_password1",
        "DB_PASSWORD",
        "userPass",
        "pwd",
        "authToken",
        "X-Api-Key",
        "stripe.secret",
        "sessionid",
        "session_key",
        "card-number",
        "cardNumber",
        "cvv",
        "iban",
        "private_key",
        "AWS_ACCESS_KEY_ID",
        "csrfmiddlewaretoken",
        "pin",
        "ssn",
        "remote_addr",
        "email",
        "auth",
    ],
)
def test_a_name_is_sensitive(name):
    assert sensitive(name)


@pytest.mark.parametrize(
    "name",
    [
        "author",
        "authored",
        "keyboard",
        "monkey",
        "shipping",
        "opinion",
        "discard",
        "sessions_total",
        "passenger",
        "page",
        "primary_key",
        "host",
    ],
)
def test_a_name_is_innocent(name):
    assert not sensitive(name)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("password=hunter2 page=2", "password=[Filtered] page=2"),
        ("{'password': 'hunter2', 'page': 2}", "{'password': [Filtered], 'page': 2}"),
        ('{"password": "hunter2 and', '{"password": [Filtered]'),
        (r"{\"token\": \"hunter2\", \"page\": 2}", r"{\"token\": [Filtered], \"page\": 2}"),
        ("{'tokens': ['hunter2', 'hunter3'], 'page': 2}", "{'tokens': [Filtered]], 'page': 2}"),
        ("[('password', 'hunter2')]", "[('password', [Filtered])]"),
        ("curl --api-key hunter2 --page 2", "curl --api-key [Filtered] --page 2"),
        ("GET /?secret=hunter2&page=2", "GET /?secret=[Filtered]&page=2"),
        ("Authorization: Bearer hunter2", "Authorization: [Filtered]"),
        ("amqp://u:hunter2@host/ and http://host/page", "amqp://[Filtered]@host/ and http://host/page"),
        ("paid with 4111-1111-1111-1111", "paid with [Filtered]"),
        ("order 4111-1111-1111-1112", "order 4111-1111-1111-1112"),
        ("from GB82 WEST 1234 5698 7654 32 to you", "from [Filtered] to you"),
        ("part GB82 WEST 1234 5698 7654 33", "part GB82 WEST 1234 5698 7654 33"),
        ("ada@example.com wrote", "[Filtered] wrote"),
        ("-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY----- page", "[Filtered] page"),
        ("the password is wrong", "the password is wrong"),
        ("at 2026-11-24 10:15:00, took 1732428000000 ms", "at 2026-11-24 10:15:00, took 1732428000000 ms"),
    ],
)
def test_a_text_is_cleaned(text, cleaned):
    assert clean_text(text, NONE) == cleaned


@pytest.mark.parametrize(
    "piece",
    [
        "-",
        "a",
        "password",
        "token ",
        "a@",
        "4 ",
        "DE89 ",
        "password='",
        "token: [",
        "://",
        "eyJ",
        "--token",
        "aB",
        "\\",
    ],
)
def test_a_long_text_is_cleaned_in_time(piece):
    text = f"token{piece * (100_000 // len(piece))} pass@"  # a quadratic search would take minutes
    assert clean_text(text, NONE)
    assert clean_source(text, NONE)
    assert sensitive(text)


def test_source_code_stays_readable():
    assert clean_source('password = request.POST["password"]', NONE) == 'password = request.POST["password"]'
    assert clean_source("    login(password='hunter2', page=2)", NONE) == f"    login(password={FILTERED}, page=2)"


def test_a_query_keeps_what_is_ordinary():
    assert clean({"query_string": "pass%77ord=hunter2"}, NONE) == {"query_string": f"password={FILTERED}"}
    assert clean_query("a=1&pass%77ord=hunter2&b=", NONE) == f"a=1&password={FILTERED}&b="


def test_a_known_secret_is_found_however_it_is_written():
    known = Known(['a "b"/ü\\', "short"])
    for text in (
        'a "b"/ü\\',
        repr(['a "b"/ü\\']),
        json.dumps('a "b"/ü\\', ensure_ascii=False),
        quote('a "b"/ü\\', safe=""),
    ):
        assert "ü" not in clean(text, known)
        assert "%C3%BC" not in clean(text, known)
    assert clean("a short text", known) == "a short text"


def test_one_error_that_is_logged_and_raised_again_is_one_event(sentry_events):
    def work():
        try:
            raise KeyError("page")
        except KeyError:
            logging.getLogger(__name__).exception("it failed")
            raise

    try:
        work()
    except KeyError as error:
        sentry_sdk.capture_exception(error)
    assert len(sentry_events) == 1
