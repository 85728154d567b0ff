"""Projects and their keys."""

from uuid import uuid4

from django.db import models
from django.utils.text import slugify

from apps.slugs import AutoSlugField


class Project(models.Model):
    """A project that receives events; a new project without an id gets a random key.

    Read from apps/projects/models.py (save, delete, slugify_function) and SoftDeleteModel in glitchtip/base_models.py.
    """

    slug = AutoSlugField(max_length=50)
    name = models.CharField(max_length=64)
    organization = models.ForeignKey(
        "organizations_ext.Organization", on_delete=models.CASCADE, related_name="projects"
    )
    platform = models.CharField(max_length=64, blank=True, null=True)
    is_deleted = models.BooleanField(default=False)

    class Meta:
        """Slugs are unique in an organization."""

        unique_together = (("organization", "slug"),)

    def slugify_function(self, content):
        """Return the slug of a name. "new" is an address of the project pages."""
        slug = slugify(content)
        return f"{slug}-1" if slug == "new" else slug

    def save(self, *args, **kwargs):
        """Create a key if the project has no id yet."""
        first = not self.pk
        super().save(*args, **kwargs)
        if first:
            ProjectKey.objects.create(project=self)

    def delete(self, *args, **kwargs):
        """Mark the project as deleted. In GlitchTip, the worker then calls `force_delete` (apps/projects/tasks.py)."""
        self.is_deleted = True
        self.save(update_fields=["is_deleted"])

    def force_delete(self):
        """Delete the project and what belongs to it."""
        super().delete()


class ProjectKey(models.Model):
    """The key in a DSN. Read from apps/projects/models.py, ProjectKey."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    is_active = models.BooleanField(default=True)
    name = models.CharField(max_length=64, blank=True)
    public_key = models.UUIDField(default=uuid4, unique=True, editable=False)
