"""Creates the missing env files in .envs/, each with new secrets. Lines of existing files are not changed.

    python scripts/create_env_files.py

This script needs only Python. Git ignores the env files, and only you can read them. .envs/example.env explains each
variable.
"""

import contextlib
import os
import sys

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(PROJECT, ".envs")
GLITCHTIP_DATABASE = "postgres://glitchtip:{}@glitchtip-db:5432/glitchtip"
TRACKER_PORT = 8000
#: Variables of newer versions of the template. Existing files get those that they lack.
ADDED = [
    "COMPOSE_PROFILES",
    "METRICS_TOKEN",
    "GLITCHTIP_RELEASE_TOKEN",
]
DSNS = {
    "staging": "",
    "production": "https://key@errors.example.com/1",
}


def secret(size: int = 32) -> str:
    """Return `size` random bytes as hexadecimal digits, which need no quotes in a shell, URL or compose file."""
    return os.urandom(size).hex()


def variables(environment: str) -> dict[str, str | int | float]:
    """Return the variables of one environment: development, staging or production."""
    development = environment == "development"
    key = secret(16)
    glitchtip_password = secret()
    tracker = f"localhost:{TRACKER_PORT}" if development else "glitchtip-web"
    return {
        "DJANGO_ENV": environment,
        "SECRET_KEY": secret() + secret(),
        "DEBUG": str(development),
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "APP_PORT": 8001,
        **({"COMPOSE_PROFILES": "development"} if development else {}),
        "SENTRY_DSN": DSNS.get(environment) or f"http://{key}@{tracker}/1",
        "SENTRY_DEBUG": "False",
        "SENTRY_TRACES_SAMPLE_RATE": 0.01 if environment == "production" else 0,
        "SENTRY_SEND_USER": "False",
        "SENTRY_ENABLE_LOGS": "False",
        "METRICS_TOKEN": secret(),
        "GLITCHTIP_PORT": TRACKER_PORT,
        "GLITCHTIP_KEY": key,
        "GLITCHTIP_SECRET_KEY": secret(),
        "GLITCHTIP_DB_PASSWORD": glitchtip_password,
        "GLITCHTIP_API_TOKEN": secret(),
        "GLITCHTIP_RELEASE_TOKEN": secret(),
        "GLITCHTIP_ADMIN_EMAIL": "admin@example.com",
        "GLITCHTIP_ADMIN_PASSWORD": secret(),
        **({"TRACKER_DSN": DSNS[environment]} if DSNS.get(environment) else {}),
        **({} if development else {"GLITCHTIP_DATABASE_URL": GLITCHTIP_DATABASE.format(glitchtip_password)}),
    }


def create(path: str, text: str) -> None:
    """Create a file that only its owner can read. If writing fails, no file is left.

    Raises:
        FileExistsError: if the file exists.
        OSError: if it cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError:
        os.unlink(path)
        raise


def add_missing(path: str, variables: dict[str, str | int | float]) -> None:
    """Add to the end of an existing file the variables of `ADDED` that it lacks.

    Raises:
        OSError: if the file cannot be read or written.
        ValueError: if it is not a text in UTF-8, which the settings report.
    """
    with open(path, encoding="utf-8-sig") as file:
        text = file.read()
    # A variable that is commented out is known, too.
    known = {word for line in text.splitlines() for word in line.partition("=")[0].strip("# ").split()}
    missing = [name for name in ADDED if name in variables and name not in known]
    if missing and "\0" not in text:
        with open(path, "a", encoding="utf-8", newline="\n") as file:
            file.write("" if text.endswith("\n") else "\n")
            file.writelines(f"{name}={variables[name]}\n" for name in missing)
        print(f"Added {', '.join(missing)} to .envs/{os.path.basename(path)}")


def link() -> None:
    """Link .env, from which docker compose reads variables, to .envs/development.env, if .env does not exist."""
    env = os.path.join(PROJECT, ".env")
    if os.path.lexists(env):
        return
    try:
        if os.name == "nt":  # Windows allows symbolic links only for administrators
            os.link(os.path.join(FOLDER, "development.env"), env)
        else:
            os.symlink(os.path.join(".envs", "development.env"), env)
    except OSError as error:
        print(f".env was not linked ({error.strerror}): use docker compose --env-file .envs/development.env")


def main() -> None:
    """Create development.env, staging.env and production.env if they are missing, and complete existing ones.

    Raises:
        SystemExit: with one line, if a file cannot be written.
    """
    for environment in ("development", "staging", "production"):
        path = os.path.join(FOLDER, f"{environment}.env")
        values = variables(environment)
        lines = [f"{name}={value}\n" for name, value in values.items()]
        try:
            create(path, "# Secrets: do not commit this file. example.env explains each variable.\n" + "".join(lines))
            print(f"Created .envs/{environment}.env")
        except FileExistsError:
            with contextlib.suppress(OSError, ValueError):
                add_missing(path, values)
        except OSError as error:
            sys.exit(f"{path} cannot be written: {error.strerror}")
    link()


if __name__ == "__main__":
    main()
