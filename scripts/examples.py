"""`make examples`: renders examples/, so that a change of the template is reviewed as a change of real files."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from scripts.demo import TEMPLATE, bake

EXAMPLES = TEMPLATE / "examples"
#: What tells most: all there is by default, GlitchTip's other layout with every other choice, and no GlitchTip.
ANSWERS = {
    "default": {},
    "apart": {
        "glitchtip_layout": "web-and-worker",
        "database": "sqlite",
        "production_dsn": "https://key@errors.example.com/1",
        "ci": "gitlab",
        "license": "Apache-2.0",
    },
    "external": {"tracker": "external", "ci": "none", "license": "proprietary"},
}


def tracked(project: Path) -> dict[str, bytes]:
    """Return the content of each file that git would track in a project, by its path: no secret, no cache."""
    with tempfile.TemporaryDirectory() as git_dir:
        subprocess.run(["git", "init", "--quiet", "--bare", git_dir], check=True)
        command = ["git", "--git-dir", git_dir, "--work-tree", str(project), "ls-files"]
        listed = subprocess.run(
            [*command, "-z", "--others", "--exclude-standard"], cwd=project, check=True, capture_output=True, text=True
        ).stdout
    return {name: (project / name).read_bytes() for name in listed.split("\0") if name}


def main() -> None:
    """Render every example anew."""
    for name, answers in ANSWERS.items():
        with tempfile.TemporaryDirectory() as folder:
            files = tracked(bake(Path(folder), **answers))
        shutil.rmtree(EXAMPLES / name, ignore_errors=True)
        for path, content in files.items():
            file = EXAMPLES / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)


if __name__ == "__main__":
    main()
