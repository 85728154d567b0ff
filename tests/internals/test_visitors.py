"""What visitors send is limited, cleaned, kept during an outage, and cannot push out the site's own errors."""

import json
import re

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import include, path

from error_tracking.visitors import client_of, from_visitors, send
from servers import serving
from spooling import closed_port, crash, site, wait_for, waiting

EVENT_ID = "0123456789abcdef0123456789abcdef"


@from_visitors(max_bytes=10, per_minute=3)
def limited(request):
    """Answer with the length of the body."""
    return HttpResponse(len(request.body))


def broken(request):
    """Fail."""
    raise ValueError


urlpatterns = [path("broken/", broken), path("", include("config.urls"))]
handler500 = "error_tracking.views.server_error"
pytestmark = pytest.mark.urls("test_visitors")


def post(size=1, address="192.0.2.1", view=limited, **headers):
    """Return the status of a request to a limited view."""
    request = RequestFactory(headers=headers).post("/", b"x" * size, content_type="text/plain", REMOTE_ADDR=address)
    return view(request).status_code


def test_only_so_many_requests_of_a_client_are_accepted():
    view = from_visitors(max_bytes=10, per_minute=3)(lambda _: HttpResponse())
    assert [post(view=view) for _ in range(5)] == [200, 200, 200, 429, 429]
    assert post(view=view, address="192.0.2.2") == 200


def test_a_client_with_a_network_of_addresses_is_one_client():
    view = from_visitors(max_bytes=10, per_minute=3)(lambda _: HttpResponse())
    assert [post(view=view, address=f"2001:db8::{n}") for n in range(1, 6)] == [200, 200, 200, 429, 429]


def test_ipv4_addresses_are_clients_of_their_own_in_any_form():
    view = from_visitors(max_bytes=10, per_minute=1)(lambda _: HttpResponse())
    addresses = ["::ffff:192.0.2.1", "::ffff:192.0.2.2", "192.0.2.3:5555", "192.0.2.4:5555"]
    assert [post(view=view, address=address) for address in addresses] == [200] * 4
    assert post(view=view, address="192.0.2.1") == 429


def test_many_clients_together_are_limited_too():
    view = from_visitors(max_bytes=10, per_minute=1)(lambda _: HttpResponse())
    assert [post(view=view, address=f"192.0.2.{n}") for n in range(1, 7)] == [200] * 5 + [429]


@pytest.mark.parametrize(
    ("trusted", "forwarded", "client"),
    [(None, "203.0.113.9", "192.0.2.1"), (("HTTP_X_FORWARDED_PROTO", "https"), "10.0.0.1, 203.0.113.9", "203.0.113.9")],
    ids=["without a proxy", "behind a proxy"],
)
def test_a_client_cannot_choose_its_address(settings, trusted, forwarded, client):
    settings.SECURE_PROXY_SSL_HEADER = trusted
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": forwarded}
    assert client_of(request) == client


def test_large_bodies_other_sites_and_other_methods_are_rejected():
    assert post(size=10, address="192.0.2.3") == 200
    assert post(size=11, address="192.0.2.3") == 413
    assert post(address="192.0.2.3", **{"Sec-Fetch-Site": "cross-site"}) == 403
    assert limited(RequestFactory().get("/")).status_code == 405


def test_feedback_waits_during_an_outage_and_arrives_beside_its_event(root):
    visitor = Client(raise_request_exception=False)
    with site(closed_port(), root) as client:
        page = visitor.get("/broken/")
        form = dict(re.findall(r'<(?:input|textarea)[^>]* name="(\w+)"(?:[^>]* value="([^"]*)")?', page.text))
        assert form.keys() == {"event", "comments", "name", "email"}
        given = {**form, "comments": "I paid with card 4111 1111 1111 1111", "name": "Ada", "email": "ada@example.com"}
        answer = visitor.post("/error-feedback/", given)
        assert "Thank you" in answer.text
        assert len(waiting(root)) == 2
        port = client.transport.parsed_dsn.port
    with serving(200, port) as tracker, site(port, root) as client:
        client.transport.resume()
        wait_for(lambda: len(tracker.bodies) == 2)
    (event_header, *_), (header, item, content) = (body.split(b"\n")[:3] for body in tracker.bodies)
    event_id = json.loads(event_header)["event_id"]
    assert page.headers["X-Event-ID"] == event_id
    assert json.loads(item)["type"] == "user_report"
    assert json.loads(header)["event_id"] == event_id
    assert json.loads(content) == {
        "event_id": event_id,
        "comments": "I paid with card [Filtered]",
        "name": "Ada",
        "email": "ada@example.com",
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"event": EVENT_ID}, "This form has expired"),
        ({"comments": ""}, "This field is required"),
        ({"email": "ada"}, "Enter a valid email address"),
    ],
)
def test_feedback_needs_a_form_of_the_site_and_a_text(root, change, said):
    with site(closed_port(), root):
        page = Client(raise_request_exception=False).get("/broken/").text
        signed = re.search(r'name="event" value="([^"]+)"', page)[1]
        answer = Client().post("/error-feedback/", {"event": signed, "comments": "I clicked", **change})
        assert answer.status_code == 400
        assert said in answer.text
        assert len(waiting(root)) == 1


def test_a_violation_is_sent_to_the_security_endpoint(root):
    with serving(200) as tracker, site(tracker.server_port, root):
        send("raw_security", {"csp-report": {"document-uri": "https://shop.example/?token=Zq8vL2mXp4Tr"}}, EVENT_ID)
        wait_for(lambda: tracker.violations)
        assert tracker.violations == [{"csp-report": {"document-uri": "https://shop.example/?token=[Filtered]"}}]
        wait_for(lambda: not waiting(root))


def test_a_flood_of_visitors_does_not_push_out_the_errors_of_the_site(root):
    with site(closed_port(), root, max_megabytes=0.1) as client:
        ids = crash(client, count=100)
        for number in range(100):
            send("event", {"message": f"unlike {number:x}" * 500}, f"{number:032x}")
        client.transport.thread.sender.next_look = 0
        client.transport.thread.sender.keep_bounds()
        left = waiting(root)
        assert len(left) < 200
        assert set(ids) <= set(left)
