"""Organizations and their members."""

from django.conf import settings
from django.db import models
from django.utils.text import slugify

from apps.organizations_ext.constants import OrganizationUserRole
from apps.slugs import AutoSlugField

RESERVED = """login register app profile organizations settings issues performance _health rest-auth api accept stripe
admin status_page __debug__""".split()


class Organization(models.Model):
    """The owner of teams and projects.

    Read from apps/organizations_ext/models.py (slugify_function, add_user).
    """

    name = models.CharField(max_length=200)
    slug = AutoSlugField(max_length=200, unique=True)

    def slugify_function(self, content):
        """Return the slug of a name. One that GlitchTip's own pages use gets "-1"."""
        slug = slugify(content)
        return f"{slug}-1" if slug in RESERVED else slug

    def add_user(self, user, role=OrganizationUserRole.MEMBER):
        """Add `user` as a member. The first one becomes the owner, whatever `role` is."""
        role = role if self.organization_users.exists() else OrganizationUserRole.OWNER
        return OrganizationUser.objects.create(organization=self, user=user, role=role)


class OrganizationUser(models.Model):
    """The membership of an account in an organization, or an invitation by e-mail, which has no account yet.

    Read from apps/organizations_ext/models.py, OrganizationUser.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="organizations_ext_organizationuser",
    )
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="organization_users")
    role = models.PositiveSmallIntegerField(choices=OrganizationUserRole.choices)
    email = models.EmailField(null=True)

    class Meta:
        """An account or an address is a member once."""

        unique_together = (("user", "organization"), ("email", "organization"))
