"""The compose stack, if a container engine is available; test_combinations.py checks its file without one.

STANDINS is the path of a program that tags local images with the public image names of a compose file. Without it, the
public images are pulled, and GlitchTip is the real one.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.demo import free_ports, get
from tests.conftest import TEMPLATE, Bake, Baked
from tests.test_bake import SETS

SHAPES: dict[str, dict[str, str]] = {
    "all in one": {},
    "apart, SQLite": {"tracker": "glitchtip-web-and-worker", "database": "sqlite"},
}
STANDINS = os.environ.get("STANDINS")


#: Python that runs in GlitchTip, the stand-in or the real one.
MODELS = """
import json
from allauth.account.models import EmailAddress
from apps.alerts.models import ProjectAlert
from apps.api_tokens.models import APIToken
from apps.organizations_ext.models import Organization, OrganizationUser
from apps.projects.models import Project
from apps.uptime.models import Monitor
from apps.users.models import User
"""
OWNERS_CHANGES = """
user = User.objects.get()
EmailAddress.objects.filter(user=user).update(email="owner@example.com")
user.email = "owner@example.com"
user.set_password("changed")
user.save()
organization = Organization.objects.get()
organization.name, organization.slug = "Acme", "acme"
organization.save()
project = Project.objects.get(pk=1)
project.name, project.slug = "The shop", "the-shop"
project.save()
Monitor.objects.filter(monitor_type="GET").update(interval=600)
Monitor.objects.filter(monitor_type="Heartbeat").delete()
ProjectAlert.objects.all().delete()
"""
DUMP = """
print(json.dumps({
    "users": list(User.objects.values_list("email", "password", "is_superuser")),
    "addresses": list(EmailAddress.objects.values_list("email", "verified", "primary")),
    "members": list(OrganizationUser.objects.values_list("user__email", "role")),
    "organizations": list(Organization.objects.values_list("name", "slug")),
    "projects": list(Project.objects.values_list("pk", "name", "slug")),
    "monitors": list(Monitor.objects.values_list("name", "monitor_type", "interval")),
    "rules": list(ProjectAlert.objects.values_list("name")),
    "tokens": list(APIToken.objects.order_by("pk").values_list("label")),
}))
"""


def no_engine() -> str:
    """Return why no container can run here, or ""."""
    if shutil.which("docker") is None:
        return "there is no docker command"
    asked = [["docker", "info"], ["docker", "compose", "version"]]
    failed = [command for command in asked if subprocess.run(command, capture_output=True).returncode]
    return f"{' '.join(failed[0])} fails" if failed else ""


REASON = no_engine()
pytestmark = pytest.mark.xdist_group("stack")  # all tests share one engine and its image tags
needs_engine = pytest.mark.skipif(bool(REASON), reason=f"{REASON}: that the stack runs was not checked")


@pytest.mark.skipif(shutil.which("docker") is None, reason="no docker command: the compose file was not interpolated")
@pytest.mark.parametrize("answers", SETS.values(), ids=SETS)
def test_each_service_is_hardened_and_gets_only_its_own_secrets(baked: Bake, answers: dict[str, str]) -> None:
    project = baked(**answers)
    done = subprocess.run(
        ["docker", "compose", "config", "--format", "json"], cwd=project.path, capture_output=True, text=True
    )
    if "unknown" in done.stderr:
        pytest.skip("docker compose is not installed: the compose file was not interpolated")
    assert done.returncode == 0, done.stderr
    secrets = {
        name: value
        for name, value in project.env("development").items()
        if name.endswith(("SECRET_KEY", "PASSWORD", "_TOKEN"))
    }
    site = {"SECRET_KEY", "POSTGRES_PASSWORD", "GLITCHTIP_API_TOKEN", "METRICS_TOKEN"}
    allowed = {
        "db": {"POSTGRES_PASSWORD"},
        "glitchtip-db": {"GLITCHTIP_DB_PASSWORD"},
        **dict.fromkeys(("web", "migrate", "worker"), site),
        "glitchtip-provision": {name for name in secrets if name.startswith("GLITCHTIP")},
        "broker": set(),
        "valkey": set(),
        "mailpit": set(),
    }
    for name, service in json.loads(done.stdout)["services"].items():
        text = json.dumps(service)
        held = {secret for secret, value in secrets.items() if value in text}
        assert held <= allowed.get(name, {"GLITCHTIP_SECRET_KEY", "GLITCHTIP_DB_PASSWORD"}), name
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["init"] is True
        assert int(service["mem_limit"]) <= 384 * 2**20
        assert service["logging"]["options"]["max-size"] == "10m"
        assert all(port["host_ip"] == "127.0.0.1" for port in service.get("ports", []))
        assert ":" not in service["image"] or not service["image"].endswith(":latest")
    if answers == {}:
        services = json.loads(done.stdout)["services"]
        assert sum(int(services[name]["mem_limit"]) for name in ("glitchtip", "glitchtip-db")) <= 512 * 2**20
        assert sum(service["restart"] != "no" for service in services.values()) <= 5


@dataclass
class Stack:
    """A project with running containers."""

    project: Baked
    answers: dict[str, str]

    def compose(self, *arguments: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run docker compose in the project."""
        done: subprocess.CompletedProcess[str] = subprocess.run(
            ["docker", "compose", *arguments], cwd=self.project.path, capture_output=True, text=True, **options
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def up(self) -> None:
        """Start all services and wait until they are healthy."""
        self.compose("up", "--detach", "--wait", "--wait-timeout", "180")

    def url(self, answer: str) -> str:
        """Return the address of the service that publishes the port of an answer."""
        return f"http://localhost:{self.answers[answer]}"

    def trigger(self) -> int:
        """Raise the test error and return the status of the response."""
        return get(f"{self.url('app_port')}/glitchtip-debug/")[0]

    def errors(self, expected: int, seconds: float = 20) -> int:
        """Return the number of ZeroDivisionErrors in the tracker, once there are `expected` or time is up."""
        [organization] = self.api("organizations/")  # its owner may have changed its slug
        deadline = time.monotonic() + seconds
        while True:
            issues = self.api(f"organizations/{organization['slug']}/issues/")
            count = sum(int(issue["count"]) for issue in issues if issue["title"].startswith("ZeroDivisionError"))
            if count >= expected or time.monotonic() > deadline:
                return count
            time.sleep(0.5)

    def api(self, path: str) -> Any:
        """Return what GlitchTip's API answers to the site's token."""
        token = self.project.env("development")["GLITCHTIP_API_TOKEN"]
        request = urllib.request.Request(
            f"{self.url('glitchtip_port')}/api/0/{path}", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def glitchtip(self, code: str) -> str:
        """Run Python in GlitchTip and return its output."""
        return self.compose(
            "exec", "-T", "glitchtip", "./manage.py", "shell", "--verbosity", "0", "-c", MODELS + code
        ).stdout.strip()

    def shell(self, service: str, command: str) -> str:
        """Run a shell command in a container and return its output."""
        return self.compose("exec", "-T", service, "sh", "-c", command).stdout.strip()


def use_standins(project: Path) -> None:
    """Use stand-ins for all public images of the project, and for GlitchTip one that can be provisioned."""
    if STANDINS:
        # This exits with 1, because there is no stand-in for the image that the project builds.
        subprocess.run([STANDINS, "compose.yaml"], cwd=project, capture_output=True)
        build = [
            "docker",
            "build",
            "--quiet",
            "--tag",
            "glitchtip/glitchtip:6.2.3",
            str(TEMPLATE / "tests" / "standin"),
        ]
        subprocess.run(build, check=True, capture_output=True)


Start = Callable[..., Stack]


@pytest.fixture(scope="module")
def start(baked: Bake) -> Iterator[Start]:
    """Yield a function that starts the stack of a set of answers; all stacks are removed at the end of the module."""
    stacks = []

    def start_stack(slug: str, **answers: str) -> Stack:
        tracker_port, site_port = free_ports(2)
        answers = {"project_slug": slug, "glitchtip_port": str(tracker_port), "app_port": str(site_port), **answers}
        stack = Stack(baked(**answers), answers)
        with (stack.project.path / ".envs" / "development.env").open("a") as env:
            env.write("HEARTBEATS=backup=7200\n")
        use_standins(stack.project.path)
        stacks.append(stack)
        stack.compose("build", "--quiet")  # an earlier run may have left an image of that name
        stack.up()
        return stack

    yield start_stack
    for stack in stacks:
        stack.compose("down", "--volumes", "--timeout", "5", check=False)


@pytest.fixture(scope="module", params=[*SHAPES.values()], ids=[*SHAPES])
def stack(start: Start, request: pytest.FixtureRequest) -> Stack:
    """Return a stack of each shape that has a tracker."""
    slug = f"stack_{len(request.param)}"
    return start(slug, **request.param)


@needs_engine
def test_an_error_of_the_site_in_its_container_is_an_issue(stack: Stack) -> None:
    before = stack.errors(0)
    assert stack.trigger() == 500
    assert stack.errors(before + 1) == before + 1


@needs_engine
def test_an_error_of_a_site_on_the_host_is_an_issue(stack: Stack) -> None:
    printed = stack.project.run("python", "manage.py", "check_tracker", "--read-back")
    assert f"found: {stack.url('glitchtip_port')}/{stack.project.path.name.replace('_', '-')}/issues/" in printed


@needs_engine
def test_another_site_gets_a_project_by_one_command(stack: Stack) -> None:
    command = ["make", "--silent", "add-site", "SITE=other_shop"]
    asked = [
        subprocess.run(command, cwd=stack.project.path, capture_output=True, text=True, check=True) for _ in range(2)
    ]
    assert asked[0].stdout == asked[1].stdout
    lines = dict(line.split("=", 1) for line in asked[0].stdout.splitlines())
    assert lines["TRACKER_URL"] == f"{stack.url('glitchtip_port')}/"
    assert "found: " in stack.project.run(
        "python", "manage.py", "check_tracker", "--read-back", SENTRY_DSN=lines["SENTRY_DSN"]
    )


def mails(stack: Stack) -> list[str]:
    """Return the texts of the mails in Mailpit."""
    api = f"http://localhost:{int(stack.answers['app_port']) + 24}/api/v1"
    messages = json.loads(get(f"{api}/messages?limit=200")[1])["messages"]
    return [json.loads(get(f"{api}/message/{message['ID']}")[1])["Text"] for message in messages]


@needs_engine
def test_an_issue_is_one_mail_however_many_events_it_has(stack: Stack) -> None:
    assert [stack.trigger() for _ in range(3)] == [500] * 3
    printed = stack.project.run("python", "manage.py", "check_tracker", "--alert")
    assert "notifies admin@example.com by mail" in printed
    assert re.search(r" found: .* in .*, to admin@example.com\n", printed)
    # The mail about the issue that came last is there, so all others are.
    assert sum("ZeroDivisionError" in text for text in mails(stack)) == 1


@needs_engine
def test_a_job_in_a_container_sends_its_heartbeat(stack: Stack) -> None:
    done = stack.compose("exec", "-T", "web", "python", "manage.py", "run_monitored", "backup", "echo", "saved")
    assert (done.stdout, done.stderr) == ("saved\n", "")
    assert stack.shell("web", "python manage.py check_spool") == "Events waiting in /spool: 0"


@needs_engine
def test_what_an_owner_changes_in_glitchtip_survives_the_next_start(stack: Stack) -> None:
    stack.glitchtip(OWNERS_CHANGES)
    before = stack.glitchtip(DUMP)
    assert json.loads(before)["rules"] == []
    stack.up()
    stack.up()
    assert stack.glitchtip(DUMP) == before
    assert stack.trigger() == 500


@needs_engine
def test_make_run_would_use_the_running_tracker(stack: Stack) -> None:
    code = "from development.start_page import tracker_here; print(tracker_here())"
    assert "GlitchTip" in stack.project.run("python", "manage.py", "shell", "--verbosity", "0", "--command", code)


@needs_engine
def test_every_service_comes_back_after_a_restart(stack: Stack) -> None:
    services = stack.compose("ps", "--services").stdout.split()
    for service in services:
        stack.compose("restart", "--timeout", "5", service)
    stack.up()
    assert stack.trigger() == 500


@needs_engine
def test_data_outlives_the_containers(stack: Stack) -> None:
    make = "from django.contrib.auth.models import User; User.objects.create_superuser('ada')"
    stack.shell("web", f'python manage.py shell --verbosity 0 --command "{make}"')
    stack.compose("down", "--timeout", "5")
    stack.up()
    count = "from django.contrib.auth.models import User; print(User.objects.count())"
    assert stack.shell("web", f'python manage.py shell --verbosity 0 --command "{count}"') == "1"


@needs_engine
def test_a_stop_loses_no_error_in_flight(stack: Stack) -> None:
    before = stack.errors(0)
    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(lambda _: stack.trigger(), range(10)))
    stack.compose("stop", "web")
    assert statuses == [500] * 10
    assert stack.errors(before + 10) == before + 10
    stack.up()


@needs_engine
def test_errors_while_the_tracker_is_down_become_issues_even_if_the_site_is_recreated(stack: Stack) -> None:
    expected = 5 if STANDINS else stack.errors(0) + 5  # the stand-in forgets its events when it stops
    stack.compose("stop", "--timeout", "5", "glitchtip")
    assert [stack.trigger() for _ in range(5)] == [500] * 5
    assert stack.shell("web", "ls /spool/* | grep -c envelope") == "5"
    stack.compose("rm", "--stop", "--force", "web")
    stack.up()
    assert stack.errors(expected) == expected


@needs_engine
def test_a_backup_restores_what_was_there(stack: Stack) -> None:
    make = "from django.contrib.auth.models import User; User.objects.create_superuser('before')"
    names = "from django.contrib.auth.models import User; print(*User.objects.filter(username='before'))"
    stack.shell("web", f'python manage.py shell --verbosity 0 --command "{make}"')
    stack.shell("glitchtip", "echo kept > /code/uploads/kept")
    stack.project.run("python", "scripts/backup.py", "create")
    [archive] = (stack.project.path / "backups").iterdir()
    assert archive.stat().st_mode & 0o777 == 0o600
    refused = subprocess.run(
        [sys.executable, "scripts/backup.py", "restore", archive],
        cwd=stack.project.path,
        capture_output=True,
        text=True,
    )
    assert refused.returncode == 1
    assert "would be overwritten: add --force" in refused.stderr
    env = stack.project.env("development")
    stack.compose("down", "--volumes", "--timeout", "5")
    for file in (stack.project.path / ".envs").glob("*t.env"):
        file.unlink()
    stack.project.run("python", "scripts/backup.py", "restore", str(archive), **env)
    assert stack.project.env("development") == env
    assert stack.shell("web", f'python manage.py shell --verbosity 0 --command "{names}"') == "before"
    assert stack.shell("glitchtip", "cat /code/uploads/kept") == "kept"
    assert stack.trigger() == 500


@pytest.fixture(scope="module")
def external(start: Start) -> Stack:
    """Return a stack without a tracker."""
    return start("stack_external", tracker="external")


@needs_engine
def test_two_projects_run_side_by_side(stack: Stack, external: Stack) -> None:
    assert set(external.compose("ps", "--services").stdout.split()) == {"db", "web", "mailpit"}
    assert get(f"{external.url('app_port')}/health/")[0] == 200
    assert get(f"{stack.url('app_port')}/health/")[0] == 200


@needs_engine
def test_the_dockerfile_has_no_warning(baked: Bake) -> None:
    project = baked()
    use_standins(project.path)
    done = subprocess.run(["docker", "build", "--check", "."], cwd=project.path, capture_output=True, text=True)
    assert "no warnings found" in done.stdout, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="there is no hadolint: the Dockerfile was not linted")
def test_hadolint_finds_nothing_in_the_dockerfile(baked: Bake) -> None:
    done = subprocess.run(["hadolint", "Dockerfile"], cwd=baked().path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@needs_engine
def test_no_secret_is_in_the_image(stack: Stack) -> None:
    secrets = [value for name, value in stack.project.env("development").items() if "KEY" in name or "PASSWORD" in name]
    image = f"{stack.project.path.name}:local"
    layers = subprocess.run(["docker", "save", image], check=True, capture_output=True).stdout
    history = subprocess.run(["docker", "history", "--no-trunc", image], check=True, capture_output=True).stdout
    assert not [secret for secret in secrets if secret.encode() in layers + history]


@needs_engine
def test_a_missing_variable_says_what_to_do(baked: Bake, tmp_path: Path) -> None:
    (tmp_path / "empty.env").touch()
    done = subprocess.run(
        ["docker", "compose", "--env-file", str(tmp_path / "empty.env"), "config", "--quiet"],
        cwd=baked().path,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "run python scripts/create_env_files.py" in done.stderr


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_a_file_that_is_not_a_backup_is_rejected(baked: Bake, tmp_path: Path, content: bytes) -> None:
    archive = tmp_path / "backup.tar.gz"
    archive.write_bytes(content)
    command = [sys.executable, "scripts/backup.py", "restore", str(archive)]
    done = subprocess.run(command, cwd=baked().path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "is not a complete backup" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_backup_whose_part_is_a_folder_is_rejected(baked: Bake, tmp_path: Path) -> None:
    (tmp_path / "db.dump").mkdir()
    with tarfile.open(tmp_path / "backup.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "db.dump", "db.dump")
    command = [sys.executable, "scripts/backup.py", "restore", str(tmp_path / "backup.tar.gz")]
    done = subprocess.run(command, cwd=baked().path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "is not a backup of this project: it lacks db.dump, " in done.stderr
    assert "Traceback" not in done.stderr
