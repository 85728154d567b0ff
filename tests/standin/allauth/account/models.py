"""Addresses of accounts."""

from django.conf import settings
from django.db import models


class EmailAddress(models.Model):
    """One address of one account."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    email = models.EmailField()
    verified = models.BooleanField(default=False)
    primary = models.BooleanField(default=False)
