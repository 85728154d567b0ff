"""Projects and their keys."""

from uuid import uuid4

from django.db import models
from django.utils.text import slugify


class Project(models.Model):
    """Receives events; a new one without an id gets a key at random."""

    slug = models.SlugField()
    name = models.CharField(max_length=64)
    organization = models.ForeignKey("organizations_ext.Organization", on_delete=models.CASCADE)
    platform = models.CharField(max_length=64, blank=True, null=True)

    def save(self, *args, **kwargs):
        """Give the project its slug, and a key if it has no id yet."""
        first = not self.pk
        self.slug = self.slug or slugify(self.name)
        super().save(*args, **kwargs)
        if first:
            ProjectKey.objects.create(project=self)


class ProjectKey(models.Model):
    """The user part of a DSN."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    name = models.CharField(max_length=64, blank=True)
    public_key = models.UUIDField(default=uuid4, unique=True, editable=False)
