"""Measure how long a bake takes, compared with a one-file template, `django-admin startproject`, and more files.

Each bake is a separate process, as when a user starts it. The variants take turns.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure
from scripts.demo import TEMPLATE, bake_command

RUNS = 15
FILES = (1, 50, 100, 200)


def template_of(files: int, folder: Path) -> Path:
    """Write a template without hooks that has `files` files, each containing one answer."""
    template = folder / f"files{files}"
    project = template / "{{cookiecutter.project_slug}}"
    project.mkdir(parents=True)
    (template / "cookiecutter.json").write_text(json.dumps({"project_slug": "project"}))
    for number in range(files):
        (project / f"file{number}.md").write_text("# {{ cookiecutter.project_slug }}\n")
    return template


def bake(template: Path) -> list[str | Path]:
    """Return the command that bakes a template with its default answers; append the output folder."""
    return [*bake_command(template), "-o"]


def in_turn(commands: dict[str, list[str | Path]], folder: Path) -> dict[str, list[float]]:
    """Run each command in turn, with a new folder as its last argument, and return the seconds that each run took."""
    # An unmeasured first round compiles the modules once, as on a user's machine.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    times: dict[str, list[float]] = {label: [] for label in commands}
    for turn in range(RUNS + 1):
        for number, (label, command) in enumerate(commands.items()):
            output = folder / f"out{turn}-{number}"
            output.mkdir()
            started = time.perf_counter()
            subprocess.run([*command, output], check=True, stdout=subprocess.DEVNULL, env=environment)
            if turn:
                times[label].append(time.perf_counter() - started)
    return times


def measure() -> list[Figure]:
    """Return the two figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compared: dict[str, list[str | Path]] = {
            "a template of one file, no hooks": bake(template_of(1, folder / "compared")),
            "`django-admin startproject`": [sys.executable, "-m", "django", "startproject", "project"],
            "django-glitchtip": bake(TEMPLATE),
        }
        grown = {
            f"{files} file{'s' if files > 1 else ''}, no hooks": bake(template_of(files, folder)) for files in FILES
        }
        return [
            Figure("a bake", "s", 3, in_turn(compared, folder / "compared")),
            Figure("a bake as files grow in number", "s", 3, in_turn(grown, folder)),
        ]
