"""Decides which jobs go back to the queue instead of failing: those that ask for it, and those that were interrupted."""

import logging
import sys
from datetime import timedelta
from typing import Any

from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.utils import timezone
from django_tasks_db.compat import TaskResultStatus
from django_tasks_db.models import DBTaskResult

log = logging.getLogger(__name__)
ATTEMPTS = 5  # by default; after so many, a job that ends its worker each time fails, too


class JobEndedError(Exception):
    """A job ended its worker each time that it ran, for example because it used too much memory, or called `sys.exit`."""


class RetryLaterError(Exception):
    """Raise this in a job that may succeed later: the job runs again after `seconds`, and nothing is reported.

    After `attempts` attempts, the job fails. Then the exception from which this one was raised is reported.
    """

    def __init__(self, *, seconds: float = 60, attempts: int = ATTEMPTS) -> None:
        """Keep when and how often the job is tried again."""
        super().__init__(f"try again in {seconds:g} s")
        self.seconds = seconds
        self.attempts = attempts


def times_lost(job: DBTaskResult[Any, Any]) -> int:
    """Return how often a job has ended without a result, this time included. Retries do not count."""
    return int(job.args_kwargs.get("lost", 0)) + 1


@receiver(pre_save, sender=DBTaskResult)
def put_back(instance: DBTaskResult[Any, Any], **_: Any) -> None:
    """Turn a failure into "ready" before the worker saves it, while the job's exception is being handled.

    A second SIGTERM or Ctrl-C interrupts a job by SystemExit (`Worker.shutdown` in django-tasks-db 0.13).
    """
    error, attempts = sys.exc_info()[1], len(instance.worker_ids)
    if instance.status != TaskResultStatus.FAILED:
        return
    arguments = instance.args_kwargs
    if isinstance(error, RetryLaterError) and attempts < error.attempts:
        later = timezone.now() + timedelta(seconds=error.seconds)
    elif isinstance(error, (SystemExit, KeyboardInterrupt)) and times_lost(instance) < ATTEMPTS:
        later, arguments = timezone.now(), {**arguments, "lost": times_lost(instance)}
    else:
        return
    log.warning("%s runs again, after attempt %d: %r", instance.task_path, attempts, error.__cause__ or error)
    # `save` saves only the other fields
    DBTaskResult.objects.filter(pk=instance.pk).update(run_after=later, args_kwargs=arguments)
    instance.status, instance.finished_at, instance.run_after = TaskResultStatus.READY, None, later
