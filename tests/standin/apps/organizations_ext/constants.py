"""Roles in an organization."""

from django.db import models


class OrganizationUserRole(models.IntegerChoices):
    """The role of a member."""

    MEMBER = 0
    OWNER = 3
