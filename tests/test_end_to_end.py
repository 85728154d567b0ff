"""The main job, as the README of a generated project says it: make run, an error, the event in the tracker."""

import os
import shutil
import tomllib

import pytest

from scripts.demo import bake, free_ports, get, received_events, running

pytestmark = pytest.mark.skipif(
    os.name == "nt" or shutil.which("make") is None,
    reason="there is no make, or this is Windows: that `make run` brings up site and tracker was not checked",
)


def test_the_first_error_arrives_at_the_embedded_tracker(tmp_path):
    tracker_port, site_port = free_ports(2)
    project = bake(tmp_path, project_name="Corner Shop", glitchtip_port=tracker_port, app_port=site_port)
    site, tracker = f"http://localhost:{site_port}", f"http://localhost:{tracker_port}"
    with running(project, tracker_port, site_port):
        assert get(f"{site}/health/") == (200, '{"database": "ok"}')
        assert get(f"{site}/glitchtip-debug/")[0] == 500
        [event] = received_events(tracker, 1)
    assert event["exception"]["values"][-1]["type"] == "ZeroDivisionError"
    assert event["environment"] == "development"
    assert event["transaction"] == "/glitchtip-debug/"
    version = tomllib.loads((project / "pyproject.toml").read_text())["project"]["version"]
    assert event["release"] == f"corner_shop@{version}"
