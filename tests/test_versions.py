"""A project works on the oldest and newest Python, and with the lowest package versions that it allows."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Bake, Baked, install

Python = tuple[tuple[int, ...], str]


def pythons() -> Iterator[Python]:
    """Yield the version and path of each installed Python that a project supports."""
    command = [sys.executable, "-m", "uv", "python", "list", "--only-installed", "--output-format", "json"]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    for python in json.loads(found.stdout):
        version = tuple(python["version_parts"][part] for part in ("major", "minor", "patch"))
        released = python["variant"] == "default" and re.fullmatch(r"[\d.]+", python["version"])
        if python["implementation"] == "cpython" and released and version >= (3, 11):
            yield version, python["path"]


@pytest.mark.parametrize("choose", [min, max], ids=["oldest", "newest"])
def test_a_project_passes_lint_and_tests_on_python(
    baked: Bake, tmp_path: Path, choose: Callable[[Iterable[Python]], Python]
) -> None:
    _, python = choose(pythons())
    project = Baked(baked(description="another Python").path, tmp_path / "venv")
    install(project.path, project.environment, python=python)
    project.lint()
    project.test()
    project.test_internals()


def test_a_project_passes_its_tests_with_the_lowest_versions_it_allows(baked: Bake, tmp_path: Path) -> None:
    project = Baked(baked(description="the lowest versions").path, tmp_path / "venv")
    install(project.path, project.environment, "--resolution", "lowest-direct")
    if sys.version_info >= (3, 12):  # Django 5.2 on a Python that usually gets Django 6: as config/csp.py says
        command = ("pip", "install", "--quiet", "--python", str(project.environment), "django-csp>=4")
        subprocess.run([sys.executable, "-m", "uv", *command], check=True)
    project.test()
    project.test_internals()
