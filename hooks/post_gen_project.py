"""Copies optional files, creates the env files, checks the ports in the written files, and prints the next commands.

Every bake runs this in a new process, so its imports must be fast.
"""

from __future__ import annotations

import io
import os
import sys
from types import ModuleType

# Filled in by `plain` of django_glitchtip_answers.py: a dict of str.
ANSWERS: dict[str, str] = {{ cookiecutter | plain }}  # fmt: skip
# The template's folder of files that only some answers need.
OPTIONAL: str = {{ optional | python_string }}  # fmt: skip
# True if cruft renders the project only to compare it: then no env files are created, and nothing is printed.
UPDATING: bool = {{ cookiecutter | updating }}  # fmt: skip
ENVIRONMENTS = ("development", "staging", "production")


def read_env(path: str) -> dict[str, str]:
    """Return the variables of an env file."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # you may have saved it in another encoding
            return dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line and not line.startswith("#"))
    except OSError as error:
        sys.exit(f"{path} cannot be read: {error.strerror}")


def published_ports(compose: str) -> list[tuple[str, str]]:
    """Return (service, host port) for each published port of the compose file. A port may contain ${VARIABLE}.

    The template writes only the short form, HOST_IP:HOST_PORT:CONTAINER_PORT (Compose Specification, "ports"), one per
    line. Importing a YAML parser, or only `re`, would take longer than everything else in this hook.
    """
    service, published = "", []
    with open(compose, encoding="utf-8") as file:
        for line in file:
            if line.startswith("  ") and line[2:3].isalpha() and line.endswith(":\n"):
                service = line[2:-2]
            elif line.lstrip().startswith('- "127.0.0.1:'):
                published.append((service, line.split('"')[1].removeprefix("127.0.0.1:").rpartition(":")[0]))
    return published


def port_problems(project: str) -> list[str]:
    """Return a line for each port that two services publish, and for a development DSN without GlitchTip's port."""
    published, problems = published_ports(os.path.join(project, "compose.yaml")), []
    for file in (f"{environment}.env" for environment in ENVIRONMENTS):
        env = read_env(os.path.join(project, ".envs", file))
        services: dict[str, str] = {}
        for service, host_port in published:
            port = env.get(host_port[2:].rstrip("}").partition(":")[0], "")  # ${VARIABLE:?message}
            if not port:  # the variable was removed; compose reports that
                continue
            if port in services:
                taken = f"{services[port]} and {service} both publish port {port}"
                problems.append(f"{file}: {taken}: choose another app_port")
            services[port] = service
        local = env.get("SENTRY_DSN", "").partition("@localhost:")[2].partition("/")[0]
        has_tracker = file == "development.env" and "glitchtip" in services.values()
        if has_tracker and local and services.get(local) != "glitchtip":
            problems.append(f"{file}: SENTRY_DSN names port {local}, not the tracker's: choose another glitchtip_port")
    return problems


def kept(project: str, create: ModuleType, before: list[str]) -> list[str]:
    """Return a line for each existing env file that differs from your answers or lacks variables."""
    lines = []
    for environment in before:
        wanted, env = create.variables(environment), read_env(os.path.join(project, ".envs", f"{environment}.env"))
        notes = [
            f"it has {name}={env[name]}, but your answer is {wanted[name]}"
            for name in ("APP_PORT", "GLITCHTIP_PORT")
            if name in wanted and env.get(name, str(wanted[name])) != str(wanted[name])
        ]
        if missing := [name for name in wanted if name not in env]:
            notes.append(f"it lacks {', '.join(missing)}; .envs/example.env explains them")
        lines += [f"Kept .envs/{environment}.env: {note}" for note in notes]
    return lines


def copy_optional_files(project: str) -> None:
    """Copy the files in optional/ANSWER/VALUES/ if the answer is one of VALUES, which "+" separates.

    "," separates several answers, which must all match: optional/deployment,database/kubernetes,sqlite/. A condition in
    each file's name, which Cookiecutter renders, would take longer than the copies.
    """
    for answers in os.listdir(OPTIONAL):
        for values in os.listdir(os.path.join(OPTIONAL, answers)):
            top = os.path.join(OPTIONAL, answers, values)
            pairs = zip(answers.split(","), values.split(","), strict=True)
            wanted = all(ANSWERS[answer] in value.split("+") for answer, value in pairs)
            for folder, _, files in os.walk(top) if wanted else ():
                target = os.path.join(project, os.path.relpath(folder, top))
                os.makedirs(target, exist_ok=True)
                for file in files:
                    with (
                        open(os.path.join(folder, file), "rb") as source,
                        open(os.path.join(target, file), "wb") as copy,
                    ):
                        copy.write(source.read())


def remove_empty_folders(project: str) -> None:
    """Remove the folders whose files have names that an answer makes empty."""
    for top in (".github", "deploy", "glitchtip", "server"):
        for folder, _, _ in os.walk(os.path.join(project, top), topdown=False):
            if not os.listdir(folder):
                os.rmdir(folder)


def next_steps(project: str) -> str:
    """Return text with the commands that lead to the first error, and how to log in to GlitchTip."""
    folder = project
    if not all(letter.isalnum() or letter in "_./:\\-" for letter in project):
        import shlex

        folder = f'"{project}"' if os.name == "nt" else shlex.quote(project)
    lines = [
        f"{ANSWERS['project_slug']} is ready: a Django site and its error tracker. Next:",
        "",
        f"  cd {folder}",
        "  make run",
        "  make trigger  # in another terminal",
        "",
        f"Then open http://localhost:{ANSWERS['glitchtip_port']}/ to see the error.",
    ]
    if ANSWERS["tracker"] != "external":
        login = f"{ANSWERS['admin_email']} with GLITCHTIP_ADMIN_PASSWORD from .envs/development.env"
        lines.append(f"To run GlitchTip itself: make up. Log in as {login}.")
    return "\n".join(lines)


def main() -> None:
    """Finish the project in the current folder.

    Raises:
        SystemExit: with one line for each problem.
    """
    project = os.getcwd()
    copy_optional_files(project)
    remove_empty_folders(project)
    if UPDATING:
        return
    sys.path.insert(0, os.path.join(project, "scripts"))
    sys.dont_write_bytecode = True  # do not leave __pycache__ in the project
    import create_env_files

    before = [name for name in ENVIRONMENTS if os.path.exists(os.path.join(project, ".envs", f"{name}.env"))]
    create_env_files.main()
    if problems := port_problems(project):
        sys.exit("\n".join(problems))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # the terminal's encoding may lack a character of the folder's name
    print(*kept(project, create_env_files, before), next_steps(project), sep="\n")


if __name__ == "__main__":
    main()
