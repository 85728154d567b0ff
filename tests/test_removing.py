"""Following docs/removing.md from first to last block leaves a Django project without error tracking."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scripts.demo import free_ports, get, running
from tests.conftest import COMPOSE, Bake, Baked
from tests.test_bake import SETS
from tests.test_docs import blocks, needs_shell, page, run

pytestmark = [
    needs_shell,
    pytest.mark.skipif(shutil.which("perl") is None, reason="perl is not installed: docs/removing.md was not checked"),
]

#: The files in which, according to the page, texts about error tracking remain.
TEXTS = {"README.md", "Makefile", "pyproject.toml", ".vscode/launch.json"}


def removed(project: Baked, folder: Path) -> tuple[Baked, str]:
    """Copy a project, run the blocks that delete and edit, and return the copy and the block that checks the result."""
    shutil.copytree(project.path, folder, symlinks=True, ignore=shutil.ignore_patterns(".venv", "__pycache__"))
    containers, *changes, check = blocks(page("removing.md"), "sh")
    assert containers == "docker compose down\n"
    for block in changes:
        run(block, folder)
    return Baked(folder, project.environment), check


@pytest.mark.parametrize("answers", SETS.values(), ids=SETS)
def test_nothing_is_left_and_the_project_passes_its_own_gate(
    baked: Bake, tmp_path: Path, answers: dict[str, str]
) -> None:
    project, check = removed(baked(**answers), tmp_path / "shop")
    project.run("ruff", "format")
    project.lint()
    project.test()
    found = run(check.splitlines()[-1], project.path)
    lines = [line.removeprefix("./").split(":", 2) for line in found.splitlines()]
    assert {name for name, *_ in lines} <= TEXTS, found
    assert all(text.startswith("description") for name, _, text in lines if name == "pyproject.toml"), found
    assert all("##" in text for name, _, text in lines if name == "Makefile"), found
    compose = yaml.safe_load(project.read("compose.yaml"))
    assert compose["services"].keys() - {"db", "broker", "worker"} == {"mailpit", "migrate", "web"}
    assert compose["volumes"].keys() - {"broker"} in ({"db"}, {"data"})
    for service in compose["services"].values():
        assert None not in service.values()
        assert service.get("depends_on", {}).keys() <= compose["services"].keys()
    anchors = re.findall(r"\*([a-z][\w-]+)", project.read("compose.yaml"))
    assert not [name for name in anchors if f"&{name}" not in project.read("compose.yaml")]
    if "compose.production.yaml" in project.files():
        services = yaml.load(project.read("compose.production.yaml"), COMPOSE)["services"]
        assert services.keys() - {"db", "worker"} == {"backup", "caddy", "migrate", "web", "web-2"}
        for script in ("backup.sh", "deploy.sh"):
            run(f"sh -n server/{script}", project.path)
    for name in {".github/workflows/ci.yml", ".gitlab-ci.yml"} & project.files():
        ci = yaml.safe_load(project.read(name))
        assert ci.get("jobs", ci).keys() <= {"test", "stack", "build", "manifests"}


def test_the_project_serves_pages_without_the_removed_packages(baked: Bake, tmp_path: Path) -> None:
    [port] = free_ports(1)
    project, check = removed(baked(), tmp_path / "shop")
    for file in (project.path / ".envs").glob("*.env"):
        file.write_text(re.sub(r"^APP_PORT=.*", f"APP_PORT={port}", file.read_text(), flags=re.MULTILINE))
    assert " passed" in run(check, project.path)
    with running(project.path, port):  # make run
        assert get(f"http://localhost:{port}/health/") == (200, '{"database": "ok"}')
        assert "The site is running." in get(f"http://localhost:{port}/")[1]
        assert get(f"http://localhost:{port}/glitchtip-debug/")[0] == 404
    installed = subprocess.run(
        [sys.executable, "-m", "uv", "pip", "list", "--python", ".venv"],
        cwd=project.path,
        capture_output=True,
        text=True,
    ).stdout
    assert "django" in installed
    assert not re.search("^(filelock|kent|python-stdnum|sentry-sdk) ", installed, re.MULTILINE)
