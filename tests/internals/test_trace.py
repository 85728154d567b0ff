"""The request's ID is the trace ID of its events, with tracing and without, under WSGI and ASGI."""

import asyncio
import contextvars
import io
import json
import logging
import logging.config
import threading
import uuid

import pytest
import sentry_sdk
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.test import AsyncRequestFactory, RequestFactory
from django.urls import path

from config.log import logging_config
from error_tracking.options import sentry_options
from error_tracking.trace import as_trace_id
from tests.conftest import MemoryTransport

log = logging.getLogger("shop")
TRACE = "0af7651916cd43dd8448eb211c80319c"
OTHER = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "b7ad6b7169203331"


def reported(request):
    """Log an error, and another one in a thread."""
    log.error("the oven is cold")
    thread = threading.Thread(target=log.error, args=("in a thread",))
    thread.start()
    thread.join()
    return HttpResponse()


async def awaited(request):
    """Log an error in an async view, and in a thread of asyncio."""
    log.error("the oven is cold")
    await asyncio.to_thread(log.error, "in a thread")
    return HttpResponse()


def streamed(request):
    """Log an error while the response is being sent."""

    def parts():
        yield b"first"
        log.error("the oven is cold")
        log.error("in a thread")

    return StreamingHttpResponse(parts())


async def trickled(request):
    """Log an error while the response is being sent, asynchronously."""

    async def parts():
        yield b"first"
        log.error("the oven is cold")
        await asyncio.to_thread(log.error, "in a thread")

    return StreamingHttpResponse(parts())


urlpatterns = [path(f"{view.__name__}/", view) for view in (reported, awaited, streamed, trickled)]
# Django closes old connections before each request; earlier tests may have opened one.
pytestmark = [pytest.mark.urls("test_trace"), pytest.mark.django_db]


class Transport(MemoryTransport):
    """Keeps transactions, too."""

    def capture_envelope(self, envelope):
        """Keep the event or transaction of `envelope`."""
        self.events += [item.payload.json for item in envelope.items]


@pytest.fixture(scope="module", params=[0.0, 1e-12, 1.0], ids=["tracing is off", "not sampled", "sampled"])
def client(request):
    """Return a client: with tracing off, on for hardly any request, and on for each."""
    options = sentry_options(dsn="http://key@a.invalid/1", environment="", release="", traces_sample_rate=request.param)
    return sentry_sdk.Client(**{**options, "transport": Transport()})


@pytest.fixture
def sent(client):
    """Yield what the site has sent."""
    client.transport.events.clear()
    sentry_sdk.get_global_scope().set_client(client)
    yield client.transport.events
    sentry_sdk.get_global_scope().set_client(None)


def by_wsgi(address, **headers):
    """Request an address from the WSGI application; return the request's ID."""
    answer = {}
    environ = RequestFactory().get(address, headers=headers).environ
    response = WSGIHandler()(environ, lambda status, pairs, exc_info=None: answer.update(pairs))
    assert list(response)
    response.close()
    return answer["X-Request-ID"]


def by_asgi(address, **headers):
    """Request an address from the ASGI application; return the request's ID."""
    answer, unread = [], [{"type": "http.request"}]

    async def receive():
        if not unread:  # the visitor stays
            await asyncio.Event().wait()
        return unread.pop()

    async def send(message):
        answer.append(message)

    async def run():
        scope = AsyncRequestFactory().get(address, headers=headers).scope
        await ASGIHandler()(scope, receive, send)

    asyncio.run(run())
    return dict(answer[0]["headers"])[b"X-Request-ID"].decode()


def traces(sent):
    """Return the different trace IDs of what was sent."""
    return {item["contexts"]["trace"]["trace_id"] for item in sent}


ADDRESSES = pytest.mark.parametrize(
    ("ask", "address"),
    [
        (by_wsgi, "/reported/"),
        (by_wsgi, "/awaited/"),
        (by_wsgi, "/streamed/"),
        (by_asgi, "/reported/"),
        (by_asgi, "/awaited/"),
        (by_asgi, "/trickled/"),
    ],
)


@ADDRESSES
def test_the_id_of_a_request_is_the_trace_of_its_events(sent, ask, address):
    first = ask(address)
    assert len(sent) >= 2
    assert traces(sent) == {first}
    sent.clear()
    second = ask(address)
    assert traces(sent) == {second} != {first}


@ADDRESSES
def test_the_trace_of_the_caller_is_continued(sent, ask, address):
    assert ask(address, **{"sentry-trace": f"{TRACE}-{PARENT}-0"}) == TRACE
    assert traces(sent) == {TRACE}


@pytest.mark.parametrize(
    "header", ["x", TRACE, f"{TRACE}-{PARENT}-7", f"{TRACE.upper()}-{PARENT}", f"a{TRACE}-{PARENT}"]
)
def test_a_header_that_is_not_well_formed_is_not_an_id(header):
    assert as_trace_id(by_wsgi("/reported/", **{"sentry-trace": header})) not in ("", TRACE)


@pytest.mark.parametrize("ask", [by_wsgi, by_asgi])
@pytest.mark.parametrize("given", [TRACE, TRACE.upper(), str(uuid.UUID(TRACE))])
def test_an_id_from_the_proxy_is_the_trace_if_it_can_be_one(sent, ask, given):
    assert ask("/reported/", **{"X-Request-ID": given}) == given
    assert traces(sent) == {TRACE}


@pytest.mark.parametrize("given", ["from-proxy.42", "0" * 32])
def test_another_id_from_the_proxy_is_kept_beside_the_trace(sent, given):
    assert by_wsgi("/reported/", **{"X-Request-ID": given}) == given
    [trace] = traces(sent)
    assert as_trace_id(trace)
    assert trace != given


def test_the_id_of_the_proxy_does_not_end_the_trace_of_the_caller(sent):
    assert by_wsgi("/reported/", **{"X-Request-ID": OTHER, "sentry-trace": f"{TRACE}-{PARENT}-1"}) == OTHER
    assert traces(sent) == {TRACE}


def test_a_process_that_another_one_started_has_a_trace_for_each_request(sent, monkeypatch):
    monkeypatch.setenv("SENTRY_TRACE", f"{TRACE}-{PARENT}-1")  # the SDK sets this for the processes that it starts
    identity = contextvars.Context().run(by_wsgi, "/reported/")
    assert traces(sent) == {identity} != {TRACE}


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        ({}, {"request_id"}),
        ({"X-Request-ID": TRACE}, {"request_id"}),
        ({"X-Request-ID": "from-proxy.42"}, {"request_id", "trace_id"}),
        ({"X-Request-ID": OTHER, "sentry-trace": f"{TRACE}-{PARENT}"}, {"request_id", "trace_id"}),
    ],
)
def test_a_log_line_has_the_trace_only_if_the_request_has_another_id(sent, monkeypatch, headers, names):
    stream = io.StringIO()
    monkeypatch.setattr(logging.root, "handlers", [])
    logging.config.dictConfig(logging_config(json_lines=True))
    logging.root.handlers[-1].setStream(stream)
    identity = by_asgi("/awaited/", **headers)
    line = json.loads(stream.getvalue().splitlines()[0])
    assert {name for name in line if name in ("request_id", "trace_id")} == names
    assert line["request_id"] == identity
    assert {line.get("trace_id", identity)} == traces(sent)


def test_without_a_tracker_a_request_has_an_id_too():
    assert as_trace_id(by_wsgi("/reported/")) != as_trace_id(by_wsgi("/reported/")) != ""
