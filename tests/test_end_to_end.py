"""The main use, as in the README of a generated project: `make run`, an error, and its event in the tracker."""

import tomllib
import urllib.request

import pytest

from scripts.demo import get, received_events
from tests.conftest import Site

pytestmark = pytest.mark.xdist_group("site")  # one worker starts the site, which the browser tests share


def test_the_first_error_arrives_at_the_embedded_tracker(site: Site) -> None:
    forget = urllib.request.Request(f"{site.tracker}/api/flush/", method="POST")
    urllib.request.urlopen(forget).close()
    assert get(f"{site.url}/health/") == (200, '{"database": "ok"}')
    assert get(f"{site.url}/glitchtip-debug/")[0] == 500
    [event] = received_events(site.tracker, 1)
    assert event["exception"]["values"][-1]["type"] == "ZeroDivisionError"
    assert event["environment"] == "development"
    assert event["transaction"] == "/glitchtip-debug/"
    version = tomllib.loads((site.project / "pyproject.toml").read_text())["project"]["version"]
    assert event["release"] == f"corner_shop@{version}"
