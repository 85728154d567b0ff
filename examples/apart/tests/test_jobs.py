"""A job that fails is one event, with the job's name and cleaned arguments. Jobs that are tried again are none."""

import pytest
from celery import shared_task

from config.celery import app


@shared_task
def charge(order, card_number):
    raise ValueError("declined")


@shared_task(autoretry_for=[ConnectionError], max_retries=1, retry_backoff=False, default_retry_delay=0)
def send(answers):
    if answers.pop(0) == "busy":
        raise ConnectionError("busy")


@pytest.fixture(autouse=True)
def run_at_once():
    """Run each job in the tests' process, as soon as it is queued."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def test_a_failing_job_is_one_event(sentry_events):
    charge.delay(7, card_number="4111 1111 1111 1111")
    [event] = sentry_events
    assert event["exception"]["values"][-1]["type"] == "ValueError"
    assert event["transaction"] == "tests.test_jobs.charge"
    assert event["contexts"]["job"]["arguments"] == {"order": 7, "card_number": "[Filtered]"}


@pytest.mark.parametrize(("answers", "reported"), [(["busy", "sent"], []), (["busy", "busy"], ["ConnectionError"])])
def test_a_job_that_is_tried_again_is_reported_only_if_it_fails(sentry_events, answers, reported):
    send.delay(answers)
    assert [event["exception"]["values"][-1]["type"] for event in sentry_events] == reported
