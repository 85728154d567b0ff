"""API tokens."""

from django.conf import settings
from django.db import models


class Scopes(models.BigIntegerField):
    """A set of flags, stored as a number. On the class, iteration yields the names, and each name is its bit.

    Read from apps/api_tokens/models.py (names and order) and bitfield/models.py.
    """

    class Flags:
        """The permissions of a token."""

        names = """project:read project:write project:admin project:releases team:read team:write team:admin
        event:read event:write event:admin org:read org:write org:admin member:read member:write member:admin""".split()

        def __iter__(self):
            """Yield the names."""
            return iter(self.names)

        def __getattr__(self, name):
            """Return the bit of a name."""
            if name not in self.names:
                raise AttributeError(name)
            return 1 << self.names.index(name)

    def contribute_to_class(self, cls, name):
        """Set the flags as the class attribute instead of the column's descriptor."""
        super().contribute_to_class(cls, name)
        flags = self.Flags()

        class Descriptor:
            def __get__(self, instance, owner):
                return flags if instance is None else instance.__dict__[name]

            def __set__(self, instance, value):
                instance.__dict__[name] = value

        setattr(cls, name, Descriptor())


class APIToken(models.Model):
    """A token that lets a program act for an account. Read from apps/api_tokens/models.py."""

    token = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    label = models.CharField(max_length=255, blank=True)
    scopes = Scopes()

    def get_scopes(self):
        """Return the names of the permissions."""
        return [name for name in APIToken.scopes if self.scopes & getattr(APIToken.scopes, name)]
