"""The reports that browsers send about violations of the policy: which are sent to the tracker, and what they contain."""

import itertools
import json

import pytest
from django.test import Client
from django.urls import include, path

from error_tracking import csp_reports
from servers import serving
from spooling import site, wait_for

#: A report of Chromium 150 about an inline script, with what the site does not need.
REPORT = {
    "document-uri": "http://testserver/basket/?page=2",
    "referrer": "",
    "violated-directive": "script-src-elem",
    "effective-directive": "script-src-elem",
    "original-policy": "default-src 'self'; script-src 'self'; report-uri /csp-report/",
    "disposition": "report",
    "blocked-uri": "inline",
    "line-number": 7,
    "column-number": 12,
    "source-file": "http://testserver/basket/",
    "status-code": 200,
    "script-sample": "",
}
ADDRESSES = itertools.count(1)
urlpatterns = [path("invite/<token>/", lambda _: None), path("", include("config.urls"))]


@pytest.fixture
def sent(monkeypatch):
    """Return a list of what is sent to the tracker."""
    items = []
    monkeypatch.setattr(csp_reports, "send", lambda *item, **_: items.append(item))
    return items


def post(body, content_type="application/csp-report"):
    """Send a report as a browser does, without a CSRF token, and check the answer."""
    address = f"192.0.2.{next(ADDRESSES)}"  # another visitor each time, because of the limit
    client = Client(enforce_csrf_checks=True, REMOTE_ADDR=address)
    text = body if isinstance(body, bytes) else json.dumps(body)
    response = client.post("/csp-report/", text, content_type=content_type)
    assert (response.status_code, response.content) == (204, b"")


def test_a_report_is_sent_with_its_known_fields(sent):
    post({"csp-report": {**REPORT, "cookie": "sessionid=4711", "line-number": "7", "column-number": True}})
    [(item_type, payload, event_id)] = sent
    assert item_type == "raw_security"
    assert payload == {"csp-report": {**REPORT, "line-number": 0, "column-number": 0}}
    assert len(event_id) == 32


def test_fields_that_a_tracker_requires_are_added(sent):
    violated = "script-src 'self'"
    post({"csp-report": {"document-uri": "https://testserver/", "blocked-uri": "eval", "violated-directive": violated}})
    [(_, payload, _)] = sent
    assert payload["csp-report"]["disposition"] == "enforce"
    assert payload["csp-report"]["effective-directive"] == "script-src"
    assert (payload["csp-report"]["status-code"], payload["csp-report"]["original-policy"]) == (0, "")


def test_long_values_are_shortened(sent):
    post({"csp-report": {**REPORT, "script-sample": "x" * 10_000}})
    [(_, payload, _)] = sent
    assert len(payload["csp-report"]["script-sample"]) == csp_reports.LONGEST


@pytest.mark.parametrize(
    "change",
    [
        {"blocked-uri": "https://cdn.example.com/script.js"},
        {"blocked-uri": "wss"},
        {"blocked-uri": "wasm-eval", "source-file": ""},
        {"source-file": "https://cdn.example.com/script.js"},
        {"document-uri": "https://testserver/"},
    ],
)
def test_what_a_page_does_is_reported(sent, change):
    post({"csp-report": {**REPORT, **change}})
    assert len(sent) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"source-file": "chrome-extension"},
        {"source-file": "moz-extension://6f2c/content.js"},
        {"blocked-uri": "safari-web-extension"},
        {"blocked-uri": "ms-browser-extension"},
        {"blocked-uri": "data"},
        {"blocked-uri": "about"},
        {"blocked-uri": ""},
        {"source-file": "user-script"},
        {"document-uri": "about"},
        {"document-uri": "http://elsewhere.example.com/"},
        {"document-uri": "http://testserver:8000/"},
        {"document-uri": "http://testserver@elsewhere.example.com/"},
        {"document-uri": "http://[testserver/"},
        {"document-uri": None},
    ],
)
def test_extensions_and_pages_of_others_are_not_reported(sent, change):
    post({"csp-report": {**REPORT, **change}})
    assert sent == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[" * 19_000, b"9" * 5000, [], {}, {"csp-report": "text"}, [{"csp-report": REPORT}]],
)
def test_what_is_not_a_report_is_dropped(sent, body):
    post(body)
    assert sent == []


def test_a_page_of_another_site_cannot_send_reports(sent):
    post({"csp-report": REPORT}, content_type="text/plain")
    assert sent == []


@pytest.mark.urls("test_csp_reports")
def test_a_report_arrives_without_the_secrets_in_its_urls(root):
    token = "Zq8vL2mXp4Tr7Wn1"
    change = {
        "document-uri": f"http://testserver/invite/{token}/",
        "referrer": f"https://ada:{token}@shop.example.com/?session_id={token}",
        "source-file": f"http://testserver/basket/?api_key={token}",
        "blocked-uri": f"https://cdn.example.com/script.js?access_token={token}",
    }
    with serving(200) as tracker, site(tracker.server_port, root):
        post({"csp-report": {**REPORT, **change}})
        wait_for(lambda: tracker.violations)
    [sent] = tracker.violations
    assert token not in json.dumps(sent)
    assert sent["csp-report"]["document-uri"] == "http://testserver/invite/[Filtered]/"
    assert sent["csp-report"]["original-policy"] == REPORT["original-policy"]


def test_too_many_and_too_large_reports_are_rejected(sent):
    client = Client(REMOTE_ADDR="203.0.113.1")
    large = {"csp-report": {**REPORT, "script-sample": "x" * csp_reports.MAX_BYTES}}
    assert client.post("/csp-report/", large, content_type="application/csp-report").status_code == 413
    answers = [client.post("/csp-report/", b"{}", content_type="application/csp-report") for _ in range(40)]
    assert {answer.status_code for answer in answers} == {204, 429}
