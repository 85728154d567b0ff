"""Uptime monitors."""

from django.db import models
from django.db.models import CheckConstraint, Q


class Monitor(models.Model):
    """The monitor of a URL, or of a job that must request a heartbeat endpoint once per interval (seconds).

    Read from apps/uptime/models.py. PostgreSQL stores the interval as a smallint; the constraint does that for SQLite.
    """

    monitor_type = models.CharField(max_length=12, default="Ping")
    endpoint_id = models.UUIDField(null=True, editable=False)
    name = models.CharField(max_length=200)
    url = models.CharField(max_length=2000, blank=True)
    project = models.ForeignKey("projects.Project", on_delete=models.SET_NULL, null=True)
    organization = models.ForeignKey("organizations_ext.Organization", on_delete=models.CASCADE)
    interval = models.PositiveSmallIntegerField(default=60)

    class Meta:
        """The range of a smallint."""

        constraints = (CheckConstraint(condition=Q(interval__lte=32767), name="interval_is_a_smallint"),)
