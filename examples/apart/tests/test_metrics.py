"""The metrics at /metrics."""

from http import HTTPStatus

import pytest
from django.conf import LazySettings
from django.test import Client


@pytest.mark.parametrize("sent", [{}, {"Authorization": "Bearer other"}, {"Authorization": "Bearer "}])
def test_metrics_need_the_token(client: Client, settings: LazySettings, sent: dict[str, str]) -> None:
    for settings.METRICS_TOKEN in ("", "fuchsia"):
        assert client.get("/metrics", headers=sent).status_code == HTTPStatus.UNAUTHORIZED


def test_metrics_count_requests(client: Client, settings: LazySettings) -> None:
    settings.METRICS_TOKEN = "fuchsia"
    client.get("/")
    shown = client.get("/metrics", headers={"Authorization": "Bearer fuchsia"}).content.decode()
    assert 'http_requests_total{method="GET",status="200"}' in shown
