"""Organizations and their members."""

from django.conf import settings
from django.db import models


class Organization(models.Model):
    """Owns teams and projects."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=200, unique=True)

    def add_user(self, user, role=0):
        """Make `user` a member."""
        return OrganizationUser.objects.create(organization=self, user=user, role=role)


class OrganizationUser(models.Model):
    """One account in one organization."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    role = models.PositiveSmallIntegerField()
