"""Teams."""

from django.db import models


class Team(models.Model):
    """Members who are responsible for projects. Read from apps/teams/models.py."""

    slug = models.SlugField()
    organization = models.ForeignKey("organizations_ext.Organization", on_delete=models.CASCADE, related_name="teams")
    members = models.ManyToManyField("organizations_ext.OrganizationUser", blank=True, related_name="teams")
    projects = models.ManyToManyField("projects.Project", related_name="teams")

    class Meta:
        """Slugs are unique in an organization."""

        unique_together = ("slug", "organization")
