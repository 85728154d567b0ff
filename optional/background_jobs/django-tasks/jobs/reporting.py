"""Reports jobs that fail: each is one event, with the job's name as culprit and the ID of the request that queued it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import sentry_sdk
from django.db.models.signals import pre_save
from django.dispatch import receiver
from django_tasks_db.compat import TaskResultStatus
from django_tasks_db.models import DBTaskResult
from sentry_sdk.consts import OP
from sentry_sdk.integrations.logging import ignore_logger
from sentry_sdk.scope import Scope
from sentry_sdk.utils import event_from_exception

from error_tracking.current_request import current_request_id, queued_by
from jobs.context import arguments, job_context
from jobs.retries import JobEndedError, RetryLaterError

# They log each failure, which would be a second event.
for name in ("django.tasks", "django_tasks", "django_tasks_db"):
    ignore_logger(name)

Job = DBTaskResult[Any, Any]


@receiver(pre_save, sender=DBTaskResult)
def keep_origin(instance: Job, **_: Any) -> None:
    """Store the IDs of the current request and trace in a new job, beside its arguments."""
    if instance._state.adding:
        origin = {"request_id": current_request_id(), "trace": sentry_sdk.get_traceparent() or ""}
        instance.args_kwargs = {**instance.args_kwargs, "origin": origin}


@receiver(pre_save, sender=DBTaskResult)
def make_storable(instance: Job, **_: Any) -> None:
    """Replace what databases cannot store in the text of a traceback: NUL in PostgreSQL, and lone surrogates."""
    instance.traceback = instance.traceback.replace("\0", "\\0").encode(errors="backslashreplace").decode()


@receiver(pre_save, sender=DBTaskResult)
def report_failure(instance: Job, **_: Any) -> None:
    """Report the exception of a failed job before the failure is saved, so that a killed worker cannot lose it."""
    error = sys.exc_info()[1]
    if instance.status != TaskResultStatus.FAILED or error is None:
        return
    if isinstance(error, RetryLaterError):
        error = error.__cause__ or error
    elif not isinstance(error, Exception):  # an interrupt or an exit, which are not reported elsewhere
        error = with_cause(JobEndedError(f"the job ended with {type(error).__name__}"), error)
    options = sentry_sdk.get_client().options
    event, hint = event_from_exception(
        error, client_options=options, mechanism={"type": "django-tasks", "handled": False}
    )
    with sentry_sdk.new_scope() as scope:
        describe(scope, instance)
        sentry_sdk.capture_event(event, hint=hint)


def describe(scope: Scope, job: Job) -> None:
    """Add a job's name, ID and arguments to the events of a scope."""
    args, kwargs = job.args_kwargs["args"], job.args_kwargs["kwargs"]
    try:
        task = job.task
        named = arguments(partial(task.func, None) if task.takes_context else task.func, args, kwargs)
    except Exception:  # the code no longer has this job
        named = arguments(lambda: None, args, kwargs)
    scope.set_transaction_name(job.task_path, source="task")
    scope.set_context("job", job_context(job.task_path, str(job.pk), named))


def with_cause(error: Exception, cause: BaseException) -> Exception:
    """Return an exception as `raise error from cause` raises it."""
    error.__cause__ = cause
    return error.with_traceback(cause.__traceback__)


@contextmanager
def reported(job: Job) -> Iterator[None]:
    """Run a job with the IDs of the request that queued it, in a scope and, if it is sampled, a trace of its own."""
    origin = job.args_kwargs.get("origin", {})
    token = queued_by.set(origin.get("request_id", ""))
    try:
        with sentry_sdk.isolation_scope() as scope:
            trace = sentry_sdk.continue_trace(
                {"sentry-trace": origin.get("trace", "")}, op=OP.QUEUE_PROCESS, name=job.task_path, source="task"
            )
            scope.clear_breadcrumbs()  # those of the worker itself: it looks at the queue all the time
            describe(scope, job)
            with sentry_sdk.start_transaction(trace):
                yield
    finally:
        queued_by.reset(token)
