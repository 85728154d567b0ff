"""Reports jobs that fail: each is one event, with the job's name as culprit and the ID of the request that queued it.

The SDK's Celery integration reports exceptions that are not retried. This module adds what it lacks.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sentry_sdk
from celery import Task
from celery.exceptions import TimeLimitExceeded, WorkerLostError
from celery.signals import before_task_publish, task_failure, task_postrun, task_prerun, task_unknown
from sentry_sdk.integrations.logging import ignore_logger
from sentry_sdk.scope import Scope, use_isolation_scope, use_scope
from sentry_sdk.types import Event, Hint
from sentry_sdk.utils import event_from_exception

from error_tracking.current_request import current_request_id, queued_by
from error_tracking.trace import begin_trace
from jobs.context import arguments, job_context

# They log the end of a worker's process and messages as they are, which `report_lost` and `report_unknown` report.
for name in ("celery.worker.request", "celery.worker.consumer.consumer", "multiprocessing"):
    ignore_logger(name)


def without_arguments(record: logging.LogRecord) -> bool:
    """Remove a job's arguments from a log line of Celery, because their names are not known there. A logging filter."""
    data = getattr(record, "data", None)
    if isinstance(data, dict):
        record.data = {name: value for name, value in data.items() if name not in ("args", "kwargs")}
    return True


for name in ("celery.worker.strategy", "celery.app.trace"):
    logging.getLogger(name).addFilter(without_arguments)


@before_task_publish.connect
def add_request_id(headers: dict[str, Any], **_: Any) -> None:
    """Send the ID of the current request with the job; the SDK sends the trace ID.

    A job that is tried again gets the headers that are in its header `headers` (`Context.as_execution_options`).
    """
    origin = {"request_id": current_request_id() or headers.get("request_id") or ""}
    headers.update(origin, headers={**(headers.get("headers") or {}), **origin})


@task_prerun.connect
def begin(task_id: str, task: Task[Any, Any], args: tuple[Any, ...], kwargs: dict[str, Any], **_: Any) -> None:
    """Add the ID of the request that queued the job to log lines, and the job to events."""
    queued_by.set(getattr(task.request, "request_id", None) or "")
    describe(sentry_sdk.get_isolation_scope(), task, task_id, args, kwargs)


@task_postrun.connect
def end(**_: Any) -> None:
    """Forget the request of the job."""
    queued_by.set("")


@task_failure.connect
def report_lost(
    sender: Task[Any, Any], task_id: str, exception: BaseException, args: Any, kwargs: Any, **_: Any
) -> None:
    """Report a job that ran for too long, ended its process too often, or raised no `Exception`: the SDK does not.

    Celery 5.7 sends this signal twice if a job runs for too long, first while the job is the task's current request.
    """
    reported = isinstance(exception, Exception) and not isinstance(exception, (TimeLimitExceeded, WorkerLostError))
    if reported or sender.request.id != task_id:
        return
    event, hint = event_from_exception(
        exception, client_options=sentry_sdk.get_client().options, mechanism={"type": "celery", "handled": False}
    )
    # Without the trace in the headers: the worker itself has queued the last attempt, with a trace of its own.
    with scope_of_job(getattr(sender.request, "request_id", None) or "") as scope:
        describe(scope, sender, task_id, args, kwargs)
        sentry_sdk.capture_event(event, hint=hint)


@task_unknown.connect
def report_unknown(name: str, id: str, message: Any, exc: Exception, **_: Any) -> None:  # noqa: A002
    """Report a job that the code no longer has. Celery discards it."""
    event, hint = event_from_exception(exc, client_options=sentry_sdk.get_client().options)
    headers = message.headers
    with scope_of_job(headers.get("request_id") or "", headers.get("sentry-trace", "")) as scope:
        scope.set_transaction_name(name, source="task")
        scope.set_context("job", job_context(name, id, {"args": "are unknown, as the job is"}))
        sentry_sdk.capture_event(event, hint=hint)


@contextmanager
def scope_of_job(request_id: str, trace: str = "") -> Iterator[Scope]:
    """Yield a scope with the IDs of the request that queued a job, for events of the worker's main process.

    Its own scopes contain its breadcrumbs, and a span of its connection to the broker.
    """
    token = queued_by.set(request_id)
    try:
        with use_isolation_scope(Scope()), use_scope(Scope()) as scope:
            begin_trace(trace, request_id)
            yield scope
    finally:
        queued_by.reset(token)


def describe(scope: Scope, task: Task[Any, Any], task_id: str, args: Any, kwargs: Any) -> None:
    """Add a job's name, ID and arguments to the events of a scope, in place of the SDK's, which lack the arguments."""
    context = job_context(task.name, task_id, arguments(task.run, args, kwargs))

    def replace(event: Event, hint: Hint) -> Event:
        event["contexts"] = {**event.get("contexts", {}), "job": context}
        event.get("extra", {}).pop("celery-job", None)
        # Trackers keep a list of all values of a tag, and this one is different in each job.
        tags = event.get("tags")
        if isinstance(tags, dict):
            tags.pop("celery_task_id", None)
        return event

    scope.set_transaction_name(task.name, source="task")
    scope.add_event_processor(replace)
