"""Settings of gunicorn, which finds this file by itself. WEB_CONCURRENCY is the number of its workers."""

import os

from config.log import logging_config

bind = "0.0.0.0:8001"  # noqa: S104
worker_tmp_dir = "/dev/shm"  # noqa: S108  the workers' heartbeat needs memory, not a disk
accesslog = "-"
access_log_format = "%(m)s %(U)s %(s)s %(b)s bytes %(M)s ms"
logconfig_dict = logging_config(json_lines=os.environ.get("DJANGO_ENV", "development") != "development")


def post_worker_init(worker: object) -> None:
    """Send what an earlier process has left in the spool."""
    from error_tracking.spool.transport import resume_spool

    resume_spool()
