"""Teams."""

from django.db import models


class Team(models.Model):
    """Members who are responsible for projects."""

    slug = models.SlugField()
    organization = models.ForeignKey("organizations_ext.Organization", on_delete=models.CASCADE)
    members = models.ManyToManyField("organizations_ext.OrganizationUser")
    projects = models.ManyToManyField("projects.Project", related_name="teams")
