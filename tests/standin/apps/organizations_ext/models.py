"""Organizations and their members."""

from django.conf import settings
from django.db import models


class Organization(models.Model):
    """The owner of teams and projects."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=200, unique=True)

    def add_user(self, user, role=0):
        """Add `user` as a member."""
        return OrganizationUser.objects.create(organization=self, user=user, role=role)


class OrganizationUser(models.Model):
    """The membership of an account in an organization."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    role = models.PositiveSmallIntegerField()
