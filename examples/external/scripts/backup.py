"""Saves the compose stack into one archive, and brings it back.

    python scripts/backup.py create
    python scripts/backup.py restore backups/NAME.tar.gz [--force]

An archive holds a dump of each PostgreSQL and the env files: keep it as secret as those.
"""

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ENV_FILES = ("development.env", "staging.env", "production.env")
#: What is saved under which name: the service that holds it, the command that writes it and the one that reads it.
PARTS = {
    "db.dump": (
        "db",
        'exec pg_dump --format custom --username "$POSTGRES_USER" "$POSTGRES_DB"',
        'exec pg_restore --exit-on-error --no-owner --username "$POSTGRES_USER" --dbname "$POSTGRES_DB"',
    ),
}


def compose(*arguments: str, **options: Any) -> subprocess.CompletedProcess[Any]:
    """Run docker compose in the project; its own messages go to the terminal.

    Raises:
        SystemExit: if it fails.
    """
    try:
        done: subprocess.CompletedProcess[Any] = subprocess.run(["docker", "compose", *arguments], cwd=ROOT, **options)
    except FileNotFoundError:
        sys.exit("there is no docker command: install Docker with its compose plugin")
    if done.returncode:
        sys.exit(f"docker compose {arguments[0]} failed: nothing else was done")
    return done


def services(*options: str) -> set[str]:
    """Return the names of the project's services that have a container."""
    return set(compose("ps", "--services", *options, stdout=subprocess.PIPE, text=True).stdout.split())


def create() -> Path:
    """Write backups/PROJECT-TIME.tar.gz, whole or not at all, readable by its owner alone, and return its path."""
    stopped = {service for service, _, _ in PARTS.values()} - services("--status", "running")
    if stopped:
        sys.exit(f"{', '.join(sorted(stopped))} must run to be saved: make up")
    os.umask(0o077)
    folder = ROOT / "backups"
    folder.mkdir(exist_ok=True)
    archive = folder / f"my_django_project-{datetime.datetime.now():%Y%m%d-%H%M%S}.tar.gz"
    with tempfile.TemporaryDirectory(dir=folder) as name:
        for part, (service, save, _) in PARTS.items():
            print(f"Saving {part} ...", flush=True)
            with Path(name, part).open("wb") as file:
                compose("exec", "-T", service, "sh", "-c", save, stdout=file)
        with tarfile.open(Path(name, archive.name), "w:gz") as tar:
            for part in PARTS:
                tar.add(Path(name, part), part)
            for env_file in ENV_FILES:
                if (ROOT / ".envs" / env_file).exists():
                    tar.add(ROOT / ".envs" / env_file, env_file)
        Path(name, archive.name).rename(archive)
    return archive


def unpack(archive: Path, folder: Path) -> list[str]:
    """Write the parts and env files of an archive into `folder`, no other file, and return their names.

    Raises:
        SystemExit: if it is not an archive of this project.
    """
    names = []
    try:
        with tarfile.open(archive) as tar:
            for name in (*PARTS, *ENV_FILES):
                if name in tar.getnames() and (source := tar.extractfile(name)):
                    with source, Path(folder, name).open("wb") as target:
                        shutil.copyfileobj(source, target)
                    names.append(name)
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        sys.exit(f"{archive} is not a whole backup: {error}")
    if missing := {*PARTS, "development.env"} - set(names):
        sys.exit(f"{archive} is not a backup of this project: {', '.join(sorted(missing))} is missing")
    return names


def refuse_to_overwrite() -> None:
    """Stop if the project has containers or volumes.

    Raises:
        SystemExit: says which.
    """
    project = json.loads(compose("config", "--format", "json", stdout=subprocess.PIPE).stdout)["name"]
    list_volumes = ["docker", "volume", "ls", "--quiet", "--filter", f"label=com.docker.compose.project={project}"]
    volumes = subprocess.run(list_volumes, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    if found := [*sorted(services("--all")), *volumes]:
        sys.exit(f"{', '.join(found)} would be overwritten: add --force (make: FORCE=--force) to remove them first")


def restore(archive: Path, force: bool) -> None:
    """Bring back what `archive` holds, into a stack without containers or data; `force` removes what is there first."""
    with tempfile.TemporaryDirectory() as folder:
        names = unpack(archive, Path(folder))
        if force:
            compose("down", "--volumes")
        else:
            refuse_to_overwrite()
        for env_file in set(names) & set(ENV_FILES):
            path = ROOT / ".envs" / env_file
            path.unlink(missing_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(Path(folder, env_file).read_bytes())
        for part, (service, _, load) in PARTS.items():
            print(f"Restoring {part} ...", flush=True)
            command: tuple[str, ...] = ("run", "--rm", "--no-deps", "-T", "--entrypoint", "sh", service, "-c", load)
            if part.endswith(".dump"):
                compose("up", "--detach", "--wait", service)
                command = ("exec", "-T", service, "sh", "-c", load)
            with Path(folder, part).open("rb") as file:
                compose(*command, stdin=file)
    compose("up", "--detach", "--build", "--wait")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Save the compose stack, or bring it back.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("create", help="write an archive into backups/")
    restoring = commands.add_parser("restore", help="bring an archive back")
    restoring.add_argument("archive", type=Path)
    restoring.add_argument("--force", action="store_true", help="remove the containers and data that are there")
    arguments = parser.parse_args()
    if arguments.command == "create":
        print(f"Saved {create().relative_to(ROOT)}")
    else:
        restore(arguments.archive, arguments.force)
        print("Restored, and running.")


if __name__ == "__main__":
    main()
