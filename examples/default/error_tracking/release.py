"""Determines the release to which an event belongs."""

import subprocess
import tomllib
from pathlib import Path


def release(project_folder: Path) -> str:
    """Return NAME@VERSION from pyproject.toml, with +COMMIT in a Git repository (Sentry's docs, "Releases")."""
    project = tomllib.loads((project_folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = f"{project['name']}@{project['version']}"
    try:
        command = ["git", "-C", str(project_folder), "rev-parse", "--short", "HEAD"]
        commit = subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()  # noqa: S603
    except (OSError, subprocess.SubprocessError):  # Git is not installed, or there is no commit
        return version
    return f"{version}+{commit}"
