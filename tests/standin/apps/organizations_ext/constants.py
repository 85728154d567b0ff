"""Roles in an organization."""

from django.db import models


class OrganizationUserRole(models.IntegerChoices):
    """What a member may do."""

    MEMBER = 0
    OWNER = 3
