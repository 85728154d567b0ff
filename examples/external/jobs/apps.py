"""The configuration of this Django app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Connects the receivers of the signals."""

    name = "jobs"

    def ready(self) -> None:
        """Import the modules, which connects their receivers; `reporting` imports `retries` first."""
        from jobs import reporting, retries  # noqa: F401
