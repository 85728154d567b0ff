"""The settings of Celery."""

from pathlib import Path
from typing import Any

QUEUE_SCHEMES = ("redis://", "rediss://")
STOP_SECONDS = 45  # less than `stop_grace_period` in compose.yaml


def broker(url: str) -> str:
    """Return the address of the queue, or "" for a folder.

    Raises:
        ValueError: if it is not an address of Valkey or Redis. The message does not contain it; it may hold a password.
    """
    if url and url != "memory://" and not url.startswith(QUEUE_SCHEMES):
        raise ValueError("must look like redis://:PASSWORD@HOST:6379/0, with the password percent-encoded")
    return url


def celery_settings(broker_url: str, *, folder: Path, max_seconds: int) -> dict[str, Any]:
    """Return Django settings for Celery. Without a `broker_url`, jobs wait in `folder`, for development.

    A job that runs longer than `max_seconds` is stopped. So after that time, with a minute to spare, the worker of a job
    that is not done was killed, and Valkey gives the job to another one (`visibility_timeout`).
    """
    options: dict[str, Any] = {"visibility_timeout": max_seconds + 60}
    if not broker_url:
        folder.mkdir(exist_ok=True)
        options = {"data_folder_in": str(folder), "data_folder_out": str(folder), "control_folder": str(folder)}
    return {
        "CELERY_BROKER_URL": broker_url or "filesystem://localhost",
        "CELERY_BROKER_TRANSPORT_OPTIONS": options,
        "CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP": True,
        "CELERY_TASK_ACKS_LATE": True,  # a killed worker has not confirmed its job, so the job runs again
        "CELERY_TASK_RETRY_ON_WORKER_LOST": True,  # if a job kills its process, at most `max_retries` times
        "CELERY_TASK_IGNORE_RESULT": True,
        "CELERY_TASK_TIME_LIMIT": max_seconds,
        "CELERY_WORKER_CONCURRENCY": 2,
        "CELERY_WORKER_PREFETCH_MULTIPLIER": 1,
        "CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT": STOP_SECONDS,  # after that, a job that is running returns to the queue
    }
