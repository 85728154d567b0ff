"""Makes the env files, checks the ports of what was really written, and says what to type next.

A bake starts this as a process of its own: what it imports, every user waits for.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import sys
from collections.abc import Iterator
from types import ModuleType

# Made by answers.py as Cookiecutter renders this file: a dict of str.
ANSWERS: dict[str, str] = {{ cookiecutter | plain }}  # fmt: skip
ENVIRONMENTS = ("development", "staging", "production")


def read_env(path: str) -> dict[str, str]:
    """Return the variables of an env file."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # its owner may have saved it in another encoding
            return dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line and not line.startswith("#"))
    except OSError as error:
        sys.exit(f"{path} cannot be read: {error.strerror}")


def published_ports(compose: str) -> Iterator[tuple[str, str]]:
    """Yield (service, host port) of the compose file, the port with the ${VARIABLE} that stands there.

    The template writes only the short form, HOST_IP:HOST_PORT:CONTAINER_PORT (Compose Specification, "ports"), one on a
    line. Importing a parser of YAML would take as long as all else that this hook does.
    """
    service = ""
    with open(compose, encoding="utf-8") as file:
        for line in file:
            if found := re.fullmatch(r"  ([\w-]+):\n", line):
                service = found[1]
            elif found := re.fullmatch(r' +- "127\.0\.0\.1:(.+):\d+"\n', line):
                yield service, found[1]


def port_problems(project: str) -> Iterator[str]:
    """Yield a line for each port that two services publish, and one if development's DSN misses the tracker's."""
    published = list(published_ports(os.path.join(project, "compose.yaml")))
    for file in (f"{environment}.env" for environment in ENVIRONMENTS):
        env = read_env(os.path.join(project, ".envs", file))
        services: dict[str, str] = {}
        for service, host_port in published:
            port = re.sub(r"\$\{(\w+)[^}]*\}", lambda variable: env.get(variable[1], ""), host_port)  # noqa: B023
            if not port:  # a variable that its owner has removed: compose says so itself
                continue
            if port in services:
                yield f"{file}: {services[port]} and {service} both publish port {port}: choose another app_port"
            services[port] = service
        local = re.search(r"@localhost:(\d+)/", env.get("SENTRY_DSN", ""))
        has_tracker = file == "development.env" and "glitchtip" in services.values()
        if has_tracker and local and services.get(local[1]) != "glitchtip":
            yield f"{file}: SENTRY_DSN names port {local[1]}, not the tracker's: choose another glitchtip_port"


def kept(project: str, create: ModuleType, before: list[str]) -> Iterator[str]:
    """Yield a line for each env file that was there before this bake and does not say what this bake would write."""
    for environment in before:
        wanted, env = create.variables(environment), read_env(os.path.join(project, ".envs", f"{environment}.env"))
        notes = [
            f"with {name}={env[name]} where this bake has {wanted[name]}"
            for name in ("APP_PORT", "GLITCHTIP_PORT")
            if name in wanted and env.get(name, str(wanted[name])) != str(wanted[name])
        ]
        if missing := [name for name in wanted if name not in env]:
            notes.append(f"without {', '.join(missing)}: example.env explains them")
        for note in notes:
            yield f"Kept .envs/{environment}.env, {note}"


def remove_empty_folders(project: str) -> None:
    """Remove the folders that an answer left without a file."""
    for folder in (".github/workflows", ".github", "glitchtip"):
        if not os.listdir(os.path.join(project, folder)):
            os.rmdir(os.path.join(project, folder))


def next_steps(project: str) -> str:
    """Return what was made, the commands that the user types next, and where the tracker is, as text."""
    folder = project
    if not re.fullmatch(r"[\w./:\\-]+", project):
        folder = f'"{project}"' if os.name == "nt" else shlex.quote(project)
    site = f"http://localhost:{ANSWERS['app_port']}/"
    if ANSWERS["tracker"] == "glitchtip":
        made, first = "a Django site, its tracker for development, and GlitchTip for Docker", "Next"
        url = f"http://localhost:{ANSWERS['glitchtip_port']}/"
        login = f"{ANSWERS['admin_email']}, GLITCHTIP_ADMIN_PASSWORD in .envs/development.env"
        last = ["", f"The error is then at {url}", f"GlitchTip itself: make up. Its login: {login}"]
    else:
        made = "a Django site that reports to your tracker"
        first = "Write the tracker's DSN into .envs/development.env, SENTRY_DSN=... Next"
        last = []
    lines = [
        f"{ANSWERS['project_slug']} is ready: {made}. {first}:",
        "",
        f"  cd {folder}",
        "  make run",
        f"  curl -I {site}glitchtip-debug/  # in another terminal; or press a button at {site}",
        *last,
    ]
    return "\n".join(lines)


def main() -> None:
    """Finish the project in the current folder; exit with one line for each thing that is wrong."""
    project = os.getcwd()
    sys.path.insert(0, os.path.join(project, "scripts"))
    sys.dont_write_bytecode = True  # the project gets no __pycache__
    import create_env_files

    before = [name for name in ENVIRONMENTS if os.path.exists(os.path.join(project, ".envs", f"{name}.env"))]
    create_env_files.main()
    if problems := list(port_problems(project)):
        sys.exit("\n".join(problems))
    remove_empty_folders(project)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a folder's name may not fit the terminal's encoding
    print(*kept(project, create_env_files, before), next_steps(project), sep="\n")


if __name__ == "__main__":
    main()
