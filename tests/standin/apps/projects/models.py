"""Projects and their keys."""

from uuid import uuid4

from django.db import models
from django.utils.text import slugify


class Project(models.Model):
    """A project that receives events; a new project without an id gets a random key."""

    slug = models.SlugField()
    name = models.CharField(max_length=64)
    organization = models.ForeignKey("organizations_ext.Organization", on_delete=models.CASCADE)
    platform = models.CharField(max_length=64, blank=True, null=True)

    def save(self, *args, **kwargs):
        """Set the slug, and create a key if the project has no id yet."""
        first = not self.pk
        self.slug = self.slug or slugify(self.name)
        super().save(*args, **kwargs)
        if first:
            ProjectKey.objects.create(project=self)


class ProjectKey(models.Model):
    """The key in a DSN."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    name = models.CharField(max_length=64, blank=True)
    public_key = models.UUIDField(default=uuid4, unique=True, editable=False)
