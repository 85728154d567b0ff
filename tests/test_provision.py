"""What provision.py creates in GlitchTip, and that it leaves alone what an owner has changed there.

It runs against the stand-in's models, on SQLite, and on PostgreSQL if that is installed.
"""

import json
import os
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from scripts.demo import free_ports
from tests.conftest import BIN, TEMPLATE, Bake, Baked
from tests.test_faults import Cluster

STANDIN = TEMPLATE / "tests" / "standin"
KEY = "0123456789abcdef" * 2
READ_TOKEN, RELEASE_TOKEN = "f" * 64, "e" * 64
VARIABLES = {
    "PROVISION_SLUG": "corner-shop",
    "PROVISION_ID": "1",
    "PROVISION_MONITOR_URL": "http://web:8001/health/",
    "GLITCHTIP_KEY": KEY,
    "GLITCHTIP_API_TOKEN": READ_TOKEN,
    "GLITCHTIP_RELEASE_TOKEN": RELEASE_TOKEN,
    "GLITCHTIP_ADMIN_EMAIL": "ada@example.com",
    "GLITCHTIP_ADMIN_PASSWORD": "initial",
    "ALERT_WEBHOOK_URL": "",
    "ALERT_WEBHOOK_TYPE": "",
    "HEARTBEATS": "",
}
HOOK = "https://chat.example.com/hooks/1"
READY = "GlitchTip is ready: organization corner-shop, project corner-shop (ID 1)\n"
GONE = "Project 1 or its key was deleted in GlitchTip: set TRACKER_DSN to another project's DSN\n"
RULES = "list(ProjectAlert.objects.order_by('pk').values_list('quantity', 'timespan_minutes', 'uptime', 'project_id'))"
RECIPIENTS = "list(AlertRecipient.objects.order_by('pk').values_list('alert_id', 'recipient_type', 'url'))"
MONITORS = "list(Monitor.objects.order_by('pk').values_list('name', 'url', 'monitor_type', 'interval', 'project_id'))"
LABELS = "list(APIToken.objects.order_by('pk').values_list('label', flat=True))"


class Done(NamedTuple):
    """The exit code of provision.py, and what it printed."""

    code: int
    out: str
    err: str


class GlitchTip:
    """The stand-in's code and a database, in one process that runs many commands (driver.py)."""

    def __init__(self, project: Baked, database_url: str) -> None:
        """Start the process, which migrates the database."""
        self.python, self.script = project.environment / BIN / "python", project.path / "glitchtip" / "provision.py"
        self.variables = {
            **os.environ,
            **VARIABLES,
            "PYTHONPATH": str(STANDIN),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DATABASE_URL": database_url,
            "SECRET_KEY": "stand-in",
        }
        self.process = subprocess.Popen(
            [self.python, STANDIN / "driver.py"],
            env=self.variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, *command: object) -> Any:
        """Run a command of driver.py and return its result."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        result, problem = json.loads(self.process.stdout.readline())
        assert not problem, problem
        return result

    def provision(self, script: str = "provision.py", **variables: str) -> Done:
        """Run provision.py, or another script beside it, in the process."""
        return Done(*self.ask("provision", str(self.script.with_name(script)), variables))

    def provision_apart(self, script: str = "provision.py", **variables: str) -> Done:
        """Run provision.py, or another script beside it, in a process of its own, as its container does."""
        done = subprocess.run(
            [self.python, self.script.with_name(script)],
            cwd=STANDIN,
            env={**self.variables, **variables},
            capture_output=True,
            text=True,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def change(self, code: str) -> None:
        """Run Python that changes something in GlitchTip, as an owner does on its pages."""
        self.ask("execute", code)

    def read(self, expression: str) -> Any:
        """Return the value of a Python expression, in which all models are known."""
        return self.ask("evaluate", expression)

    def dump(self) -> Any:
        """Return everything in the database."""
        return self.ask("dump")

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


@pytest.fixture(
    scope="module",
    # Each worker of pytest-xdist that runs such a test starts a PostgreSQL, so let one run them all.
    params=["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.xdist_group("provision on PostgreSQL"))],
)
def started(
    baked: Bake, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[GlitchTip]:
    """Yield a GlitchTip on each kind of database."""
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path_factory.mktemp('glitchtip') / 'glitchtip.sqlite3'}"
        if request.param == "PostgreSQL":
            programs = [path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
            if not programs:
                pytest.skip(
                    "there is no PostgreSQL (Debian: apt-get install postgresql): provision.py ran on SQLite only"
                )
            cluster = Cluster(programs[-1], Path(stack.enter_context(tempfile.TemporaryDirectory())))
            cluster.start()
            stack.callback(cluster.stop)
            url = cluster.url
        glitchtip = GlitchTip(baked(), url)
        stack.callback(glitchtip.close)
        yield glitchtip


@pytest.fixture
def glitchtip(started: GlitchTip) -> GlitchTip:
    """Return an empty GlitchTip."""
    started.ask("reset")
    return started


def test_a_new_stack_gets_the_project_of_the_dsn_and_prints_no_secret(glitchtip: GlitchTip) -> None:
    assert glitchtip.provision_apart() == (0, READY, "")
    read = glitchtip.read
    assert read("list(Project.objects.values_list('id', 'name', 'slug', 'platform', 'organization__slug'))") == [
        [1, "corner-shop", "corner-shop", "python-django", "corner-shop"]
    ]
    assert read("[[key.public_key.hex, key.project_id] for key in ProjectKey.objects.all()]") == [[KEY, 1]]
    assert read("list(User.objects.values_list('email', 'is_superuser'))") == [["ada@example.com", True]]
    assert read("User.objects.get().check_password('initial')")
    assert read("list(EmailAddress.objects.values_list('email', 'verified', 'primary', 'user__email'))") == [
        ["ada@example.com", True, True, "ada@example.com"]
    ]
    assert read("list(OrganizationUser.objects.values_list('user__email', 'role'))") == [["ada@example.com", 3]]
    assert read("list(Team.objects.values_list('slug', 'projects', 'members__user__email'))") == [
        ["corner-shop", 1, "ada@example.com"]
    ]
    assert read(MONITORS) == [["corner-shop", VARIABLES["PROVISION_MONITOR_URL"], "GET", 60, 1]]
    assert read(RULES) == [[1, 1440, True, 1]]
    assert read(RECIPIENTS) == [[1, "email", ""]]
    assert read("[[each.label, each.token, each.get_scopes()] for each in APIToken.objects.order_by('pk')]") == [
        ["check_tracker", READ_TOKEN, ["project:read", "team:read", "event:read", "org:read", "member:read"]],
        ["releases", RELEASE_TOKEN, ["project:releases"]],
    ]
    assert read("set(APIToken.objects.values_list('user__email', flat=True)) == {'ada@example.com'}")


def test_a_project_that_is_created_later_in_glitchtip_gets_the_next_id(glitchtip: GlitchTip) -> None:
    glitchtip.provision()
    glitchtip.change("Project.objects.create(name='other', organization=Organization.objects.get())")
    assert glitchtip.read("list(Project.objects.order_by('pk').values_list('pk', flat=True))") == [1, 2]
    assert glitchtip.read("ProjectKey.objects.count()") == 2


def test_without_a_monitor_url_there_is_no_monitor(glitchtip: GlitchTip) -> None:
    assert glitchtip.provision(PROVISION_MONITOR_URL="") == (0, READY, "")
    assert glitchtip.read("Monitor.objects.count()") == 0


def test_an_account_with_the_address_is_used_whatever_its_case_and_keeps_its_password(glitchtip: GlitchTip) -> None:
    glitchtip.change("User.objects.create_superuser('Ada@example.com', 'own')")
    assert glitchtip.provision() == (0, READY, "")
    assert glitchtip.read("User.objects.get().check_password('own')")
    assert glitchtip.read("OrganizationUser.objects.get().user.email") == "Ada@example.com"


def test_ten_starts_change_nothing(glitchtip: GlitchTip) -> None:
    variables = {"HEARTBEATS": "backup=7200", "ALERT_WEBHOOK_URL": HOOK}
    glitchtip.provision(**variables)
    before = glitchtip.dump()
    assert [glitchtip.provision(**variables) for _ in range(10)] == [(0, READY, "")] * 10
    assert glitchtip.dump() == before


def test_without_the_record_of_what_was_created_nothing_gets_a_twin(glitchtip: GlitchTip) -> None:
    variables = {"HEARTBEATS": "backup=7200", "ALERT_WEBHOOK_URL": HOOK}
    glitchtip.provision(**variables)
    before = glitchtip.dump()
    glitchtip.change("connection.cursor().execute('DROP TABLE provisioned')")
    assert glitchtip.provision(**variables) == (0, READY, "")
    assert glitchtip.dump() == before


@pytest.mark.parametrize(
    ("slug", "organization", "project"),
    [
        ("app", "app-1", "app"),
        ("api", "api-1", "api"),
        ("login", "login-1", "login"),
        ("new", "new", "new-1"),
        ("a--b", "a-b", "a-b"),
    ],
)
def test_a_slug_that_glitchtip_rewrites_is_provisioned_once(
    glitchtip: GlitchTip, slug: str, organization: str, project: str
) -> None:
    first = glitchtip.provision(PROVISION_SLUG=slug)
    assert first == (0, f"GlitchTip is ready: organization {organization}, project {project} (ID 1)\n", "")
    before = glitchtip.dump()
    assert glitchtip.provision(PROVISION_SLUG=slug) == first
    assert glitchtip.dump() == before


# What an owner changes. Each story is Python that runs in GlitchTip, and what provision.py prints afterwards.

OTHER_ADDRESS = """
user = User.objects.get()
EmailAddress.objects.update(primary=False)
EmailAddress.objects.create(user=user, email="ada@example.org", verified=True, primary=True)
user.email = "ada@example.org"
user.save()
"""
OTHER_OWNER = """
bob = User.objects.create_superuser("bob@example.com", "own")
Organization.objects.get().add_user(bob, role=3)
OrganizationUser.objects.filter(user__email="ada@example.com").delete()
"""
STORIES = {
    "another primary address, the old one is kept": (OTHER_ADDRESS, READY),
    "another primary address, the old one is deleted": (
        f"{OTHER_ADDRESS}EmailAddress.objects.filter(email='ada@example.com').delete()",
        READY,
    ),
    "another password": ("user = User.objects.get(); user.set_password('changed'); user.save()", READY),
    "the account is no longer a superuser": ("User.objects.update(is_superuser=False)", READY),
    "the account is deleted": ("User.objects.get().delete()", READY),
    "the member is removed and another is the owner": (OTHER_OWNER, READY),
    "the member is no longer the owner": ("OrganizationUser.objects.update(role=0)", READY),
    "the project has another name and slug": (
        "project = Project.objects.get(); project.name, project.slug = 'The shop', 'the-shop'; project.save()",
        "GlitchTip is ready: organization corner-shop, project the-shop (ID 1)\n",
    ),
    "the organization has another name and slug": (
        "each = Organization.objects.get(); each.name, each.slug = 'Acme', 'acme'; each.save()",
        "GlitchTip is ready: organization acme, project corner-shop (ID 1)\n",
    ),
    "the project is in another organization": (
        "Project.objects.update(organization=Organization.objects.create(name='Acme'))",
        "GlitchTip is ready: organization acme, project corner-shop (ID 1)\n",
    ),
    "the team has another slug and no member": (
        "team = Team.objects.get(); team.slug = 'shop'; team.save(); team.members.clear()",
        READY,
    ),
    "the team is deleted": ("Team.objects.get().delete()", READY),
    "the key has another name": ("ProjectKey.objects.update(name='production', is_active=False)", READY),
    "a second key": ("ProjectKey.objects.create(project_id=1)", READY),
    "the monitor is edited": (
        "Monitor.objects.filter(monitor_type='GET').update(url='https://shop.example.com/', interval=300, name='shop')",
        READY,
    ),
    "the monitor is deleted": ("Monitor.objects.filter(monitor_type='GET').delete()", READY),
    "the heartbeat monitor is edited": (
        "Monitor.objects.filter(monitor_type='Heartbeat').update(interval=60, name='dump', endpoint_id=uuid.uuid4())",
        READY,
    ),
    "the heartbeat monitor is deleted": ("Monitor.objects.filter(monitor_type='Heartbeat').delete()", READY),
    "the rule is edited": ("ProjectAlert.objects.update(quantity=10, timespan_minutes=5, uptime=False)", READY),
    "a recipient is edited": (
        "AlertRecipient.objects.filter(recipient_type='webhook').update(recipient_type='discord', url='https://d.com/1')",
        READY,
    ),
    "a recipient is deleted": ("AlertRecipient.objects.filter(recipient_type='email').delete()", READY),
    "the rule is deleted": ("ProjectAlert.objects.all().delete()", READY),
    "the read token is revoked": ("APIToken.objects.filter(label='check_tracker').delete()", READY),
    "the release token is revoked": ("APIToken.objects.filter(label='releases').delete()", READY),
    "a token has other scopes": ("APIToken.objects.filter(label='releases').update(scopes=1)", READY),
    "the key is deleted": ("ProjectKey.objects.get().delete()", GONE),
    "the project is deleted": ("Project.objects.get().force_delete()", GONE),
    "the deletion of the project waits for the worker": ("Project.objects.get().delete()", GONE),
    "the organization is deleted": ("Organization.objects.get().delete()", GONE),
}


@pytest.mark.parametrize(("change", "printed"), STORIES.values(), ids=list(STORIES))
def test_what_the_owner_changed_stays_changed(glitchtip: GlitchTip, change: str, printed: str) -> None:
    variables = {"HEARTBEATS": "backup=7200", "ALERT_WEBHOOK_URL": HOOK}
    new = glitchtip.dump()
    assert glitchtip.provision(**variables) == (0, READY, "")
    provisioned = glitchtip.dump()
    glitchtip.change(change)
    before = glitchtip.dump()
    assert before not in (new, provisioned)
    assert [glitchtip.provision(**variables) for _ in range(2)] == [(0, printed, "")] * 2
    assert glitchtip.dump() == before


def test_a_token_that_is_set_later_acts_for_an_owner_and_not_for_a_manager_or_an_invitation(
    glitchtip: GlitchTip,
) -> None:
    glitchtip.provision()
    glitchtip.change("""
OrganizationUser.objects.update(role=2)
organization = Organization.objects.get()
OrganizationUser.objects.create(organization=organization, role=3, email="carl@example.com")
organization.add_user(User.objects.create_superuser("bob@example.com", "own"), role=3)
""")
    assert glitchtip.provision(GLITCHTIP_RELEASE_TOKEN="d" * 64) == (0, READY, "")
    assert glitchtip.read("APIToken.objects.get(token='d' * 64).user.email") == "bob@example.com"


def test_a_token_that_is_replaced_in_the_env_file_is_created(glitchtip: GlitchTip) -> None:
    glitchtip.provision()
    assert glitchtip.provision(GLITCHTIP_API_TOKEN="d" * 64) == (0, READY, "")
    assert glitchtip.read(LABELS) == ["check_tracker", "releases", "check_tracker"]


# A stack of version 0.1


@pytest.fixture
def old(glitchtip: GlitchTip) -> GlitchTip:
    """Return a GlitchTip as version 0.1 left it: with a monitor and a token to read, without a rule or a record."""
    glitchtip.provision()
    glitchtip.change(
        "APIToken.objects.filter(label='releases').delete(); ProjectAlert.objects.all().delete(); connection.cursor().execute('DROP TABLE provisioned')"
    )
    return glitchtip


def test_a_stack_of_version_0_1_gets_a_rule_and_a_release_token_once(old: GlitchTip) -> None:
    before = old.dump()
    assert old.provision() == (0, READY, "")
    after = old.dump()
    new = {"ProjectAlert", "AlertRecipient", "APIToken", "provisioned"}
    assert {name for name in after if after[name] != before.get(name)} == new
    assert old.read(RULES) == [[1, 1440, True, 1]]
    assert [recipient[1:] for recipient in old.read(RECIPIENTS)] == [["email", ""]]
    assert old.read(LABELS) == ["check_tracker", "releases"]
    assert old.provision() == (0, READY, "")
    assert old.dump() == after


def test_a_rule_that_the_owner_of_a_stack_of_version_0_1_made_gets_no_twin(old: GlitchTip) -> None:
    old.change("rule = ProjectAlert.objects.create(project_id=1, quantity=5, timespan_minutes=10)")
    old.change("AlertRecipient.objects.create(alert=ProjectAlert.objects.get(), recipient_type='email')")
    assert old.provision() == (0, READY, "")
    assert old.read(RULES) == [[5, 10, False, 1]]
    assert [recipient[1:] for recipient in old.read(RECIPIENTS)] == [["email", ""]]


# Webhooks and heartbeats


@pytest.mark.parametrize("kind", ["", "discord"])
def test_a_webhook_gets_a_rule_of_its_own(glitchtip: GlitchTip, kind: str) -> None:
    assert glitchtip.provision(ALERT_WEBHOOK_URL=HOOK, ALERT_WEBHOOK_TYPE=kind) == (0, READY, "")
    assert glitchtip.read(RULES) == [[1, 1440, True, 1], [1, 1440, True, 1]]
    assert glitchtip.read(RECIPIENTS) == [[1, "email", ""], [2, kind or "webhook", HOOK]]


def test_a_webhook_that_is_set_later_changes_no_rule(glitchtip: GlitchTip) -> None:
    glitchtip.provision()
    glitchtip.change("ProjectAlert.objects.update(quantity=10)")
    assert glitchtip.provision(ALERT_WEBHOOK_URL=HOOK) == (0, READY, "")
    assert glitchtip.read(RULES) == [[10, 1440, True, 1], [1, 1440, True, 1]]
    assert glitchtip.read(RECIPIENTS) == [[1, "email", ""], [2, "webhook", HOOK]]


def test_a_webhook_that_the_owner_added_gets_no_twin(glitchtip: GlitchTip) -> None:
    glitchtip.provision()
    glitchtip.change(f"AlertRecipient.objects.create(alert_id=1, recipient_type='webhook', url='{HOOK}')")
    assert glitchtip.provision(ALERT_WEBHOOK_URL=HOOK) == (0, READY, "")
    assert glitchtip.read(RECIPIENTS) == [[1, "email", ""], [1, "webhook", HOOK]]


def heartbeat(name: str, interval: int) -> list[object]:
    """Return the row of a heartbeat monitor. The endpoint is what the site derives from its DSN."""
    return [name, str(uuid.uuid5(uuid.UUID(KEY), name)), interval, 1, "corner-shop"]


def test_each_job_in_heartbeats_gets_a_monitor_once(glitchtip: GlitchTip) -> None:
    fields = "'name', 'endpoint_id', 'interval', 'project_id', 'organization__slug'"
    monitors = f"list(Monitor.objects.filter(monitor_type='Heartbeat').order_by('pk').values_list({fields}))"
    assert glitchtip.provision(HEARTBEATS="backup=7200") == (0, READY, "")
    assert glitchtip.read(monitors) == [heartbeat("backup", 7200)]
    glitchtip.provision(HEARTBEATS=" backup=60, reports=32767 ,elsewhere=https://example.com/ping,a=2h,b=0,c=32768,=9")
    assert glitchtip.read(monitors) == [heartbeat("backup", 7200), heartbeat("reports", 32767)]
    glitchtip.change("Monitor.objects.filter(name='backup').delete()")
    glitchtip.provision(HEARTBEATS="backup=7200,reports=3600,mails=1")
    assert glitchtip.read(monitors) == [heartbeat("reports", 32767), heartbeat("mails", 1)]


# What it rejects

#: What is around an unexpected error.
UNEXPECTED, LOOK = "provision.py changed nothing (", "): see docker compose logs glitchtip glitchtip-db\n"
WEBHOOK_URL_MESSAGE = (
    "ALERT_WEBHOOK_URL must be a URL such as https://hooks.example.com/ID: correct it in the env file\n"
)
INVALID: dict[str, tuple[dict[str, str], str]] = {
    "a key that is not hexadecimal": (
        {"GLITCHTIP_KEY": "hunter2"},
        "GLITCHTIP_KEY must be 32 hexadecimal digits: correct it in the env file\n",
    ),
    "a webhook without a scheme": ({"ALERT_WEBHOOK_URL": "chat.example.com/hooks/1"}, WEBHOOK_URL_MESSAGE),
    "a webhook that is a file": ({"ALERT_WEBHOOK_URL": "file:///etc/passwd"}, WEBHOOK_URL_MESSAGE),
    "a type of webhook that does not exist": (
        {"ALERT_WEBHOOK_URL": HOOK, "ALERT_WEBHOOK_TYPE": "slack"},
        "ALERT_WEBHOOK_TYPE must be one of discord, googlechat, webhook: correct it in the env file\n",
    ),
    "a webhook of type email": (
        {"ALERT_WEBHOOK_URL": HOOK, "ALERT_WEBHOOK_TYPE": "email"},
        "ALERT_WEBHOOK_TYPE must be one of discord, googlechat, webhook: correct it in the env file\n",
    ),
}


@pytest.mark.parametrize(("variables", "message"), INVALID.values(), ids=list(INVALID))
def test_an_invalid_variable_is_one_line_and_changes_nothing(
    glitchtip: GlitchTip, variables: dict[str, str], message: str
) -> None:
    empty = glitchtip.dump()
    assert glitchtip.provision_apart(**variables) == (1, "", message)
    assert glitchtip.dump() == empty


OTHERS: dict[str, tuple[dict[str, str], str]] = {
    "the ID of another project": (
        {"PROVISION_ID": "2"},
        "GLITCHTIP_KEY belongs to project 1 (corner-shop), not to project 2: set another key in the env file\n",
    ),
    "a key that the project does not have": (
        {"GLITCHTIP_KEY": "f" * 32},
        "GLITCHTIP_KEY is not a key of project 1: set it to a key from that project's settings\n",
    ),
}


@pytest.mark.parametrize(("variables", "message"), OTHERS.values(), ids=list(OTHERS))
def test_a_key_and_an_id_that_do_not_belong_together_are_one_line_and_change_nothing(
    glitchtip: GlitchTip, variables: dict[str, str], message: str
) -> None:
    glitchtip.provision()
    before = glitchtip.dump()
    new = {"ALERT_WEBHOOK_URL": HOOK, "HEARTBEATS": "backup=7200", "GLITCHTIP_API_TOKEN": "d" * 64}
    assert glitchtip.provision_apart(**variables, **new) == (1, "", message)
    assert glitchtip.dump() == before


def test_an_error_of_the_database_is_one_line_and_what_was_created_before_it_is_undone(glitchtip: GlitchTip) -> None:
    glitchtip.change(
        "bob = User.objects.create_superuser('bob@example.com', 'own');"
        "EmailAddress.objects.create(user=bob, email='ada@example.com', verified=True)"
    )
    before = glitchtip.dump()
    code, out, err = glitchtip.provision_apart()
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"{UNEXPECTED}IntegrityError: ")
    assert err.endswith(LOOK)
    assert glitchtip.dump() == before


def test_a_database_that_does_not_answer_is_one_line(started: GlitchTip) -> None:
    [port] = free_ports(1)
    code, out, err = started.provision_apart(DATABASE_URL=f"postgres://glitchtip:hunter2@127.0.0.1:{port}/glitchtip")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"{UNEXPECTED}OperationalError: ")
    assert err.endswith(LOOK)
    assert "hunter2" not in err
