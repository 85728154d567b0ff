"""Creates the account, organization, team, project, key, API token and monitor of this site in GlitchTip.

It runs in GlitchTip's image after the migrations, and can run again: existing data is not changed, nor is a password
that you changed. It uses GlitchTip's models, because the HTTP API does not accept a key chosen in advance.
"""

import os
import sys
import uuid

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glitchtip.settings")
sys.path.insert(0, os.getcwd())
django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from apps.api_tokens.models import APIToken  # noqa: E402
from apps.organizations_ext.constants import OrganizationUserRole  # noqa: E402
from apps.organizations_ext.models import Organization, OrganizationUser  # noqa: E402
from apps.projects.models import Project, ProjectKey  # noqa: E402
from apps.teams.models import Team  # noqa: E402
from apps.uptime.models import Monitor  # noqa: E402
from apps.users.models import User  # noqa: E402
from django.core.management.color import no_style  # noqa: E402
from django.db import connection, transaction  # noqa: E402


def get_user(email: str, password: str) -> User:
    """Return the account with this e-mail address. A new account gets `password`."""
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_superuser(email=email, password=password)
        EmailAddress.objects.get_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    return user


def get_team(user: User, slug: str) -> Team:
    """Return the team `slug` of the organization `slug`. Create both if needed, and add `user` to both."""
    organization = Organization.objects.filter(slug=slug).first() or Organization.objects.create(name=slug, slug=slug)
    member = OrganizationUser.objects.filter(organization=organization, user=user).first()
    member = member or organization.add_user(user, role=OrganizationUserRole.OWNER)
    team, _ = Team.objects.get_or_create(organization=organization, slug=slug)
    team.members.add(member)
    return team


def get_project(team: Team, slug: str, project_id: int, public_key: uuid.UUID) -> Project:
    """Return the project with the ID and the key of the DSN. Create it if needed.

    Raises:
        SystemExit: if the key or the ID belongs to another project.
    """
    key = ProjectKey.objects.filter(public_key=public_key).select_related("project").first()
    if key and key.project_id != project_id:
        owner = f"project {key.project_id} ({key.project.slug})"
        sys.exit(f"GLITCHTIP_KEY belongs to {owner}, not to project {project_id}: set another key in the env file")
    project = Project.objects.filter(pk=project_id).first()
    if project and (project.organization_id, project.slug) != (team.organization_id, slug):
        sys.exit(f"project {project_id} is {project.slug}, not {slug}: this GlitchTip belongs to another site")
    if project is None:
        project = Project(pk=project_id, organization=team.organization, name=slug, platform="python-django")
        project.save(force_insert=True)  # if GlitchTip chose the ID, it would also create a random key
        with connection.cursor() as cursor:  # give the next project the next ID
            for statement in connection.ops.sequence_reset_sql(no_style(), [Project]):
                cursor.execute(statement)
    if key is None:
        ProjectKey.objects.create(project=project, public_key=public_key, name="default")
    team.projects.add(project)
    return project


def ensure_token(user: User, token: str) -> None:
    """Let `token` read the API as `user`. `check_tracker --read-back` uses it to find its event."""
    if not APIToken.objects.filter(token=token).exists():
        scopes = 0
        for scope in APIToken.scopes:
            if scope.endswith("read"):
                scopes |= int(getattr(APIToken.scopes, scope))
        APIToken.objects.create(user=user, token=token, label="check_tracker", scopes=scopes)


def ensure_monitor(project: Project, url: str) -> None:
    """Create an uptime monitor that requests `url` once a minute, unless the project has one for it."""
    if not Monitor.objects.filter(project=project, url=url).exists():
        Monitor.objects.create(
            organization=project.organization, project=project, name=project.slug, url=url, monitor_type="GET"
        )


def main() -> None:
    """Create what is missing, all in one transaction. Secrets are not printed."""
    slug = os.environ["PROVISION_SLUG"]
    with transaction.atomic():
        user = get_user(os.environ["GLITCHTIP_ADMIN_EMAIL"], os.environ["GLITCHTIP_ADMIN_PASSWORD"])
        team = get_team(user, slug)
        project = get_project(team, slug, int(os.environ["PROVISION_ID"]), uuid.UUID(os.environ["GLITCHTIP_KEY"]))
        ensure_token(user, os.environ["GLITCHTIP_API_TOKEN"])
        if monitor_url := os.environ.get("PROVISION_MONITOR_URL"):
            ensure_monitor(project, monitor_url)
    print(f"GlitchTip has organization, team and project {slug}, project ID {project.pk}")


if __name__ == "__main__":
    main()
