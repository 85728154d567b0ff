"""The template tag adds the script that reports the errors of a page, with what the script needs."""

import re

import pytest
import sentry_sdk
from django.template import engines

pytest.importorskip("browser_errors", reason="the answer browser_errors is no")

PAGE = "{% load browser_errors %}{% browser_errors %}"
DSN = "https://public:private@errors.example.com/1"


@pytest.fixture
def options(settings):
    """Return the SDK's options, with a DSN; a test may change them."""
    settings.SENTRY_OPTIONS = {**settings.SENTRY_OPTIONS, "dsn": DSN, "release": "shop@1.0"}
    return settings.SENTRY_OPTIONS


def rendered(**context):
    """Return the page that the tag makes."""
    return engines["django"].from_string(PAGE).render(context)


def test_without_a_dsn_there_is_no_script():
    assert rendered() == ""


def test_the_script_has_what_it_needs_and_no_private_key(options):
    with sentry_sdk.isolation_scope(), sentry_sdk.new_scope():
        attributes = dict(re.findall(r' ([\w-]+)="([^"]*)"', rendered()))
        assert attributes == {
            "src": "/static/browser_errors/sentry.js",
            "data-dsn": "https://public@errors.example.com/1",
            "data-tunnel": "/browser-errors/",
            "data-release": "shop@1.0",
            "data-environment": "tests",
            "data-trace": (sentry_sdk.get_traceparent() or "")[:32],
        }
        assert re.fullmatch("[0-9a-f]{32}", attributes["data-trace"])


def test_values_are_escaped(options):
    options["release"] = '"><script>alert(1)</script>'
    script = rendered()
    assert script.count("<script") == 1
    assert 'data-release="&quot;&gt;&lt;script&gt;' in script


def test_the_nonce_of_the_policy_is_repeated(options):
    assert ' nonce="r4nd0m"' in rendered(csp_nonce="r4nd0m")
