"""A job that fails is one event, with the job's name and cleaned arguments. Jobs that are tried again are none."""

import pytest

from jobs import task
from jobs.retries import RetryLaterError
from jobs.worker import Worker


@task
def charge(order, card_number):
    raise ValueError("declined")


@task(takes_context=True)
def send(context, answers):
    if answers[context.attempt - 1] == "busy":
        raise RetryLaterError(seconds=0, attempts=2) from ConnectionError("busy")


@pytest.fixture
def run_jobs(db):
    """Return a function that runs all jobs that wait, with a real worker."""
    options = {"queue_names": ["*"], "excluded_queue_names": [], "backend_name": "default", "worker_id": "tests"}
    return lambda: Worker(**options, interval=0, batch=True, startup_delay=False, max_tasks=None).run()


def test_a_failing_job_is_one_event(sentry_events, run_jobs):
    charge.enqueue(7, card_number="4111 1111 1111 1111")
    run_jobs()
    [event] = sentry_events
    assert event["exception"]["values"][-1]["type"] == "ValueError"
    assert event["transaction"] == "tests.test_jobs.charge"
    assert event["contexts"]["job"]["arguments"] == {"order": 7, "card_number": "[Filtered]"}


@pytest.mark.parametrize(("answers", "reported"), [(["busy", "sent"], []), (["busy", "busy"], ["ConnectionError"])])
def test_a_job_that_is_tried_again_is_reported_only_if_it_fails(sentry_events, run_jobs, answers, reported):
    send.enqueue(answers)
    run_jobs()
    assert [event["exception"]["values"][-1]["type"] for event in sentry_events] == reported
