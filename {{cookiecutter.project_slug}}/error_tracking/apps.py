"""Django's entry to this app."""

from django.apps import AppConfig
from django.core.signals import request_finished
from sentry_sdk.integrations.logging import ignore_logger

from error_tracking.middleware import forget_request


class ErrorTrackingConfig(AppConfig):
    """Registers the system checks and the end of a request."""

    name = "error_tracking"

    def ready(self) -> None:
        """Import the checks, which registers them, and keep access lines out of breadcrumbs."""
        from error_tracking import checks  # noqa: F401

        request_finished.connect(forget_request)
        ignore_logger("gunicorn.access")
