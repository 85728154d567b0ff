"""cruft updates a project to a newer template without conflicts, changed secrets, or lost changes of its owner."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scripts.examples import tracked
from tests.conftest import TEMPLATE, env_files

#: The oldest commit whose projects can be updated. Before it, an update ran the older answers.py for both commits.
OLDEST = "9c6f207b186136b1dd7aeac3907e4e1a544e18d8"
#: The last commit before most files of error_tracking/ moved.
BEFORE_THE_MOVE = "84383c38e8be07be2f18bf36267fa0bb2e4362af"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """Return a clone of the template's current commit."""
    clone = tmp_path / "template"
    subprocess.run(["git", "clone", "--quiet", TEMPLATE, clone], check=True)
    return clone


def test_a_release_is_stamped_and_tagged(template: Path) -> None:
    bump = [sys.executable, "-m", "bumpversion", "bump", "--new-version", "9.8.7"]
    path = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    (template / "CHANGELOG.md").write_text("# Changelog\n")
    changed = subprocess.run(bump, cwd=template, env=path, capture_output=True, text=True)
    assert changed.returncode
    assert "not clean" in changed.stderr
    subprocess.run(["git", "checkout", "--quiet", "."], cwd=template, check=True)
    subprocess.run(bump, cwd=template, env=path, check=True, capture_output=True)
    git: list[str | Path] = ["git", "-C", template]
    described = subprocess.run([*git, "describe", "--tags", "--dirty"], check=True, capture_output=True, text=True)
    assert described.stdout == "v9.8.7\n"
    changes = (template / "CHANGELOG.md").read_text()
    assert re.search(r"^## \[Unreleased\]\n\n## \[9\.8\.7\] - \d{4}-", changes, re.MULTILINE)
    for file in ("cookiecutter.json", "pyproject.toml", "examples/default/pyproject.toml"):
        assert '"9.8.7"' in (template / file).read_text()


def create_command(template: Path, folder: str) -> list[str]:
    """Return the command with which cruft creates a project next to the template."""
    out = str(template.parent / folder)
    return [sys.executable, "-m", "cruft", "create", str(template), "--no-input", "--output-dir", out]


def create(template: Path, folder: str = "out") -> Path:
    """Create a project next to the template with cruft, and commit it to git."""
    # run there, so that the clone's answers.py is imported, not this one
    subprocess.run(create_command(template, folder), cwd=template.parent, check=True, capture_output=True)
    project = template.parent / folder / "my_django_project"
    subprocess.run(["git", "init", "--quiet", project], check=True)
    commit(project)
    return project


def update(project: Path) -> str:
    """Update a project with cruft and return its output; assert that nothing conflicts and no env file changes."""
    before = env_files(project)
    done = subprocess.run([sys.executable, "-m", "cruft", "update", "-y"], cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(project.rglob("*.rej"))
    assert before == env_files(project)
    return done.stdout


def commit(folder: Path) -> None:
    """Commit all files in a folder that git does not ignore."""
    subprocess.run(["git", "-C", folder, "add", "--all"], check=True)
    author = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", "-C", folder, *author, "commit", "--quiet", "--message", "A change"], check=True)


def test_cruft_keeps_no_secret(template: Path) -> None:
    project = create(template)
    recorded = (project / ".cruft.json").read_text()
    for line in (project / ".envs" / "development.env").read_text().splitlines():
        name, _, value = line.partition("=")
        if name.endswith(("KEY", "PASSWORD", "TOKEN")):
            assert value not in recorded


@pytest.mark.parametrize("answer", ['"{{ 7 * 7 }}"', '["{{ 7 * 7 }}"]', '"{{ nothing }}"', '"{% raw %}"'])
def test_cruft_renders_no_answer(template: Path, answer: str) -> None:
    command = create_command(template, "out")
    command += ["--extra-context", f'{{"description": {answer}}}']
    done = subprocess.run(command, cwd=template.parent, capture_output=True, text=True)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert re.fullmatch(r'".*" contains (\{\{|\{%), which Cookiecutter reads as template syntax; leave it out', line)
    assert not list((template.parent / "out").glob("*"))


def test_cruft_updates_a_project_when_variables_and_checks_have_changed(template: Path) -> None:
    project = create(template)
    for name, text, newer in (
        ("cookiecutter.json", "else '' }}spool ", "else '' }}mail spool "),
        (
            "django_glitchtip_answers.py",
            "            check=check,\n",
            "            check=check,\n            newer=str.upper,\n",
        ),
        ("{{cookiecutter.project_slug}}/README.md", "## Run it", "## {{ 'run it' | newer }}"),
    ):
        old = (template / name).read_text(encoding="utf-8")
        assert text in old
        (template / name).write_text(old.replace(text, newer), encoding="utf-8")
    commit(template)
    assert "is ready" not in update(project)
    assert "mail" in yaml.safe_load((project / "compose.yaml").read_text())["volumes"]
    assert "## RUN IT" in (project / "README.md").read_text()


@pytest.mark.parametrize("older", [OLDEST, BEFORE_THE_MOVE], ids=["oldest", "before the move"])
def test_cruft_updates_a_project_from_an_older_commit_to_this_one(template: Path, older: str) -> None:
    def git(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["git", "-C", template, *arguments], capture_output=True, text=True)

    if git("checkout", older).returncode:
        pytest.skip("this clone has no history: the update from an older commit was not checked")
    project = create(template)
    mine = "We bake at five.\n\n## Run it\n"
    readme = (project / "README.md").read_text(encoding="utf-8").replace("## Run it\n", mine)
    (project / "README.md").write_text(readme, encoding="utf-8")
    (project / "shop.py").write_text("PRICE = 3\n")
    commit(project)
    assert git("checkout", "-").returncode == 0
    update(project)
    updated, newest = tracked(project), tracked(create(template, "newest"))
    assert updated.pop("shop.py") == b"PRICE = 3\n"
    assert json.loads(updated.pop(".cruft.json"))["commit"] == git("rev-parse", "HEAD").stdout.strip()
    newest.pop(".cruft.json")
    newest["README.md"] = newest["README.md"].replace(b"## Run it\n", mine.encode())
    assert updated == newest
