"""The promises of SECURITY.md that no other test covers, such as no default password and no known vulnerability."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import Result

from tests.conftest import TEMPLATE, Bake, Baked
from tests.test_bake import ENVIRONMENTS, SETS

SECRET = re.compile(r"(PASSWORD|SECRET_KEY|TOKEN|GLITCHTIP_KEY)$")


#: With an external tracker, there may be no token for its API; without METRICS_TOKEN, the site shows no metrics.
MAY_BE_EMPTY = ("${GLITCHTIP_API_TOKEN:-}", "${METRICS_TOKEN:-}")


@pytest.fixture(params=SETS.values(), ids=list(SETS))
def project(baked: Bake, request: pytest.FixtureRequest) -> Baked:
    """Return the project of each set of answers in turn."""
    return baked(**request.param)


def test_compose_has_no_default_for_a_secret(project: Baked) -> None:
    services = yaml.safe_load(project.read("compose.yaml"))["services"]
    given = {
        (name, variable): value
        for name, service in services.items()
        for variable, value in service.get("environment", {}).items()
    }
    secret = {key: value for key, value in given.items() if SECRET.search(key[1])}
    assert secret
    for key, value in secret.items():
        assert re.fullmatch(r"\$\{\w+:\?[^}]*\}", value) or value in MAY_BE_EMPTY, key
    for key, value in given.items():
        assert not re.search(r"://[^$/@]+:[^$/@]+@", value), f"{key} has a password in its URL"


def test_no_secret_has_a_value_in_a_tracked_file(project: Baked) -> None:
    for line in project.read(".envs/example.env").splitlines():
        name, _, value = line.lstrip("# ").partition("=")
        if SECRET.search(name):
            assert value == "", name


def test_the_replay_file_holds_no_secret(command: Callable[..., Result], tmp_path: Path) -> None:
    assert command("--no-input").exit_code == 0
    [replay] = (tmp_path / "replay").glob("*.json")
    text = replay.read_text(encoding="utf-8")
    assert "my_django_project" in text
    env = Baked(tmp_path / "out" / "my_django_project", tmp_path).env("development")
    assert [name for name, value in env.items() if SECRET.search(name) and value in text] == []


def test_neither_git_nor_the_image_includes_an_env_file(project: Baked, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path], check=True)
    git = ["git", "--git-dir", str(tmp_path), "--work-tree", str(project.path)]
    files = [".env", *(f".envs/{environment}.env" for environment in ENVIRONMENTS)]
    done = subprocess.run([*git, "check-ignore", *files], cwd=project.path, capture_output=True, text=True)
    assert done.stdout.split() == files
    assert {".env", ".envs/"} <= set(project.read(".dockerignore").split())


def audit(site_packages: Path) -> None:
    """Assert that no package in a folder has a known vulnerability; skip if the advisories cannot be read."""
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--path",
        str(site_packages),
        "--format",
        "json",
        "--progress-spinner",
        "off",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        found = json.loads(done.stdout)["dependencies"]
    except ValueError:
        pytest.skip(f"pip-audit has no answer: known holes were not looked for ({done.stderr.strip()[-200:]})")
    if all("vulns" not in package for package in found):
        pytest.skip("the advisories cannot be reached from here: known holes were not looked for")
    assert {package["name"]: package["vulns"] for package in found if package.get("vulns")} == {}


def test_what_a_project_installs_has_no_known_vulnerability(baked: Bake) -> None:
    [site_packages] = baked().environment.glob("**/site-packages")
    audit(site_packages)


def test_what_a_bake_needs_has_no_known_vulnerability() -> None:
    audit(Path(yaml.__file__).parent.parent)


def test_the_tests_that_security_md_names_exist() -> None:
    named = re.findall(r"`(test_\w+)`", (TEMPLATE / "SECURITY.md").read_text(encoding="utf-8"))
    there = "".join(file.read_text(encoding="utf-8") for file in (TEMPLATE / "tests").rglob("test_*.py"))
    assert named
    assert [name for name in named if f"def {name}(" not in there] == []
