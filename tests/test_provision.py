"""What provision.py creates in GlitchTip, tested with the stand-in's models."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import BIN, TEMPLATE, Bake, Baked

STANDIN = TEMPLATE / "tests" / "standin"
DUMP = """
import glitchtip.settings, os, json
os.environ["DJANGO_SETTINGS_MODULE"] = "glitchtip.settings"
import django; django.setup()
from apps.projects.models import Project, ProjectKey
from apps.users.models import User
from apps.teams.models import Team
from apps.api_tokens.models import APIToken
from apps.uptime.models import Monitor
user = User.objects.get()
print(json.dumps({
    "email": user.email,
    "password": user.check_password("initial"),
    "projects": list(Project.objects.values_list("id", "slug", "organization__slug")),
    "keys": [key.hex for key in ProjectKey.objects.values_list("public_key", flat=True)],
    "teams": [[team.slug, team.members.count(), team.projects.count()] for team in Team.objects.all()],
    "scopes": [token.scopes for token in APIToken.objects.all()],
    "monitors": list(Monitor.objects.values_list("url", "monitor_type", "project_id")),
}))
"""


class GlitchTip:
    """A stand-in's database, and the code in its image."""

    def __init__(self, project: Baked, database: Path) -> None:
        """Create and migrate a database."""
        self.python = project.environment / BIN / "python"
        self.provision = project.path / "glitchtip" / "provision.py"
        self.variables = {
            **os.environ,
            "PYTHONPATH": str(STANDIN),
            "DATABASE_URL": f"sqlite:///{database}",
            "SECRET_KEY": "stand-in",
            "PROVISION_SLUG": "corner-shop",
            "PROVISION_ID": "1",
            "PROVISION_MONITOR_URL": "http://web:8001/health/",
            "GLITCHTIP_KEY": "0123456789abcdef" * 2,
            "GLITCHTIP_API_TOKEN": "f" * 64,
            "GLITCHTIP_ADMIN_EMAIL": "ada@example.com",
            "GLITCHTIP_ADMIN_PASSWORD": "initial",
        }
        self.run(STANDIN / "manage.py", "migrate", "--run-syncdb", "--verbosity", "0")

    def run(self, *command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the image's folder."""
        return subprocess.run(
            [self.python, *command],
            cwd=STANDIN,
            env={**self.variables, **variables, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
        )

    def dump(self) -> str:
        """Return the content of the database as JSON."""
        done = self.run("-c", DUMP)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def glitchtip(baked: Bake, tmp_path: Path) -> GlitchTip:
    """Return an empty GlitchTip."""
    return GlitchTip(baked(), tmp_path / "glitchtip.sqlite3")


def test_it_creates_the_project_of_the_dsn_and_prints_no_secret(glitchtip: GlitchTip) -> None:
    done = glitchtip.run(glitchtip.provision)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "GlitchTip has organization, team and project corner-shop, project ID 1\n"
    held = glitchtip.dump()
    assert '"projects": [[1, "corner-shop", "corner-shop"]]' in held
    assert '"keys": ["0123456789abcdef0123456789abcdef"]' in held
    assert '"teams": [["corner-shop", 1, 1]]' in held
    assert '"monitors": [["http://web:8001/health/", "GET", 1]]' in held
    assert '"scopes": [21]' in held  # project:read, event:read and org:read, of the stand-in's six scopes


def test_it_changes_nothing_when_it_runs_again(glitchtip: GlitchTip) -> None:
    glitchtip.run(glitchtip.provision)
    change = "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'glitchtip.settings'; import django; django.setup()"
    change += "; from apps.users.models import User; u = User.objects.get(); u.set_password('changed'); u.save()"
    assert glitchtip.run("-c", change).returncode == 0
    before = glitchtip.dump()
    assert '"password": false' in before
    assert glitchtip.run(glitchtip.provision).returncode == 0
    assert glitchtip.dump() == before


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (
            {"PROVISION_ID": "2"},
            "GLITCHTIP_KEY belongs to project 1 (corner-shop), not to project 2: set another key in the env file",
        ),
        (
            {"PROVISION_SLUG": "other", "GLITCHTIP_KEY": "f" * 32},
            "project 1 is corner-shop, not other: this GlitchTip belongs to another site",
        ),
    ],
)
def test_it_rejects_a_key_or_an_id_of_another_project_and_changes_nothing(
    glitchtip: GlitchTip, variables: dict[str, str], message: str
) -> None:
    glitchtip.run(glitchtip.provision)
    before = glitchtip.dump()
    done = glitchtip.run(glitchtip.provision, **variables)
    assert done.returncode == 1
    assert done.stderr == f"{message}\n"
    assert glitchtip.dump() == before
