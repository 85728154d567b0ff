"""The worker of django-tasks-db, with a sign of life: killed workers lose no job, and a health check notices hanging ones."""

import logging
import os
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import close_old_connections
from django.db.models.functions import Now
from django_tasks_db.compat import TaskResultStatus
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult

from error_tracking.spool.transport import resume_spool
from jobs.models import LiveWorker
from jobs.reporting import reported
from jobs.retries import ATTEMPTS, JobEndedError, times_lost

log = logging.getLogger(__name__)
BEAT_SECONDS = 5
LOST_SECONDS = 60  # a worker that was not seen for so long is lost
IDLE_SECONDS = 30  # a worker that has not looked at the queue for so long hangs


class Worker(db_worker.Worker):
    """Runs jobs, and shows while it does that it is alive."""

    def __init__(self, **options: Any) -> None:
        """Take the options of django-tasks-db's worker."""
        self.looked = time.monotonic()  # when the queue was last looked at, or a job was started
        self.stopped = threading.Event()
        super().__init__(**options)

    @property
    def running(self) -> bool:
        """Whether to go on. The worker reads this before each look at the queue, so reading it is the sign of life."""
        self.looked = time.monotonic()
        return self._running

    @running.setter
    def running(self, value: bool) -> None:
        self._running = value

    def run(self) -> None:
        """Run jobs until told to stop. This worker is in the database before it takes its first job."""
        self.beat()
        threading.Thread(target=self.keep_beating, name="jobs-beat", daemon=True).start()
        try:
            super().run()
        finally:
            self.stopped.set()
            LiveWorker.objects.filter(pk=self.worker_id).delete()

    def run_task(self, db_task_result: DBTaskResult[Any, Any]) -> None:
        """Run a job; its errors are reported."""
        with reported(db_task_result):
            super().run_task(db_task_result)

    def keep_beating(self) -> None:
        """Call `beat` every few seconds; the main function of a thread. A failure of the database may pass."""
        while not self.stopped.wait(BEAT_SECONDS):
            try:
                self.beat()
            except Exception as error:
                log.warning("This worker cannot show that it is alive: %r", error)
            close_old_connections()

    def beat(self) -> None:
        """Show that this worker is alive, return lost jobs, and send errors that killed processes left in the spool."""
        if not LiveWorker.objects.filter(pk=self.worker_id).update(seen_at=Now()):
            LiveWorker.objects.create(pk=self.worker_id, seen_at=Now())
        return_lost_jobs()
        longest = settings.JOB_MAX_SECONDS if self.running_task else IDLE_SECONDS
        if (file := os.environ.get("WORKER_HEALTH_FILE")) and time.monotonic() - self.looked < longest:
            Path(file).touch()
        resume_spool()


def return_lost_jobs() -> None:
    """Put the jobs of lost workers back into the queue. One that has lost `ATTEMPTS` workers fails."""
    LiveWorker.objects.filter(seen_at__lt=Now() - timedelta(seconds=LOST_SECONDS)).delete()
    running = list(DBTaskResult.objects.running())
    alive = set(LiveWorker.objects.values_list("pk", flat=True))  # read last: a worker is there before it takes a job
    for job in running:
        if job.worker_ids[-1] in alive:
            continue
        if (lost := times_lost(job)) < ATTEMPTS:
            same = DBTaskResult.objects.running().filter(pk=job.pk, started_at=job.started_at)
            if same.update(status=TaskResultStatus.READY, args_kwargs={**job.args_kwargs, "lost": lost}):
                log.warning("Worker %s ended while it ran %s: it runs again", job.worker_ids[-1], job.task_path)
            continue
        try:
            raise JobEndedError(f"{ATTEMPTS} workers ended while they ran this job")
        except JobEndedError as error:
            with reported(job):
                job.set_failed(error)
