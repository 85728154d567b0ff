"""The configuration of this Django app."""

from django.apps import AppConfig
from django.core.signals import request_finished, request_started
from sentry_sdk.integrations.logging import ignore_logger

from error_tracking.middleware import forget_request
from error_tracking.spool.transport import resume_spool


class ErrorTrackingConfig(AppConfig):
    """Registers the system checks, and the signal receivers that run before and after each request."""

    name = "error_tracking"

    def ready(self) -> None:
        """Import the checks, which registers them, and keep access and spool log lines out of the breadcrumbs."""
        from error_tracking import checks  # noqa: F401

        request_started.connect(resume_spool)
        request_finished.connect(forget_request)
        for name in ("gunicorn.access", "uvicorn.access", "error_tracking.spool.*"):
            ignore_logger(name)
