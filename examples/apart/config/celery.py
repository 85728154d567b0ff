"""The Celery app. `celery --app config worker` starts a worker."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

from config.startup_errors import ending_in_one_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

with ending_in_one_line():
    app = Celery("my_django_project")
    app.config_from_object("django.conf:settings", namespace="CELERY", force=True)
    app.autodiscover_tasks()


@setup_logging.connect
def keep_logging(**_: Any) -> None:
    """Keep Django's logging configuration. Without a receiver of this signal, Celery replaces it."""
