"""What the scrubber removes and keeps: names, texts, source code, queries, known secrets, and the corpus."""

import copy
import itertools
import json
import logging
from urllib.parse import quote

import pytest
import sentry_sdk
from cases import cases, report, strings, told

from error_tracking.scrubbing.data import Cleaning
from error_tracking.scrubbing.items import Slot
from error_tracking.scrubbing.names import ENDINGS, HINTS, TERMS, Names
from error_tracking.scrubbing.shapes import shapes_in
from error_tracking.scrubbing.texts import assignment, find
from error_tracking.scrubbing.values import FILTERED, Known
from error_tracking.scrubbing.variables import secrets_in

NAMES = Names(["loyaltyNumber"])


def test_hostile_texts_compile_few_patterns():
    assignment.cache_clear()
    for hints in itertools.islice(itertools.combinations(HINTS, 3), 500):
        list(find(f"{' '.join(hints)}=x", NAMES, NAMES.hints))
    assert assignment.cache_info().misses <= len(NAMES.hints)


def cleaned(data, kind="text", secrets=()):
    """Return JSON data as it is sent."""
    cleaning, holder = Cleaning(NAMES, Known(secrets)), {"data": copy.deepcopy(data)}
    if kind == "source":
        cleaning.slots.append(Slot(holder, "data", data, kind))
    else:
        cleaning.read(holder, kind)
    cleaning.finish()
    assert not cleaning.failed
    return holder["data"]


@pytest.mark.parametrize(
    "name",
    [
        *("accessToken", "db_password", "pass1", "new_password1", "userPass", "pwd", "X-Api-Key", "stripe.secret"),
        *(
            "sessionid",
            "card-number",
            "cvv",
            "iban",
            "AWS_ACCESS_KEY_ID",
            "csrfmiddlewaretoken",
            "remote_addr",
            "email",
        ),
        *("contraseña", "clave", "senha", "mot_de_passe", "Passwort", "chiave_segreta", "OAuth2Token", "PGPASSWORD"),
        *("SECRET_KEY_FALLBACKS", "token_value", "refresh_tokens", "loyalty_number", "loyaltyNumber2", "APIKey"),
    ],
)
def test_a_name_is_sensitive(name):
    assert NAMES.sensitive(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "tokenizer",
            "max_tokens",
            "author",
            "secretary",
            "cookie_policy",
            "keyboard",
            "monkey",
            "shipping",
            "bypass",
        ),
        *(
            "password_changed_at",
            "token_type",
            "has_password",
            "is_secret",
            "sessions_total",
            "primary_key",
            "KEY_PREFIX",
        ),
        *(
            "clave_primaria",
            "birthday_card",
            "signature_algorithm",
            "token.py",
            "password_validators",
            "zip_code",
            "host",
        ),
    ],
)
def test_a_name_is_not_sensitive(name):
    assert not NAMES.sensitive(name)


@pytest.mark.parametrize("separator", ["_", "-"])
def test_each_term_is_found_in_a_text(separator):
    assert [
        term for term in TERMS | set(ENDINGS) if FILTERED not in cleaned(f"{term.replace(' ', separator)}=Zx91qQ77vv")
    ] == []
    assert cleaned("schlüssel=Zx91qQ77vv, clé_secrète=Zx92qQ77vv") == f"schlüssel={FILTERED}, clé_secrète={FILTERED}"


def test_a_secret_of_words_is_found_as_a_key():
    assert "correct-horse" not in str(
        cleaned({"password": "correct-horse-battery", "seen": {"correct-horse-battery": 1}})
    )


@pytest.mark.parametrize("value", [None, True, False, "", "None", "True", "on", "1", [], {}])
def test_nothing_and_truth_values_are_never_filtered(value):
    assert cleaned({"password": value}) == {"password": value}


def test_source_code_stays_readable():
    assert cleaned('password = request.POST["password"]', "source") == 'password = request.POST["password"]'
    assert cleaned("    login(password='hunter2', page=2)", "source") == f"    login(password='{FILTERED}', page=2)"


def test_a_query_keeps_ordinary_values():
    assert cleaned({"query_string": "pass%77ord=hunter2"}) == {"query_string": f"password={FILTERED}"}
    assert cleaned({"query_string": "a=b%20c&d=e+f"}) == {"query_string": "a=b%20c&d=e+f"}
    assert cleaned({"query_string": "code=hunter2&state=1"}) == {"query_string": f"code={FILTERED}&state=1"}


@pytest.mark.parametrize("write", [repr, json.dumps, lambda text: json.dumps(json.dumps(text)), quote, str.encode])
def test_a_known_secret_is_found_however_it_is_written(write):
    secret = 'a "b"/ü\\ <9>'
    assert cleaned(f"it was {write(secret)}.", secrets=[secret]).count(FILTERED) == 1


def test_a_short_secret_is_found_as_a_whole_word():
    assert cleaned("given Q k9-x7 q, 2k9-x7", secrets=["k9-x7"]) == f"given Q {FILTERED} q, 2k9-x7"


def test_environment_secrets_come_from_sensitive_names_and_urls():
    variables = {
        "KEY_PREFIX": "bookshop-1",
        "PWD": "/home/bookshop-1",
        "POSTGRES_PASSWORD": "postgres",
        "API_TOKEN": "violet-7",
        "DATABASE_URL": "postgres://shop:p%40ss-word1@db/shop",
        "SENTRY_DSN": "http://0123abcd@tracker/1",
        "BROKEN_URL": "http://[",
    }
    assert secrets_in(variables) == ["violet-7", "p@ss-word1"]


def test_a_release_is_not_an_address():
    assert shapes_in("shop@1.2 shop@1.2.0+3f2a1bc shop@1.2.dev3", "shop@1.2") == []


def test_integers_that_other_parsers_reject_become_texts():
    assert cleaned({"n": [2**63, 10**5000, 7]}) == {"n": [str(2**63), "<integer of 16610 bits>", 7]}


def test_a_text_with_too_many_secrets_is_filtered_from_there_on():
    assert len(cleaned("token=abc1234 " * 1000)) < 8000


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


def test_the_corpus_is_large_and_each_case_has_a_source():
    assert min(len(cases("secrets")), len(cases("ordinary"))) >= 400
    assert all(case["source"] for folder in ("secrets", "ordinary") for case in cases(folder).values())


def test_no_secret_of_the_corpus_is_sent(sentry_events):
    leaks = []
    for name, case in cases("secrets").items():
        report(case)
        sent = "\n".join(strings(told(sentry_events.pop())))
        leaks += [(name, secret) for secret in case["secrets"] if secret in sent]
    assert leaks == []


def test_every_ordinary_case_of_the_corpus_is_sent_unchanged(sentry_events):
    changed = []
    for name, case in cases("ordinary").items():
        report(case)
        sent = told(sentry_events.pop())
        if FILTERED in str(sent) or sent["value"] != str(case.get("text")):
            changed.append(name)
    assert changed == []
