"""The parts of GlitchTip's API that a project uses. Each view names its source and needs the scopes that are there."""

from access import own_organization, own_organizations, requires
from apps.alerts.models import ProjectAlert
from apps.organizations_ext.models import OrganizationUser
from apps.projects.models import Project
from apps.releases.models import Release
from apps.teams.models import Team
from apps.uptime.models import Monitor
from django.utils.dateparse import parse_datetime
from django.utils.timezone import now
from flask import Blueprint, abort, request
from issues import get_issues

api = Blueprint("api", __name__, url_prefix="/api/0")


@api.get("/organizations/")
@requires("org:read", "org:write", "org:admin")
def list_organizations():
    """Return the organizations. Read from apps/organizations_ext/api.py."""
    found = own_organizations().order_by("name")
    return [{"id": str(each.pk), "slug": each.slug, "name": each.name} for each in found]


@api.get("/organizations/<slug>/issues/")
@requires("event:read", "event:write", "event:admin")
def list_issues(slug):
    """Return the issues, or only the one of the event whose ID is the query. Read from apps/issue_events/api/issues.py."""
    projects = Project.objects.filter(organization=own_organization(slug))
    found = get_issues(set(projects.values_list("pk", flat=True)))
    if query := request.args.get("query", "").replace("-", "").lower():
        found = [issue for issue in found if query in issue.event_ids]
    return [{"id": str(issue.id), "title": issue.title, "count": str(len(issue.event_ids))} for issue in found]


@api.get("/projects/")
@requires("project:read")
def list_projects():
    """Return the projects of all organizations. Read from apps/projects/api.py."""
    found = Project.objects.filter(organization__in=own_organizations(), is_deleted=False).order_by("name")
    return [
        {
            "id": str(each.pk),
            "slug": each.slug,
            "name": each.name,
            "platform": each.platform,
            "organization": {
                "id": str(each.organization.pk),
                "slug": each.organization.slug,
                "name": each.organization.name,
            },
        }
        for each in found
    ]


@api.get("/projects/<organization>/<project>/alerts/")
@requires("project:read")
def list_project_alerts(organization, project):
    """Return the alert rules of a project. Read from apps/alerts/api.py."""
    rules = ProjectAlert.objects.filter(project__organization__in=own_organizations())
    return [
        {
            "id": rule.pk,
            "name": rule.name,
            "timespanMinutes": rule.timespan_minutes,
            "quantity": rule.quantity,
            "uptime": rule.uptime,
            "alertRecipients": [
                {"id": each.pk, "recipientType": each.recipient_type, "url": each.url}
                for each in rule.alertrecipient_set.order_by("pk")
            ],
        }
        for rule in rules.filter(project__organization__slug=organization, project__slug=project).order_by("pk")
    ]


@api.get("/projects/<organization>/<project>/teams/")
@requires("team:read", "team:write", "team:admin", "org:read", "org:write", "org:admin")
def list_project_teams(organization, project):
    """Return the teams of a project. Read from apps/teams/api.py."""
    teams = Team.objects.filter(organization__in=own_organizations(), organization__slug=organization)
    return [
        {"id": str(each.pk), "slug": each.slug, "memberCount": each.members.count()}
        for each in teams.filter(projects__slug=project).order_by("pk")
    ]


def member_as_json(member):
    """Return what the API shows of a member. Read from apps/organizations_ext/schema.py, OrganizationUserSchema."""
    account = member.user and {"id": str(member.user.pk), "username": member.user.email, "email": member.user.email}
    return {
        "id": str(member.pk),
        "role": member.get_role_display().lower(),
        "roleName": member.get_role_display(),
        "email": member.user.email if member.user else member.email,
        "user": account,
        "pending": member.user is None,
    }


@api.get("/teams/<organization>/<team>/members/")
@requires("member:read", "member:write", "member:admin")
def list_team_members(organization, team):
    """Return the members of a team. Read from apps/organizations_ext/api.py."""
    members = OrganizationUser.objects.filter(organization__in=own_organizations(), organization__slug=organization)
    return [member_as_json(each) for each in members.filter(teams__slug=team).order_by("pk")]


def release_as_json(release):
    """Return what the API shows of a release. Read from apps/releases/schema.py, ReleaseSchema."""
    return {
        "version": release.version,
        "shortVersion": release.version,
        "dateCreated": release.created.isoformat(),
        "dateReleased": release.released and release.released.isoformat(),
        "projects": [{"name": each.name, "slug": each.slug} for each in release.projects.all()],
    }


@api.post("/organizations/<slug>/releases/")
@requires("project:releases")
def create_release(slug):
    """Create a release. For one that exists, the IntegrityError is not caught: 500. Read from apps/releases/api.py."""
    organization = own_organization(slug)
    projects = organization.projects.filter(slug__in=request.json["projects"])
    if not projects:
        return {"detail": [{"projects": "Require at least one valid project"}]}, 422
    released = parse_datetime(request.json.get("dateReleased") or "") or now()
    release = Release.objects.create(organization=organization, version=request.json["version"], released=released)
    release.projects.add(*projects)
    return release_as_json(release), 201


@api.put("/organizations/<slug>/releases/<version>/")
@requires("project:releases")
def update_release(slug, version):
    """Set the date of a release. Read from apps/releases/api.py."""
    release = Release.objects.filter(organization__in=own_organizations(), organization__slug=slug, version=version)
    release = release.first() or abort(404)
    release.released = parse_datetime(request.json.get("dateReleased") or "") or now()
    release.save()
    return release_as_json(release)


@api.post("/organizations/<slug>/heartbeat_check/<uuid:endpoint>/")
def heartbeat_check(slug, endpoint):
    """Accept a heartbeat. It needs no token. Read from apps/uptime/api.py."""
    if not Monitor.objects.filter(organization__slug=slug, endpoint_id=endpoint).exists():
        abort(404)
    return {"isUp": True, "startCheck": now().isoformat(), "reason": None}
