"""Builds the arguments of `sentry_sdk.init`, for the settings and for tests."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.transport import Transport

from error_tracking.before_send import BeforeSend
from error_tracking.ignored_errors import IGNORED_ERRORS
from error_tracking.sampling import traces_sampler
from error_tracking.scrubbing.event import Scrubber


def sentry_options(
    *,
    dsn: str,
    environment: str,
    release: str,
    debug: bool = False,
    traces_sample_rate: float = 0.0,
    send_user: bool = False,
    enable_logs: bool = False,
    secrets: Iterable[str] = (),
    sensitive_names: Iterable[str] = (),
    ignored_errors: Sequence[str] = (),
    quiet_paths: Sequence[str] = (),
    transport: type[Transport] | None = None,
) -> dict[str, Any]:
    """Return the arguments of `sentry_sdk.init`.

    `secrets` are values that no event may contain. `sensitive_names` are names of private values, added to the built-in
    ones. `ignored_errors` are the dotted names of exceptions that are not reported. Requests whose path starts with one
    of `quiet_paths` are neither traced nor reported. Without a `transport`, the SDK uses its own.

    A `traces_sample_rate` of 0 turns off tracing and the code that times requests and signals. Sessions and client
    reports are off, because GlitchTip stores neither.
    """
    scrubber = Scrubber(secrets, sensitive_names)
    before_send = BeforeSend(scrubber, send_user=send_user, send_logs=enable_logs, quiet_paths=tuple(quiet_paths))
    tracing = traces_sample_rate > 0
    django = DjangoIntegration() if tracing else DjangoIntegration(signals_spans=False, http_methods_to_capture=())
    logs = LoggingIntegration(level=logging.INFO, event_level=logging.ERROR, capture_sentry_logs=enable_logs)
    return {
        "dsn": dsn,
        "environment": environment,
        "release": release,
        "debug": debug,
        "traces_sampler": traces_sampler(traces_sample_rate, quiet_paths) if tracing else None,
        "integrations": [django, logs],
        "ignore_errors": [*IGNORED_ERRORS, *ignored_errors],
        "event_scrubber": scrubber,
        "before_breadcrumb": before_send.breadcrumb,
        "before_send": before_send.event,
        "before_send_transaction": before_send.event,
        "before_send_log": before_send.log,
        "before_send_metric": before_send.telemetry,
        "transport": transport,
        "auto_session_tracking": False,
        "send_client_reports": False,
        # The SDK uses brotli if that package is installed, but kent, the tracker for development, cannot read it.
        "_experiments": {"transport_compression_algo": "gzip"},
    }
