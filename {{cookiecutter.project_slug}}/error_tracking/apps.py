"""Django's entry to this app."""

from django.apps import AppConfig


class ErrorTrackingConfig(AppConfig):
    """Registers the system checks."""

    name = "error_tracking"

    def ready(self) -> None:
        """Import the checks, which registers them."""
        from error_tracking import checks  # noqa: F401
