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
{%- if cookiecutter.database == "postgresql" %}
DATABASE = "{{ cookiecutter.project_slug }}"
{%- endif %}
{%- if cookiecutter.deployment == "kubernetes" and cookiecutter.tracker != "external" %}
GLITCHTIP_DATABASE = "postgres://glitchtip:{}@glitchtip-db:5432/glitchtip"
{%- endif %}
TRACKER_PORT = {{ cookiecutter.glitchtip_port }}
#: Variables of newer versions of the template. Existing files get those that they lack.
ADDED = [
    "COMPOSE_PROFILES",
{%- if cookiecutter.metrics == "yes" %}
    "METRICS_TOKEN",
{%- endif %}
{%- if cookiecutter.tracker != "external" %}
    "GLITCHTIP_RELEASE_TOKEN",
{%- endif %}
]
DSNS = {
    "staging": "{{ cookiecutter.staging_dsn }}",
    "production": "{{ cookiecutter.production_dsn }}",
}


def secret(size: int = 32) -> str:
    """Return `size` random bytes as hexadecimal digits, which need no quotes in a shell, URL or compose file."""
    return os.urandom(size).hex()


def variables(environment: str) -> dict[str, str | int | float]:
    """Return the variables of one environment: development, staging or production."""
    development = environment == "development"
    key = secret(16)
{%- if cookiecutter.database == "postgresql" %}
    password = secret()
{%- endif %}
{%- if cookiecutter.deployment == "kubernetes" and cookiecutter.tracker != "external" %}
    glitchtip_password = secret()
    tracker = f"localhost:{TRACKER_PORT}" if development else "glitchtip-web"
{%- endif %}
    return {
        "DJANGO_ENV": environment,
        "SECRET_KEY": secret() + secret(),
        "DEBUG": str(development),
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "APP_PORT": {{ cookiecutter.app_port }},
        **({"COMPOSE_PROFILES": "development"} if development else {}),
{%- if cookiecutter.database == "postgresql" %}
        "POSTGRES_PASSWORD": password,
{%- endif %}
{%- if cookiecutter.deployment == "kubernetes" and cookiecutter.tracker != "external" %}
        "SENTRY_DSN": DSNS.get(environment) or f"http://{key}@{tracker}/1",
{%- else %}
        "SENTRY_DSN": f"http://{key}@localhost:{TRACKER_PORT}/1" if development else DSNS[environment],
{%- endif %}
{%- if cookiecutter.tracker == "external" %}
        **({"TRACKER_DSN": ""} if development else {}),
{%- endif %}
        "SENTRY_DEBUG": "False",
        "SENTRY_TRACES_SAMPLE_RATE": 0.01 if environment == "production" else 0,
        "SENTRY_SEND_USER": "False",
        "SENTRY_ENABLE_LOGS": "False",
{%- if cookiecutter.metrics == "yes" %}
        "METRICS_TOKEN": secret(),
{%- endif %}
{%- if cookiecutter.tracker != "external" %}
        "GLITCHTIP_PORT": TRACKER_PORT,
        "GLITCHTIP_KEY": key,
        "GLITCHTIP_SECRET_KEY": secret(),
        "GLITCHTIP_DB_PASSWORD": {{ "glitchtip_password" if cookiecutter.deployment == "kubernetes" else "secret()" }},
        "GLITCHTIP_API_TOKEN": secret(),
        "GLITCHTIP_RELEASE_TOKEN": secret(),
        "GLITCHTIP_ADMIN_EMAIL": "{{ cookiecutter.admin_email }}",
        "GLITCHTIP_ADMIN_PASSWORD": secret(),
{%- endif %}
{%- if cookiecutter.tracker != "external" and (cookiecutter.staging_dsn or cookiecutter.production_dsn) %}
        **({"TRACKER_DSN": DSNS[environment]} if DSNS.get(environment) else {}),
{%- endif %}
{%- if cookiecutter.database == "postgresql" %}
        **({} if development else {"DATABASE_URL": f"postgres://{DATABASE}:{password}@db:5432/{DATABASE}"}),
{%- endif %}
{%- if cookiecutter.deployment == "kubernetes" and cookiecutter.tracker != "external" %}
        **({} if development else {"GLITCHTIP_DATABASE_URL": GLITCHTIP_DATABASE.format(glitchtip_password)}),
{%- endif %}
    }
{%- if cookiecutter.deployment == "server" %}


def server(environment: str) -> dict[str, str | int | float]:
    """Return the variables of compose.production.yaml. An existing env file does not get them: it may belong to a server."""
    if environment == "development":
        return {}
    return {
        "COMPOSE_FILE": "compose.yaml:compose.production.yaml",
{%- if cookiecutter.tracker != "external" %}
        "COMPOSE_PROFILES": "site,tracker",
{%- endif %}
        "SITE_HOST": "",
{%- if cookiecutter.tracker != "external" %}
        "TRACKER_HOST": "",
        "HEARTBEATS": "backup=7200",
{%- endif %}
        "RESTIC_REPOSITORY": "/backup/repository" if environment == "staging" else "",
        "RESTIC_PASSWORD": secret(),
    }
{%- endif %}


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
{%- if cookiecutter.deployment == "server" %}
        lines = [f"{name}={value}\n" for name, value in (values | server(environment)).items()]
{%- else %}
        lines = [f"{name}={value}\n" for name, value in values.items()]
{%- endif %}
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
