"""The lowest versions that a project allows: what it stands on must be there in them too, above all in the SDK."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import BIN, Bake, Baked


def test_the_project_passes_its_tests_with_the_lowest_versions_it_allows(baked: Bake, tmp_path: Path) -> None:
    project = baked(description="the lowest versions")
    lowest = Baked(project.path, tmp_path / "venv")
    subprocess.run(
        [sys.executable, "-m", "uv", "sync", "--quiet", "--python", sys.executable, "--resolution", "lowest-direct"],
        cwd=project.path,
        env={
            **os.environ,
            "UV_PROJECT_ENVIRONMENT": str(lowest.environment),
            "UV_COMPILE_BYTECODE": "1",
            "VIRTUAL_ENV": "",
        },
        check=True,
    )
    assert (lowest.environment / BIN).is_dir()
    assert " passed" in lowest.run("pytest", "-q", "-p", "no:cacheprovider")
