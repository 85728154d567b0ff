"""Accounts, identified by e-mail address."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class UserManager(BaseUserManager):
    """Creates accounts."""

    def create_superuser(self, email, password):
        """Create an account with all permissions."""
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
