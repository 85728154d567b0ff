"""The configuration of this Django app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Makes the Celery app the one that `shared_task` uses, and connects the receivers of Celery's signals."""

    name = "jobs"

    def ready(self) -> None:
        """Import the modules, which does both."""
        from config import celery  # noqa: F401
        from jobs import health, reporting  # noqa: F401
