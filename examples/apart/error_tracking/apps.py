"""Django's entry to this app."""

from django.apps import AppConfig
from django.core.signals import request_finished, request_started
from sentry_sdk.integrations.logging import ignore_logger

from error_tracking.middleware import forget_request
from error_tracking.spool.transport import resume_spool


class ErrorTrackingConfig(AppConfig):
    """Registers the system checks, and what begins and ends with a request."""

    name = "error_tracking"

    def ready(self) -> None:
        """Import the checks, which registers them, and keep lines of no use to an event out of the breadcrumbs."""
        from error_tracking import checks  # noqa: F401

        request_started.connect(resume_spool)
        request_finished.connect(forget_request)
        for name in ("gunicorn.access", "error_tracking.spool.*"):
            ignore_logger(name)
