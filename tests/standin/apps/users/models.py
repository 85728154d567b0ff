"""Accounts, with an address for a name."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class UserManager(BaseUserManager):
    """Makes accounts."""

    def create_superuser(self, email, password):
        """Make an account that may do everything."""
        user = self.model(email=self.normalize_email(email), is_superuser=True)
        user.set_password(password)
        user.save()
        return user


class User(AbstractBaseUser):
    """An account."""

    email = models.EmailField(unique=True)
    is_superuser = models.BooleanField(default=False)
    objects = UserManager()
    USERNAME_FIELD = "email"
