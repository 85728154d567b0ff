"""Background jobs. Import `task` from here: Django's own since Django 6.0, that of its backport `django-tasks` before.

A job can raise `jobs.retries.RetryLaterError` to run again later.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING or find_spec("django.tasks"):
    from django.tasks import task
else:
    from django_tasks import task

__all__ = ["task"]
