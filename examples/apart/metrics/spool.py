"""Describes the spool for Prometheus."""

from collections.abc import Iterator

from django.conf import settings
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from error_tracking.spool.bounds import age
from error_tracking.spool.transport import all_waiting, spool_class


class SpoolCollector(Collector):
    """Reads the folder of the spool at each scrape. All processes of the site share it."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the metrics of the events of all DSNs; none without a DSN or a spool."""
        transport = spool_class(settings.SENTRY_OPTIONS)
        if transport is None:
            return
        waiting = all_waiting(transport)
        rejected = len(list(transport.root.glob("*/rejected/*.envelope")))
        oldest = max(map(age, waiting), default=0.0)
        yield GaugeMetricFamily("error_spool_events", "Events that wait for the tracker.", len(waiting))
        yield GaugeMetricFamily("error_spool_oldest_seconds", "How long the oldest event has waited.", oldest)
        yield GaugeMetricFamily("error_spool_rejected_events", "Events that can never be sent.", rejected)
