"""Roles in an organization."""

from django.db import models


class OrganizationUserRole(models.IntegerChoices):
    """The role of a member. Read from apps/organizations_ext/constants.py."""

    MEMBER = 0, "Member"
    ADMIN = 1, "Admin"
    MANAGER = 2, "Manager"
    OWNER = 3, "Owner"
