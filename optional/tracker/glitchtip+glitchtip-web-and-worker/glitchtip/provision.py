"""Creates the account, organization, project, key, tokens, alert rule and monitors of this site in GlitchTip.

It runs in GlitchTip's image after the migrations, at every start of the stack. It creates each thing once. It never
changes anything in GlitchTip, nor does it bring back what you have deleted there. It uses GlitchTip's models, because
the HTTP API does not accept a key chosen in advance.
"""

import hashlib
import logging
import os
import re
import sys
import uuid
from types import TracebackType
from urllib.parse import urlsplit

import django


def show(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    """Print an unexpected error as one line. A `sys.excepthook`. The texts of some errors contain passwords of URLs."""
    harmless = kind.__module__.startswith("django.db") or issubclass(kind, (ImportError, KeyError))
    reason = f"{kind.__name__}: {' '.join(str(error).split())}" if harmless else kind.__name__
    print(f"provision.py changed nothing ({reason}): see docker compose logs glitchtip glitchtip-db", file=sys.stderr)


sys.excepthook = show
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glitchtip.settings")
sys.path.insert(0, os.getcwd())
django.setup()
logging.getLogger("psycopg").setLevel(logging.CRITICAL)  # its pool logs each attempt to connect

from allauth.account.models import EmailAddress  # noqa: E402
from apps.alerts.constants import RecipientType  # noqa: E402
from apps.alerts.models import AlertRecipient, ProjectAlert  # noqa: E402
from apps.api_tokens.models import APIToken  # noqa: E402
from apps.organizations_ext.constants import OrganizationUserRole  # noqa: E402
from apps.organizations_ext.models import Organization, OrganizationUser  # noqa: E402
from apps.projects.models import Project, ProjectKey  # noqa: E402
from apps.teams.models import Team  # noqa: E402
from apps.uptime.models import Monitor  # noqa: E402
from apps.users.models import User  # noqa: E402
from django.core.management.color import no_style  # noqa: E402
from django.db import connection, transaction  # noqa: E402

#: Any number that no other program uses for a lock in this database
LOCK = 5207_2026
#: Minutes. An error that GlitchTip stores later than this after receiving it raises no alert.
ALERT_TIMESPAN = 1440
#: Seconds. GlitchTip stores the interval of a monitor as a smallint (apps/uptime/models.py).
LONGEST_INTERVAL = 32767


def wait_for_others() -> None:
    """Let no other run change anything until the transaction ends."""
    if connection.vendor == "postgresql":
        connection.cursor().execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def once(item: str) -> bool:
    """Return True the first time that this is called with `item`, whatever has become of the item since.

    A table of our own in GlitchTip's database, which backups contain, has the items. To get one again, delete its row.
    """
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS provisioned (item text PRIMARY KEY)")
        cursor.execute("INSERT INTO provisioned VALUES (%s) ON CONFLICT DO NOTHING", [item])
        return bool(cursor.rowcount == 1)


def get_project(project_id: int, public_key: uuid.UUID) -> Project | None:
    """Return the project with the ID and the key of the DSN, or None if it has to be created.

    Raises:
        SystemExit: if the key belongs to another project, the project has other keys, or you have deleted either.
    """
    key = ProjectKey.objects.filter(public_key=public_key).select_related("project__organization").first()
    first = once(f"project {project_id} with key {public_key.hex}")
    if key and key.project_id == project_id and not key.project.is_deleted:
        return key.project
    if key and key.project_id != project_id:
        owner = f"project {key.project_id} ({key.project.slug})"
        sys.exit(f"GLITCHTIP_KEY belongs to {owner}, not to project {project_id}: set another key in the env file")
    if not first:
        print(f"Project {project_id} or its key was deleted in GlitchTip: set TRACKER_DSN to another project's DSN")
        sys.exit(0)
    if Project.objects.filter(pk=project_id).exists():
        sys.exit(f"GLITCHTIP_KEY is not a key of project {project_id}: set it to a key from that project's settings")
    return None


def create_project(slug: str, project_id: int, public_key: uuid.UUID) -> Project:
    """Create a project with its key, and the organization, account and team that it needs."""
    email, password = os.environ["GLITCHTIP_ADMIN_EMAIL"], os.environ["GLITCHTIP_ADMIN_PASSWORD"]
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        user = User.objects.create_superuser(email=email, password=password)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    organization = Organization.objects.create(name=slug, slug=slug)  # GlitchTip may change the slug
    team = Team.objects.create(organization=organization, slug=slug)
    team.members.add(organization.add_user(user, role=OrganizationUserRole.OWNER))
    project = Project(pk=project_id, organization=organization, name=slug, platform="python-django")
    project.save(force_insert=True)  # if GlitchTip chose the ID, it would also create a random key
    with connection.cursor() as cursor:  # give the next project the next ID
        for statement in connection.ops.sequence_reset_sql(no_style(), [Project]):
            cursor.execute(statement)
    ProjectKey.objects.create(project=project, public_key=public_key, name="default")
    team.projects.add(project)
    if url := os.environ.get("PROVISION_MONITOR_URL"):
        Monitor.objects.create(
            organization=organization, project=project, name=project.slug, url=url, monitor_type="GET"
        )
    return project


def create_token(project: Project, label: str, token: str, *scopes: str) -> None:
    """Create an API token that acts for an owner of the project's organization. A revoked token stays revoked."""
    digest = hashlib.sha256(token.encode()).hexdigest()  # a revoked token needs no second copy
    owners = OrganizationUser.objects.filter(organization=project.organization, role=OrganizationUserRole.OWNER)
    owner = owners.exclude(user=None).first()
    if owner and once(f"token {digest}") and not APIToken.objects.filter(token=token).exists():
        bits = sum(int(getattr(APIToken.scopes, scope)) for scope in scopes)
        APIToken.objects.create(user=owner.user, token=token, label=label, scopes=bits)


def create_rule(project: Project, kind: str, url: str) -> None:
    """Create a rule that notifies a recipient of the first event of each issue and of monitors, unless a rule does.

    Each recipient has a rule of its own: GlitchTip 5.2 stops at the first one that fails (apps/alerts/models.py).
    """
    recipients = AlertRecipient.objects.filter(alert__project=project, recipient_type=kind, url=url)
    if once(f"recipient {kind} {url} of project {project.pk}") and not recipients.exists():
        name = f"First event of an issue, and uptime ({f'{kind} at {urlsplit(url).hostname}' if url else kind})"
        rule = ProjectAlert(project=project, name=name, quantity=1, timespan_minutes=ALERT_TIMESPAN, uptime=True)
        rule.save()
        AlertRecipient.objects.create(alert=rule, recipient_type=kind, url=url)


def create_heartbeat(project: Project, public_key: uuid.UUID, name: str, interval: int) -> None:
    """Create a heartbeat monitor. The site derives the same endpoint from the DSN (error_tracking/heartbeat.py)."""
    endpoint = uuid.uuid5(public_key, name)
    if once(f"heartbeat {name} at {endpoint}") and not Monitor.objects.filter(endpoint_id=endpoint).exists():
        organization = project.organization
        monitor = Monitor(organization=organization, project=project, name=name, monitor_type="Heartbeat")
        monitor.endpoint_id, monitor.interval = endpoint, interval
        monitor.save()


def webhook() -> list[tuple[str, str]]:
    """Return the type and URL of the webhook for alerts, if one is set.

    Raises:
        SystemExit: if GlitchTip has no such type, or the URL is not one.
    """
    url, kind = os.environ.get("ALERT_WEBHOOK_URL", ""), os.environ.get("ALERT_WEBHOOK_TYPE") or "webhook"
    kinds = sorted(set(RecipientType.values) - {"email", "zulip"})  # Zulip needs more than a URL
    if url and not (url.startswith(("http://", "https://")) and urlsplit(url).hostname):
        sys.exit("ALERT_WEBHOOK_URL must be a URL such as https://hooks.example.com/ID: correct it in the env file")
    if url and kind not in kinds:
        sys.exit(f"ALERT_WEBHOOK_TYPE must be one of {', '.join(kinds)}: correct it in the env file")
    return [(kind, url)] if url else []


def heartbeats() -> dict[str, int]:
    """Return the interval in seconds of each job in HEARTBEATS. The site's settings reject a list that is not valid."""
    jobs = [job.strip().partition("=") for job in os.environ.get("HEARTBEATS", "").split(",")]
    found = {name: int(target) for name, _, target in jobs if name and re.fullmatch("[0-9]{1,5}", target)}
    return {name: seconds for name, seconds in found.items() if 0 < seconds <= LONGEST_INTERVAL}


def main() -> None:
    """Create what was never created before, all in one transaction. Secrets are not printed.

    Raises:
        SystemExit: with one line, if a variable is not valid.
    """
    try:
        public_key = uuid.UUID(os.environ["GLITCHTIP_KEY"])
    except ValueError:
        sys.exit("GLITCHTIP_KEY must be 32 hexadecimal digits: correct it in the env file")
    project_id, jobs, recipients = int(os.environ["PROVISION_ID"]), heartbeats(), [("email", ""), *webhook()]
    with transaction.atomic():
        wait_for_others()
        project = get_project(project_id, public_key)
        project = project or create_project(os.environ["PROVISION_SLUG"], project_id, public_key)
        reading = [scope for scope in APIToken.scopes if scope.endswith("read")]
        create_token(project, "check_tracker", os.environ["GLITCHTIP_API_TOKEN"], *reading)
        create_token(project, "releases", os.environ["GLITCHTIP_RELEASE_TOKEN"], "project:releases")
        for kind, url in recipients:
            create_rule(project, kind, url)
        for name, interval in jobs.items():
            create_heartbeat(project, public_key, name, interval)
    print(f"GlitchTip is ready: organization {project.organization.slug}, project {project.slug} (ID {project.pk})")


if __name__ == "__main__":
    main()
