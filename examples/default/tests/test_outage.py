"""No error is lost while the tracker is down: a real SDK, a real file, and a tracker that first answers 503."""

import sentry_sdk
from django.conf import settings

from error_tracking.spool.sender import Sender
from error_tracking.spool.transport import spool_transport


def test_an_error_arrives_after_an_outage(httpserver, tmp_path, monkeypatch):
    monkeypatch.setattr(Sender, "FIRST_PAUSE", 0.02)  # seconds before the next attempt
    path = "/api/1/envelope/"
    httpserver.expect_ordered_request(path, method="POST").respond_with_data(status=503)
    httpserver.expect_ordered_request(path, method="POST").respond_with_json({"id": "0"})
    dsn = httpserver.url_for("/1").replace("://", "://key@")
    transport = spool_transport(str(tmp_path), max_megabytes=1, max_days=1)
    client = sentry_sdk.Client(**{**settings.SENTRY_OPTIONS, "dsn": dsn, "transport": transport})
    with httpserver.wait(timeout=30):
        event_id = client.capture_event({"message": "it failed", "level": "error"})
        [waiting] = tmp_path.glob("*/*.envelope")
        assert event_id in waiting.name
    client.close(timeout=10)
    assert list(tmp_path.glob("*/*.envelope")) == []
