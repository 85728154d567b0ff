"""`make examples`: renders examples/, so that you can review a change of the template in real files."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from scripts.demo import TEMPLATE, bake

EXAMPLES = TEMPLATE / "examples"
#: Three examples: the defaults; GlitchTip as web and worker with the other choices; and an external tracker.
ANSWERS = {
    "default": {},
    "apart": {
        "tracker": "glitchtip-web-and-worker",
        "background_jobs": "celery",
        "database": "sqlite",
        "metrics": "yes",
        "production_dsn": "https://key@errors.example.com/1",
        "ci": "gitlab",
        "deployment": "kubernetes",
        "license": "Apache-2.0",
    },
    "external": {
        "tracker": "external",
        "browser_errors": "no",
        "background_jobs": "django-tasks",
        "ci": "none",
        "deployment": "none",
        "license": "proprietary",
    },
}


def tracked(project: Path) -> dict[str, bytes]:
    """Return the content, by path, of each file in a project that git would track: no secrets, no caches."""
    with tempfile.TemporaryDirectory() as git_dir:
        subprocess.run(["git", "init", "--quiet", "--bare", git_dir], check=True)
        command = ["git", "--git-dir", git_dir, "--work-tree", str(project), "ls-files"]
        listed = subprocess.run(
            [*command, "-z", "--others", "--exclude-standard"], cwd=project, check=True, capture_output=True, text=True
        ).stdout
    return {name: (project / name).read_bytes() for name in listed.split("\0") if name}


def main() -> None:
    """Render every example again."""
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
