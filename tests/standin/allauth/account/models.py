"""E-mail addresses of accounts."""

from django.conf import settings
from django.db import models
from django.db.models import Q, UniqueConstraint


class EmailAddress(models.Model):
    """An e-mail address of an account. A verified address belongs to one account, which has one primary address.

    Read from django-allauth's allauth/account/models.py, EmailAddress.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    email = models.EmailField()
    verified = models.BooleanField(default=False)
    primary = models.BooleanField(default=False)

    class Meta:
        """The names of the constraints, which error messages contain."""

        unique_together = (("user", "email"),)
        constraints = (
            UniqueConstraint(fields=["user", "primary"], name="unique_primary_email", condition=Q(primary=True)),
            UniqueConstraint(fields=["email"], name="unique_verified_email", condition=Q(verified=True)),
        )
