"""Request ids, ignored errors, log lines, and error pages."""

import asyncio
import io
import json
import logging
import logging.config
from pathlib import Path

import pytest
import sentry_sdk
from django.conf import settings
from django.core.exceptions import RequestAborted
from django.http import Http404, HttpResponse, UnreadablePostError
from django.test import AsyncClient, Client
from django.urls import include, path

from config.log import logging_config
from error_tracking.current_request import current_request
from error_tracking.options import sentry_options

log = logging.getLogger("shop")


def logged(request):
    """Log a line and answer 200."""
    log.info("a line of the request")
    return HttpResponse()


def noisy(request, name):
    """Report an exception that is not an error of the site."""
    error = {
        kind.__name__: kind for kind in (BrokenPipeError, SystemExit, Http404, RequestAborted, UnreadablePostError)
    }[name]
    sentry_sdk.capture_exception(error())
    return HttpResponse()


def reported(request):
    """Log an error and answer 503."""
    log.error("it failed")
    return HttpResponse(status=503)


def sick(request):
    """Raise an error at a path below the health check's."""
    raise OSError


urlpatterns = [
    path("logged/", logged),
    path("noisy/<name>/", noisy),
    path("reported/", reported),
    path("health/sick/", sick),
    path("", include("config.urls")),
]
handler500 = "error_tracking.views.server_error"
pytestmark = pytest.mark.urls("test_requests")


@pytest.fixture
def visitor():
    """Return a client that gets error pages instead of exceptions, and whose forms need a CSRF token."""
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


def test_two_requests_have_two_ids(visitor):
    assert visitor.get("/logged/")["X-Request-ID"] != visitor.get("/logged/")["X-Request-ID"]


@pytest.mark.parametrize(
    ("given", "taken"), [("from-proxy.42", True), ("x", False), ("a b c d e f", False), ("é" * 9, False)]
)
def test_a_well_formed_id_from_the_proxy_is_used(visitor, given, taken):
    assert (visitor.get("/logged/", headers={"X-Request-ID": given})["X-Request-ID"] == given) is taken


def test_a_request_is_forgotten_when_it_ends(visitor):
    visitor.get("/logged/")
    assert current_request.get() is None


def test_asgi_requests_have_ids_too(sentry_events):
    client = AsyncClient(raise_request_exception=False)
    response = asyncio.run(client.get("/glitchtip-debug/"))
    assert sentry_events[0]["contexts"]["request"] == {"id": response["X-Request-ID"]}
    assert sentry_events[0]["event_id"] == response["X-Event-ID"]


def test_a_logged_error_is_an_event_and_info_a_breadcrumb(visitor, sentry_events):
    log.info("before")
    response = visitor.get("/reported/")
    [event] = sentry_events
    assert (event["level"], event["logentry"]["formatted"]) == ("error", "it failed")
    assert response["X-Event-ID"] == event["event_id"]
    sentry_sdk.capture_message("after")
    assert "before" in [crumb.get("message") for crumb in sentry_events[-1]["breadcrumbs"]["values"]]


@pytest.mark.parametrize("name", ["BrokenPipeError", "SystemExit", "Http404", "RequestAborted", "UnreadablePostError"])
def test_noise_is_not_an_event(visitor, sentry_events, name):
    visitor.get(f"/noisy/{name}/")
    assert sentry_events == []


def test_a_health_check_is_not_an_event(visitor, sentry_events):
    assert visitor.get("/health/sick/").status_code == 500
    assert sentry_events == []


def test_a_project_configures_its_own_noise():
    assert (
        "shop.errors.SoldOut"
        in sentry_options(dsn="", environment="", release="", ignored_errors=["shop.errors.SoldOut"])["ignore_errors"]
    )


@pytest.fixture
def lines():
    """Yield a function that logs in one of the two formats and returns the output."""
    before = logging.root.handlers[:]

    def write(json_lines, action):
        stream = io.StringIO()
        logging.config.dictConfig(logging_config(json_lines=json_lines))
        logging.root.handlers[-1].setStream(stream)
        action()
        return stream.getvalue().splitlines()

    yield write
    logging.root.handlers[:] = before


def test_in_production_a_line_is_json_with_the_request_id(lines, visitor):
    responses = []
    [line] = map(json.loads, lines(True, lambda: responses.append(visitor.get("/logged/"))))
    assert line.pop("timestamp").startswith("20")
    assert line == {
        "level": "INFO",
        "logger": "shop",
        "message": "a line of the request",
        "request_id": responses[0]["X-Request-ID"],
    }


def test_a_traceback_stays_in_its_json_line(lines):
    def fail():
        try:
            raise ValueError
        except ValueError:
            log.exception("it failed")

    [line] = lines(True, fail)
    assert "ValueError" in json.loads(line)["exc_info"]


def test_in_development_a_line_is_readable(lines):
    [line] = lines(False, lambda: log.warning("low on %s", "paper"))
    assert line.endswith("WARNING shop [-] low on paper ")


@pytest.mark.parametrize("json_lines", [True, False])
def test_the_line_of_a_failed_request_names_the_event(lines, visitor, sentry_events, json_lines):
    shown = lines(json_lines, lambda: visitor.get("/glitchtip-debug/"))
    [line] = [line for line in shown if "Internal Server Error" in line]
    [event] = sentry_events
    assert (json.loads(line)["event_id"] if json_lines else line.split()[-1]) == event["event_id"]


@pytest.mark.parametrize(("address", "status"), [("/no-such-page/", 404), ("/glitchtip-debug/", 500)])
def test_the_error_page_needs_no_database(visitor, sentry_events, address, status):
    response = visitor.get(address)
    assert response.status_code == status
    assert "color-scheme: light dark" in response.text


def test_without_a_tracker_the_error_page_names_the_request(visitor):
    response = visitor.get("/glitchtip-debug/")
    assert f"<code>{response['X-Request-ID']}</code>" in response.text
    assert "reported" not in response.text
    assert "X-Event-ID" not in response


def test_a_wrong_host_and_a_missing_csrf_token_have_similar_pages(visitor):
    assert "could not be understood" in visitor.get("/", headers={"host": "elsewhere.example.com"}).text
    assert "form could not be accepted" in visitor.post("/admin/login/").text


def test_error_pages_load_no_other_files():
    for page in (Path(settings.BASE_DIR) / "error_tracking" / "templates").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text
        assert "<link" not in text.replace('<link rel="icon" href="data:,">', "")
        assert "src=" not in text
