"""The workers that are running."""

from django.db import models


class LiveWorker(models.Model):
    """A worker and when it was last seen; after `jobs.worker.LOST_SECONDS`, its job is given to another worker."""

    id = models.CharField(max_length=64, primary_key=True)
    seen_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        """Return the worker's ID."""
        return self.id
