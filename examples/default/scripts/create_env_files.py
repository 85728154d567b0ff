"""Creates the env files that are missing in .envs/, each with fresh secrets; never changes one that exists.

    python scripts/create_env_files.py

Needs only Python. Git ignores the files, and only their owner can read them; .envs/example.env explains each variable.
"""

import contextlib
import os
import secrets
import sys

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(PROJECT, ".envs")
DATABASE = "my_django_project"
TRACKER_PORT = 8000
DSNS = {
    "staging": "",
    "production": "",
}


def secret() -> str:
    """Return 256 random bits in letters, digits, - and _, which no shell, URL or compose file reads as syntax."""
    return secrets.token_urlsafe(32)


def variables(environment: str) -> dict[str, str | int | float]:
    """Return the variables of one environment: development, staging or production."""
    development = environment == "development"
    key = secrets.token_hex(16)
    password = secret()
    return {
        "DJANGO_ENV": environment,
        "SECRET_KEY": secret() + secret(),
        "DEBUG": str(development),
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "APP_PORT": 8001,
        "POSTGRES_PASSWORD": password,
        "SENTRY_DSN": f"http://{key}@localhost:{TRACKER_PORT}/1" if development else DSNS[environment],
        "SENTRY_DEBUG": "False",
        "SENTRY_TRACES_SAMPLE_RATE": 0.01 if environment == "production" else 0,
        "SENTRY_SEND_USER": "False",
        "SENTRY_ENABLE_LOGS": "False",
        "GLITCHTIP_PORT": TRACKER_PORT,
        "GLITCHTIP_KEY": key,
        "GLITCHTIP_SECRET_KEY": secret(),
        "GLITCHTIP_DB_PASSWORD": secret(),
        "GLITCHTIP_API_TOKEN": secrets.token_hex(32),
        "GLITCHTIP_ADMIN_EMAIL": "admin@example.com",
        "GLITCHTIP_ADMIN_PASSWORD": secret(),
        **({} if development else {"DATABASE_URL": f"postgres://{DATABASE}:{password}@db:5432/{DATABASE}"}),
    }


def create(path: str, text: str) -> None:
    """Write a new file that its owner alone can read, whole or not at all.

    Raises:
        FileExistsError: if the file is there.
        OSError: if it cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError:
        os.unlink(path)
        raise


def link() -> None:
    """Make .env, where docker compose looks for variables, a link to .envs/development.env.

    Raises:
        OSError: if something is there already, or the file system knows no links.
    """
    env = os.path.join(PROJECT, ".env")
    if os.name == "nt":  # symbolic links are for administrators there
        os.link(os.path.join(FOLDER, "development.env"), env)
    else:
        os.symlink(os.path.join(".envs", "development.env"), env)


def main() -> None:
    """Create development.env, staging.env and production.env where they are missing."""
    for environment in ("development", "staging", "production"):
        path = os.path.join(FOLDER, f"{environment}.env")
        lines = [f"{name}={value}\n" for name, value in variables(environment).items()]
        try:
            create(path, "# Secrets of one machine, not for git. example.env explains every key.\n" + "".join(lines))
        except FileExistsError:
            continue
        except OSError as error:
            sys.exit(f"{path} cannot be written: {error.strerror}")
        print(f"Made .envs/{environment}.env")
    with contextlib.suppress(OSError):  # docker compose can also be told: --env-file .envs/development.env
        link()


if __name__ == "__main__":
    main()
