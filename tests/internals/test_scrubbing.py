"""What is private and what is not: names, texts, source code, queries and known secrets."""

import json
import logging
from urllib.parse import quote

import pytest
import sentry_sdk

from error_tracking.scrubbing.data import clean
from error_tracking.scrubbing.names import sensitive
from error_tracking.scrubbing.texts import clean_query, clean_source, clean_text
from error_tracking.scrubbing.values import FILTERED, Known
from tests import leaky
from tests.test_canaries import BODY, ENVIRONMENT, FORM, HEADERS, SETTING

NONE = Known([])


def test_there_are_at_least_thirty_canaries():
    planted = [SETTING, ENVIRONMENT, "query", "path", *HEADERS, *FORM, *BODY]
    with open(leaky.__file__, encoding="utf-8") as source:
        assert source.read().count("canary(") + len(planted) >= 30


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
