"""The page that Prometheus scrapes."""

import os

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from metrics.spool import SpoolCollector


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics of all workers in Prometheus's text format, or 401 without `METRICS_TOKEN`.

    A proxy would make every address a private one, so a token decides and not the address.
    """
    sent = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or not constant_time_compare(sent, f"Bearer {settings.METRICS_TOKEN}"):
        hint = "Send the METRICS_TOKEN of the env file: Authorization: Bearer METRICS_TOKEN\n"
        return HttpResponse(hint, "text/plain", 401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:  # runserver has one process
        registry.register(REGISTRY)
    registry.register(SpoolCollector())
    return HttpResponse(generate_latest(registry), CONTENT_TYPE_LATEST)
