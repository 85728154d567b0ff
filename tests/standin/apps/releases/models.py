"""Releases."""

from django.db import models


class Release(models.Model):
    """A version of an organization's projects, once. Read from apps/releases/models.py."""

    created = models.DateTimeField(auto_now_add=True)
    organization = models.ForeignKey("organizations_ext.Organization", on_delete=models.CASCADE)
    projects = models.ManyToManyField("projects.Project", related_name="releases")
    version = models.CharField(max_length=255)
    released = models.DateTimeField(null=True)

    class Meta:
        """A version exists once in an organization."""

        unique_together = ("organization", "version")
