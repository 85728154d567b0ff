"""The embedded tracker steps aside for a tracker and refuses a port that another server has."""

import pytest
from django.core.management import CommandError, call_command

from servers import Tracker, line_server, serving

embedded_tracker = pytest.importorskip("development.management.commands.embedded_tracker", reason="no embedded tracker")
tracker_at = embedded_tracker.tracker_at


@pytest.mark.parametrize("page", ["/_health/", "/api/eventlist/"])
def test_a_tracker_that_runs_is_seen(page):
    with serving(200) as server:
        server.pages = {page: {}}
        assert tracker_at(f"http://127.0.0.1:{server.server_port}/") is True


def test_a_free_port_is_seen():
    with Tracker(200) as closed:
        port = closed.server_port
    assert tracker_at(f"http://127.0.0.1:{port}/") is None


def test_a_port_that_another_server_has_is_refused(settings):
    with line_server(b"+PONG\r\n") as port:
        settings.SENTRY_OPTIONS = {**settings.SENTRY_OPTIONS, "dsn": f"http://key@127.0.0.1:{port}/1"}
        with pytest.raises(CommandError, match=f"Port {port} is taken by a server that is no tracker"):
            call_command("embedded_tracker")


def test_without_a_dsn_nothing_is_started():
    with pytest.raises(CommandError, match="SENTRY_DSN is empty"):
        call_command("embedded_tracker")
