"""Gunicorn settings. Gunicorn loads this file automatically, and runs WEB_CONCURRENCY workers."""

import contextlib
import os
import re
{%- if cookiecutter.metrics == "yes" %}
import shutil
import tempfile
{%- endif %}
from pathlib import Path

from config.log import logging_config

ENVIRONMENT = os.environ.get("DJANGO_ENV") or "development"


def app_port() -> int:
    """Return APP_PORT from the environment or the env file, or 8001 if it is not a port.

    The settings, which report an invalid APP_PORT, are not loaded yet.
    """
    lines = "APP_PORT=" + os.environ.get("APP_PORT", "") + "\n"
    with contextlib.suppress(OSError):
        file = Path(__file__).parent / ".envs" / f"{ENVIRONMENT}.env"
        lines += file.read_text(encoding="utf-8-sig", errors="replace")
    found = re.search(r"^(?:export )?APP_PORT=[\"']?(\d{1,5})\b", lines, re.ASCII | re.MULTILINE)
    return int(found[1]) if found and 1 <= int(found[1]) <= 65535 else 8001


bind = f"127.0.0.1:{app_port()}"  # the image's command replaces this
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108  keep the heartbeat files in memory
control_socket_disable = True  # it would need a writable home folder
accesslog = "-"
access_log_format = "%(m)s %(U)s %(s)s %(b)s bytes %(M)s ms"
logconfig_dict = logging_config(json_lines=ENVIRONMENT != "development")
{%- if cookiecutter.metrics == "yes" %}

# Each worker counts in files of this folder, and /metrics adds them up (prometheus_client, "Multiprocess Mode").
METRICS_DIR = "PROMETHEUS_MULTIPROC_DIR"
if f"/metrics-{os.getpid()}-" not in os.environ.get(METRICS_DIR, ""):  # it is kept when gunicorn reloads
    os.environ[METRICS_DIR] = tempfile.mkdtemp(prefix=f"metrics-{os.getpid()}-", dir=worker_tmp_dir)


def on_exit(server: object) -> None:
    """Delete the metrics of all workers."""
    shutil.rmtree(os.environ[METRICS_DIR], ignore_errors=True)
{%- endif %}


def post_worker_init(worker: object) -> None:
    """Send events that an earlier process left in the spool."""
    from error_tracking.spool.transport import resume_spool

    resume_spool()
