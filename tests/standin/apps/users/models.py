"""Accounts, identified by e-mail address."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower


class UserManager(BaseUserManager):
    """Creates accounts. Read from apps/users/models.py, UserManager."""

    def create_superuser(self, email, password, **extra_fields):
        """Create an account with all permissions."""
        user = self.model(email=self.normalize_email(email), is_staff=True, is_superuser=True, **extra_fields)
        user.set_password(password)
        user.save()
        return user


class User(AbstractBaseUser):
    """An account. Its address is unique whatever the case of its letters.

    Read from apps/users/models.py, User, whose column has the collation "case_insensitive".
    """

    email = models.EmailField(unique=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    is_superuser = models.BooleanField(default=False)
    objects = UserManager()
    USERNAME_FIELD = "email"

    class Meta:
        """The unique address."""

        constraints = (models.UniqueConstraint(Lower("email"), name="email_is_unique_in_any_case"),)
