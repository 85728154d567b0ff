"""API tokens."""

from django.conf import settings
from django.db import models


class Scopes(models.BigIntegerField):
    """A number of flags; the class attribute gives their names, and each name its bit."""

    class Flags:
        """What a token may do."""

        names = ("project:read", "project:write", "event:read", "event:admin", "org:read", "org:admin")

        def __iter__(self):
            """Give the names."""
            return iter(self.names)

        def __getattr__(self, name):
            """Give the bit of one name."""
            return 1 << self.names.index(name)

    def contribute_to_class(self, cls, name):
        """Put the flags where the column's descriptor would be."""
        super().contribute_to_class(cls, name)
        flags = self.Flags()

        class Descriptor:
            def __get__(self, instance, owner):
                return flags if instance is None else instance.__dict__[name]

            def __set__(self, instance, value):
                instance.__dict__[name] = value

        setattr(cls, name, Descriptor())


class APIToken(models.Model):
    """Lets a program act for an account."""

    token = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    label = models.CharField(max_length=255, blank=True)
    scopes = Scopes()
