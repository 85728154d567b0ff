"""`make add-site`: a second site gets a project of its own in the GlitchTip of the first.

add_site.py runs against the stand-in's models, on SQLite, and on PostgreSQL if that is installed.
"""

import json
import re
import shutil
from pathlib import Path

import pytest

from scripts.demo import free_ports, get, running
from tests import test_provision
from tests.conftest import Bake, Baked
from tests.test_provision import HOOK, READ_TOKEN, RECIPIENTS, STANDIN, VARIABLES, Done, GlitchTip

glitchtip, started = test_provision.glitchtip, test_provision.started  # fixtures
DOMAIN = "http://localhost:8000"
PROJECTS = "list(Project.objects.order_by('pk').values_list('pk', 'slug', 'organization__slug', 'is_deleted'))"
CORNER, OTHER = [1, "corner-shop", "corner-shop", False], [2, "other-shop", "corner-shop", False]
WHERE = "other-shop is project 2 (other-shop) in organization corner-shop. Members who get its alerts: 1."
FOUND = f"{WHERE} Lines for its env file:\n"


def add(glitchtip: GlitchTip, site: str = "other_shop", domain: str = DOMAIN, **more: str) -> Done:
    """Run add_site.py."""
    return glitchtip.provision("add_site.py", SITE=site, GLITCHTIP_DOMAIN=domain, **more)


def key(glitchtip: GlitchTip, project: int = 2) -> str:
    """Return the key that GlitchTip chose for a project."""
    found: str = glitchtip.read(f"ProjectKey.objects.get(project_id={project}).public_key.hex")
    return found


def dsns(key: str, host: str, project: int = 2) -> str:
    """Return the lines for an env file, with an address that containers reach, too."""
    return "".join(f"{name}=https://{key}@{host}/{project}\n" for name in ("SENTRY_DSN", "TRACKER_DSN"))


def test_another_site_gets_a_project_a_key_a_team_and_rules_and_the_first_keeps_all_of_its_own(
    glitchtip: GlitchTip,
) -> None:
    glitchtip.provision(ALERT_WEBHOOK_URL=HOOK)
    before = glitchtip.dump()
    code, out, err = add(glitchtip, ALERT_WEBHOOK_URL=HOOK)
    assert (code, err) == (0, FOUND)
    assert out.splitlines() == [
        f"SENTRY_DSN=http://{key(glitchtip)}@localhost:8000/2",
        f"TRACKER_DSN=http://{key(glitchtip)}@host.docker.internal:8000/2",
        "TRACKER_URL=http://localhost:8000/",
    ]
    assert key(glitchtip) != VARIABLES["GLITCHTIP_KEY"]
    assert glitchtip.read(PROJECTS) == [CORNER, OTHER]
    assert glitchtip.read("list(Team.objects.values_list('slug', 'projects', 'members__user__email'))")[1:] == [
        ["other-shop", 2, "ada@example.com"]
    ]
    rules = "list(ProjectAlert.objects.filter(project=2).values_list('quantity', 'timespan_minutes', 'uptime'))"
    assert glitchtip.read(rules) == [[1, 1440, True]] * 2
    assert glitchtip.read(RECIPIENTS)[2:] == [[3, "email", ""], [4, "webhook", HOOK]]
    after = glitchtip.dump()
    for model, rows in before.items():
        assert [row for row in rows if row not in after[model]] == [], model


def test_repeating_it_prints_the_same_and_changes_nothing(glitchtip: GlitchTip) -> None:
    glitchtip.provision()
    first, third = add(glitchtip), add(glitchtip, "third_shop")
    before = glitchtip.dump()
    assert [add(glitchtip, name) for name in ("other_shop", "other-shop", "third_shop")] == [first, first, third]
    assert "/3\n" in third.out
    assert glitchtip.provision().code == 0  # as at each start of the stack
    assert glitchtip.dump() == before


@pytest.mark.parametrize(
    ("domain", "host"),
    [("https://errors.example.com", "errors.example.com"), ("https://example.com/errors/", "example.com/errors")],
)
def test_a_public_address_is_the_same_for_containers(glitchtip: GlitchTip, domain: str, host: str) -> None:
    glitchtip.provision()
    assert add(glitchtip, domain=domain) == (0, dsns(key(glitchtip), host), FOUND)


# What an owner changes between two runs, and what the second one prints. {key} is the key that add_site.py then finds.
STORIES = {
    "another name and slug": ("Project.objects.filter(pk=2).update(name='Shop', slug='shop')", "project 2 (shop)"),
    "the rule is deleted": ("ProjectAlert.objects.filter(project=2).delete()", "project 2 (other-shop)"),
    "the rule is edited": ("ProjectAlert.objects.filter(project=2).update(quantity=9)", "project 2 (other-shop)"),
    "the team is deleted": ("Team.objects.filter(slug='other-shop').delete()", "alerts: 0."),
    "another organization": (
        "Project.objects.filter(pk=2).update(organization=Organization.objects.create(name='Acme'))",
        "in organization acme.",
    ),
    "another key": (
        "ProjectKey.objects.filter(project=2).delete(); ProjectKey.objects.create(project_id=2)",
        "project 2 (other-shop)",
    ),
}


@pytest.mark.parametrize(("change", "printed"), STORIES.values(), ids=list(STORIES))
def test_what_the_owner_changed_stays_changed(glitchtip: GlitchTip, change: str, printed: str) -> None:
    glitchtip.provision()
    add(glitchtip)
    glitchtip.change(change)
    before = glitchtip.dump()
    code, out, err = add(glitchtip, domain="https://errors.example.com")
    assert (code, out) == (0, dsns(key(glitchtip), "errors.example.com"))
    assert printed in err
    assert glitchtip.dump() == before


def test_a_project_of_that_name_is_used_and_gets_no_twin(glitchtip: GlitchTip) -> None:
    glitchtip.provision()
    add(glitchtip)
    before = glitchtip.dump()
    glitchtip.change("connection.cursor().execute(\"DELETE FROM provisioned WHERE item NOT LIKE 'project 1%'\")")
    assert add(glitchtip).err == FOUND
    after = glitchtip.dump()
    assert {**after, "provisioned": []} == {**before, "provisioned": []}


GONE = "The project of other-shop was deleted in GlitchTip: choose another name, such as SITE=other-shop-2\n"
RULE = "2 to 50 lower-case letters, digits, - and _, starting with a letter"
INVALID = f"SITE must be the name of the other site ({RULE}): make add-site SITE=other_shop\n"
PROBLEMS = {
    "no name": ("", "", INVALID),
    "no valid name": ("", "https://key@x/1", INVALID),
    "its own name": ("", "corner_shop", "SITE=corner-shop is this site itself: use the name of the other one\n"),
    "the project is deleted": ("Project.objects.filter(pk=2).delete()", "other_shop", GONE),
    "the project is deleted for good": ("Project.objects.get(pk=2).force_delete()", "other_shop", GONE),
    "no key": (
        "ProjectKey.objects.filter(project=2).update(is_active=False)",
        "other_shop",
        "Project 2 (other-shop) has no active key: create one in its settings in GlitchTip\n",
    ),
    "its own project is deleted": (
        "Project.objects.get(pk=1).force_delete()",
        "third_shop",
        "This site has no project in GlitchTip to put another one beside: run make up, then try again\n",
    ),
}


@pytest.mark.parametrize(("change", "site", "message"), PROBLEMS.values(), ids=list(PROBLEMS))
def test_a_problem_is_one_line_and_changes_nothing(glitchtip: GlitchTip, change: str, site: str, message: str) -> None:
    glitchtip.provision()
    add(glitchtip)
    glitchtip.change(change or "pass")
    before = glitchtip.dump()
    assert add(glitchtip, site) == (1, "", message)
    assert glitchtip.dump() == before


def test_a_database_that_does_not_answer_is_one_line(started: GlitchTip) -> None:
    [port] = free_ports(1)
    url = f"postgres://glitchtip:hunter2@127.0.0.1:{port}/glitchtip"
    code, out, err = started.provision_apart(
        "add_site.py", SITE="other_shop", GLITCHTIP_DOMAIN=DOMAIN, DATABASE_URL=url
    )
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "hunter2" not in err


# Two bakes


def send(project: Baked) -> str:
    """Send an event from a project, and return its ID when GlitchTip's API shows it."""
    found = re.search("ID ([0-9a-f]{32})", project.run("python", "manage.py", "check_tracker", "--read-back"))
    assert found
    return found[1]


def configure(baked: Baked, folder: Path, lines: str) -> Baked:
    """Return a copy of a project that has `lines` in its env file instead of those with the same names."""
    shutil.copytree(baked.path, folder, symlinks=True, ignore=shutil.ignore_patterns(".venv"))
    file, new = folder / ".envs" / "development.env", dict(line.split("=", 1) for line in lines.splitlines())
    kept = [line for line in file.read_text().splitlines() if line.partition("=")[0] not in new]
    file.write_text("\n".join([*kept, *lines.splitlines(), ""]))
    return Baked(folder, baked.environment)


def test_the_errors_of_two_bakes_arrive_in_projects_of_their_own(
    baked: Bake, glitchtip: GlitchTip, tmp_path: Path
) -> None:
    [port] = free_ports(1)
    address = f"http://localhost:{port}"
    glitchtip.provision()
    token = f"GLITCHTIP_API_TOKEN={READ_TOKEN}\n"
    first = f"SENTRY_DSN=http://{VARIABLES['GLITCHTIP_KEY']}@localhost:{port}/1\n"
    corner = configure(baked(), tmp_path / "corner_shop", first + token)
    other = configure(baked(tracker="external"), tmp_path / "other_shop", add(glitchtip, domain=address).out + token)
    server = {name: glitchtip.variables[name] for name in ("DATABASE_URL", "SECRET_KEY", "PYTHONPATH")}
    with running(STANDIN, port, command=[str(glitchtip.python), "serve.py"], PORT=str(port), **server):
        sent = {send(corner): 1, send(other): 2}
        kept = [event["event_id"] for event in json.loads(get(f"{address}/api/eventlist/")[1])["events"]]
        events = [json.loads(get(f"{address}/api/event/{kept_as}")[1]) for kept_as in kept]
    assert {event["payload"]["body"]["event_id"]: event["project_id"] for event in events} == sent
