"""E-mail addresses of accounts."""

from django.conf import settings
from django.db import models


class EmailAddress(models.Model):
    """An e-mail address of an account."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    email = models.EmailField()
    verified = models.BooleanField(default=False)
    primary = models.BooleanField(default=False)
