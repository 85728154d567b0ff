"""Gives another site a project of its own in this GlitchTip, and prints the lines for that site's env file.

It runs in GlitchTip's image (`make add-site SITE=other_shop`). The project is in the organization of this project's own,
with a team, a key and alert rules. It is created once: later runs print the same lines, and change nothing in GlitchTip.
"""

import os
import re
import sys
from urllib.parse import urlsplit

import provision  # first, because it sets up Django

# isort: split
from apps.organizations_ext.constants import OrganizationUserRole
from apps.organizations_ext.models import OrganizationUser
from apps.projects.models import Project, ProjectKey
from apps.teams.models import Team
from django.db import connection, transaction

#: How a container reaches the machine that runs it (Docker, "docker compose extra_hosts", `host-gateway`)
MACHINE = "host.docker.internal"
LOCAL = ("localhost", "127.0.0.1", "::1")


def site_slug() -> str:
    """Return SITE as a slug, which GlitchTip limits to 50 characters (apps/projects/models.py).

    Raises:
        SystemExit: if it is not a name.
    """
    name = os.environ.get("SITE", "")
    if not re.fullmatch("[a-z][a-z0-9_-]{0,48}[a-z0-9]", name):
        rule = "2 to 50 lower-case letters, digits, - and _, starting with a letter"
        sys.exit(f"SITE must be the name of the other site ({rule}): make add-site SITE=other_shop")
    return re.sub("[_-]+", "-", name)


def create(organization_id: int, slug: str) -> Project:
    """Create a project, with a team of the organization's owners. GlitchTip chooses its ID and its key."""
    project = Project.objects.create(organization_id=organization_id, name=slug, platform="python-django")
    team, _ = Team.objects.get_or_create(organization_id=organization_id, slug=slug)
    owners = OrganizationUser.objects.filter(organization_id=organization_id, role=OrganizationUserRole.OWNER)
    team.members.add(*owners.exclude(user=None))
    team.projects.add(project)
    return project


def get_project(slug: str) -> Project:
    """Return the project of the other site, and create it if it does not exist.

    Raises:
        SystemExit: if there is nowhere to create it, or you have deleted it.
    """
    own = Project.objects.filter(pk=int(os.environ["PROVISION_ID"]), is_deleted=False).first()
    if own is None:
        sys.exit("This site has no project in GlitchTip to put another one beside: run make up, then try again")
    record = f"site {slug} is project "
    if provision.once(f"site {slug}"):
        named = Project.objects.filter(organization_id=own.organization_id, slug=slug, is_deleted=False).first()
        project = named or create(own.organization_id, slug)
        provision.once(f"{record}{project.pk}")
    else:
        with connection.cursor() as cursor:
            cursor.execute("SELECT item FROM provisioned WHERE item LIKE %s", [f"{record}%"])
            [(item,)] = cursor.fetchall()
        project = Project.objects.filter(pk=int(item.removeprefix(record)), is_deleted=False).first()
        if project is None:
            sys.exit(f"The project of {slug} was deleted in GlitchTip: choose another name, such as SITE={slug}-2")
    if project.pk == own.pk:
        sys.exit(f"SITE={slug} is this site itself: use the name of the other one")
    return project


def lines(project: Project) -> list[str]:
    """Return the lines for the other site's env file.

    Raises:
        SystemExit: if the project has no key.
    """
    key = ProjectKey.objects.filter(project=project, is_active=True).order_by("pk").first()
    if key is None:
        sys.exit(f"Project {project.pk} ({project.slug}) has no active key: create one in its settings in GlitchTip")
    url = urlsplit(os.environ["GLITCHTIP_DOMAIN"])
    user, rest = f"{url.scheme}://{key.public_key.hex}@", f"{url.path.rstrip('/')}/{project.pk}"
    sentry_dsn = f"SENTRY_DSN={user}{url.netloc}{rest}"
    if url.hostname not in LOCAL:
        return [sentry_dsn, f"TRACKER_DSN={user}{url.netloc}{rest}"]
    port = f":{url.port}" if url.port else ""
    return [sentry_dsn, f"TRACKER_DSN={user}{MACHINE}{port}{rest}", f"TRACKER_URL={url.geturl().rstrip('/')}/"]


def main() -> None:
    """Create what is missing, in one transaction, and print the lines on stdout and an explanation on stderr.

    Raises:
        SystemExit: with one line, if that is not possible.
    """
    slug, recipients = site_slug(), [("email", ""), *provision.webhook()]
    with transaction.atomic():
        provision.wait_for_others()
        project = get_project(slug)
        for kind, url in recipients:
            provision.create_rule(project, kind, url)
        found = lines(project)
        notified = OrganizationUser.objects.filter(teams__projects=project).distinct().count()
    where = f"project {project.pk} ({project.slug}) in organization {project.organization.slug}"
    print(f"{slug} is {where}. Members who get its alerts: {notified}. Lines for its env file:", file=sys.stderr)
    print(*found, sep="\n")


if __name__ == "__main__":
    main()
