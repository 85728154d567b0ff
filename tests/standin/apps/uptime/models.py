"""Uptime monitors."""

from django.db import models


class Monitor(models.Model):
    """The monitor of a URL."""

    organization = models.ForeignKey("organizations_ext.Organization", on_delete=models.CASCADE)
    project = models.ForeignKey("projects.Project", on_delete=models.SET_NULL, null=True)
    name = models.CharField(max_length=200)
    url = models.CharField(max_length=2000, blank=True)
    monitor_type = models.CharField(max_length=12)
