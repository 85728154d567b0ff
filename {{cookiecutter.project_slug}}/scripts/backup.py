"""Backs up the compose stack to one archive, and restores it.

    python scripts/backup.py create
    python scripts/backup.py restore backups/NAME.tar.gz [--force]
{%- if cookiecutter.deployment == "server" %}
    python scripts/backup.py restore-copy [SNAPSHOT] [--force]
{%- endif %}

An archive contains {% if cookiecutter.database == "postgresql" %}a dump of each PostgreSQL database{% else %}the site's database{% if cookiecutter.tracker != "external" %}, a dump of GlitchTip's database{% endif %}{% endif %}{% if cookiecutter.tracker != "external" %}, GlitchTip's uploads{% endif %} and the env files.
Keep archives private: they contain the secrets of the env files.
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
BACKUPS = ROOT / "backups"
ENV_FILES = ("development.env", "staging.env", "production.env")
{%- if cookiecutter.database == "postgresql" or cookiecutter.tracker != "external" %}
DUMP = 'exec pg_dump --format custom --username "$POSTGRES_USER" "$POSTGRES_DB"'
LOAD = 'exec pg_restore --exit-on-error --no-owner --username "$POSTGRES_USER" --dbname "$POSTGRES_DB"'
{%- endif %}
#: The parts of a backup by file name: the service that has the data, the command to save it, and the one to restore it.
PARTS = {
{%- if cookiecutter.database == "postgresql" %}
    "db.dump": ("db", DUMP, LOAD),
{%- else %}
    "db.sqlite3": (
        "web",
        "python -c \"import sqlite3; sqlite3.connect('/data/db.sqlite3').execute('VACUUM INTO ?', ('/tmp/backup',))\""
        " && cat /tmp/backup && rm /tmp/backup",
        "cat > /data/db.sqlite3",
    ),
{%- endif %}
{%- if cookiecutter.tracker != "external" %}
    "glitchtip-db.dump": ("glitchtip-db", DUMP, LOAD),
    "glitchtip-uploads.tar": (
        "glitchtip",
        "exec tar --create --directory /code/uploads .",
        "exec tar --extract --directory /code/uploads",
    ),
{%- endif %}
}


def compose(*arguments: str, **options: Any) -> subprocess.CompletedProcess[Any]:
    """Run docker compose in the project. Its messages go to the terminal.

    Raises:
        SystemExit: if docker is not installed or the command fails.
    """
    try:
        done: subprocess.CompletedProcess[Any] = subprocess.run(["docker", "compose", *arguments], cwd=ROOT, **options)
    except FileNotFoundError:
        sys.exit("docker was not found: install Docker with its Compose plugin")
    if done.returncode:
        sys.exit(f"docker compose {arguments[0]} failed: see its message above; the remaining steps were not run")
    return done


def services(*command: str) -> set[str]:
    """Return the names of services that `docker compose` prints for `ps`, those with a container, or for `config`."""
    return set(compose(*command, "--services", stdout=subprocess.PIPE, text=True).stdout.split())


def create() -> Path:
    """Create backups/PROJECT-TIME.tar.gz, readable only by you, and return its path. A failed backup leaves no file.

    Raises:
        SystemExit: if a service is not running, or docker compose fails.
    """
{%- if cookiecutter.deployment == "server" and cookiecutter.tracker != "external" %}
    here = services("config")
    for part in [part for part, (service, _, _) in PARTS.items() if service not in here]:
        del PARTS[part]  # COMPOSE_PROFILES says that another host runs it
{%- endif %}
    stopped = {service for service, _, _ in PARTS.values()} - services("ps", "--status", "running")
    if stopped:
        sys.exit(f"{', '.join(sorted(stopped))} must be running for a backup: run make up")
    os.umask(0o077)
    archive = BACKUPS / f"{{ cookiecutter.project_slug }}-{datetime.datetime.now():%Y%m%d-%H%M%S}.tar.gz"
    with tempfile.TemporaryDirectory(dir=BACKUPS) as name:
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
    """Extract only the parts and the env files of an archive into `folder`, and return their names.

    Raises:
        SystemExit: if it is not a complete backup of this project.
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
        sys.exit(f"{archive} is not a complete backup ({error}): use another archive")
    if (missing := PARTS.keys() - set(names)) == PARTS.keys():
        sys.exit(f"{archive} is not a backup of this project: it lacks {', '.join(sorted(missing))}")
    return names


def volumes() -> list[str]:
    """Return the names of the project's volumes that exist{% if cookiecutter.deployment == "server" %}, except those with certificates and copies{% endif %}."""
    project = json.loads(compose("config", "--format", "json", stdout=subprocess.PIPE).stdout)["name"]
    list_volumes = ["docker", "volume", "ls", "--quiet", "--filter", f"label=com.docker.compose.project={project}"]
    found = subprocess.run(list_volumes, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
{%- if cookiecutter.deployment == "server" %}
    return [name for name in found if name.removeprefix(f"{project}_") not in ("backup", "caddy-config", "caddy-data")]
{%- else %}
    return found
{%- endif %}


def require_empty_stack() -> None:
    """Exit with the names of the project's containers and volumes, if it has any."""
    if found := [*sorted(services("ps", "--all")), *volumes()]:
        sys.exit(f"{', '.join(found)} would be overwritten: add --force (make: FORCE=--force) to remove them first")
{%- if cookiecutter.deployment == "server" %}


def fetch(snapshot: str, folder: Path) -> Path:
    """Save a daily copy, by its ID or as "latest", in `folder`, and return its path.

    Raises:
        SystemExit: if restic cannot read the copy.
    """
    compose("build", "--quiet", "backup")
    dump = ("flock", "/backup/lock", "restic", "--no-lock", "dump", snapshot, "/")
    with (folder / "copy.tar").open("wb") as file:
        compose("run", "--rm", "--no-deps", "-T", "backup", *dump, stdout=file)
    return folder / "copy.tar"
{%- endif %}


def restore(archive: Path, force: bool) -> None:
    """Restore `archive` into a stack without containers or data. With `force`, remove existing ones first.

    Raises:
        SystemExit: if there are containers or data, the archive is not a backup, or docker compose fails.
    """
    with tempfile.TemporaryDirectory(dir=BACKUPS) as folder:
        names = unpack(archive, Path(folder))
        if force:
            compose("down")
            if existing := volumes():
                subprocess.run(["docker", "volume", "rm", *existing], stdout=subprocess.DEVNULL, check=True)
        else:
            require_empty_stack()
        for env_file in set(names) & set(ENV_FILES):
            path = ROOT / ".envs" / env_file
            path.unlink(missing_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(Path(folder, env_file).read_bytes())
        for part in [name for name in names if name in PARTS]:
            service, _, load = PARTS[part]
            print(f"Restoring {part} ...", flush=True)
            command: tuple[str, ...] = ("run", "--rm", "--no-deps", "-T", "--entrypoint", "sh", service, "-c", load)
            if part.endswith(".dump"):
                compose("up", "--detach", "--wait", service)
                command = ("exec", "-T", service, "sh", "-c", load)
            with Path(folder, part).open("rb") as file:
                compose(*command, stdin=file)
{%- if cookiecutter.deployment == "server" %}
    if "caddy" not in services("config"):
        compose("up", "--detach", "--build", "--wait")
    elif subprocess.run(["sh", "server/deploy.sh"], cwd=ROOT).returncode:  # it names the release
        sys.exit("The data is restored, but server/deploy.sh failed: see its message above, then run make deploy")
{%- else %}
    compose("up", "--detach", "--build", "--wait")
{%- endif %}


def main() -> None:
    """Run the command that was given."""
    parser = argparse.ArgumentParser(description="Back up the compose stack, or restore it.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("create", help="create an archive in backups/")
    restoring = commands.add_parser("restore", help="restore an archive")
    restoring.add_argument("archive", type=Path)
    restoring.add_argument("--force", action="store_true", help="first remove existing containers and data")
{%- if cookiecutter.deployment == "server" %}
    copying = commands.add_parser("restore-copy", help="restore a daily copy")
    copying.add_argument("snapshot", nargs="?", default="latest")
    copying.add_argument("--force", action="store_true", help="first remove existing containers and data")
{%- endif %}
    arguments = parser.parse_args()
    BACKUPS.mkdir(exist_ok=True)
    if arguments.command == "create":
        print(f"Saved {create().relative_to(ROOT)}")
    else:
{%- if cookiecutter.deployment == "server" %}
        if arguments.command == "restore-copy":
            if not arguments.force:
                require_empty_stack()
            with tempfile.TemporaryDirectory(dir=BACKUPS) as folder:
                restore(fetch(arguments.snapshot, Path(folder)), force=True)
        else:
            restore(arguments.archive, arguments.force)
{%- else %}
        restore(arguments.archive, arguments.force)
{%- endif %}
        print("Restored. The stack is running.")


if __name__ == "__main__":
    main()
