"""Shows that a worker is alive."""

import os
from pathlib import Path
from typing import Any

from celery.signals import heartbeat_sent

from error_tracking.spool.transport import resume_spool


@heartbeat_sent.connect
def beat(**_: Any) -> None:
    """Touch WORKER_HEALTH_FILE, every two seconds while the worker is connected to the broker.

    The worker's main process sends this signal from the loop that also receives jobs. It also sends the errors that
    killed processes left in the spool.
    """
    if file := os.environ.get("WORKER_HEALTH_FILE"):
        Path(file).touch()
    resume_spool()
