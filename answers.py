"""Validates the answers. `django_glitchtip_answers.py` makes these functions available to Cookiecutter.

Every check receives the answers given so far and returns what is wrong and what to do, or "" if the answer is valid.
"""

from __future__ import annotations

import functools
import json
import keyword
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from slugify import slugify

HERE = os.path.dirname(os.path.abspath(__file__))

#: What a generated project contains (OWN_FOLDERS) and installs (INSTALLED). A folder of the same name would hide it.
OWN_FOLDERS = set(
    """browser_errors config deploy development docs error_tracking glitchtip jobs metrics pages scripts server site static
    tests""".split()
)
INSTALLED = frozenset(
    """
    _distutils_hack _pytest amqp asgiref ast_serialize billiard blinker celery certifi click click_didyoumean
    click_plugins click_repl colorama csp dateutil django django_stubs_ext django_tasks django_tasks_db dotenv environ
    filelock flask gunicorn iniconfig itsdangerous jinja2 kent kombu librt markupsafe mypy mypy_django_plugin
    mypy_extensions mypyc packaging pathspec pip pkg_resources pluggy prometheus_client prompt_toolkit psycopg
    psycopg_binary py pygments pytest pytest_django pytest_httpserver pythonjsonlogger redis ruff sentry_sdk setuptools
    six sqlparse stdnum typing_extensions tzdata tzlocal urllib3 uv vine wcwidth werkzeug whitenoise
    """.split()
)
#: Names that Windows reserves for devices (Microsoft, "Naming Files, Paths, and Namespaces").
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in range(10))}
#: Unicode categories not allowed in one line of text: controls, lone surrogates, line and paragraph separators.
NOT_TEXT = {"Cc", "Cs", "Zl", "Zp"}

SLUG_LENGTH = 40
SLUG = re.compile(r"[a-z]([a-z0-9_]*[a-z0-9])?", re.ASCII)
EMAIL = re.compile(
    r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,63}", re.ASCII | re.IGNORECASE
)
DSN = re.compile(
    r"https?://[\w.~-]+(:[\w.~-]+)?@([\w.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?(/[\w.~-]+)*/[0-9]{1,18}", re.ASCII
)

Answers = Mapping[str, str]


def reserved(slug: str) -> str:
    """Return what already uses the name `slug`, or "" if it is free."""
    if keyword.iskeyword(slug) or keyword.issoftkeyword(slug):
        return "a Python keyword"
    if slug in sys.stdlib_module_names:
        return "a module of Python's standard library"
    if slug in INSTALLED:
        return "a package that the project installs"
    if slug in OWN_FOLDERS:
        return "a folder or module that the project already has"
    if slug in DEVICES:
        return "a device on Windows"
    return ""


def project_slug(project_name: str) -> str:
    """Derive the folder and package name from the project name: "Corner Shop" becomes "corner_shop"."""
    slug = slugify(project_name, separator="_") or "site"
    if not slug[0].isalpha():
        slug = f"site_{slug}"
    return f"{slug}_site" if reserved(slug) else slug[:SLUG_LENGTH].rstrip("_")


def template_syntax(text: str) -> str:
    """Reject what Cookiecutter would render as a template (Jinja, "Template Designer Documentation", "Synopsis")."""
    for mark in ("{{", "{%", "{#"):
        if mark in text:
            return f"contains {mark}, which Cookiecutter reads as template syntax; leave it out"
    return ""


def check_text(text: str) -> str:
    """Reject text that is not one line of plain text."""
    if syntax := template_syntax(text):
        return syntax
    for character in text:
        if unicodedata.category(character) in NOT_TEXT:
            return f"contains the control character U+{ord(character):04X}; use one line of plain text"
    return ""


def check_project_name(answers: Answers) -> str:
    """1 to 80 characters, no control characters, at least one letter."""
    name = answers["project_name"]
    if not 1 <= len(name) <= 80:
        return f"has {len(name)} characters; use 1 to 80"
    if not any(character.isalpha() for character in name):
        return "has no letter; use a name such as Corner Shop"
    return check_text(name)


def check_project_slug(answers: Answers) -> str:
    """At most 40 lower-case letters, digits and _, and not the name of a Python keyword, module, folder or device."""
    slug = answers["project_slug"]
    if len(slug) > SLUG_LENGTH:
        return f"has {len(slug)} characters; use at most {SLUG_LENGTH}"
    if not SLUG.fullmatch(slug):
        # A text with other characters may be a password that was pasted here.
        example = project_slug(slug) if re.fullmatch(r"[\w -]+", slug) else "corner_shop"
        return (
            "must be lower-case letters, digits and _, starting with a letter and not ending with _;"
            f" for example {example}"
        )
    if owner := reserved(slug):
        return f"is {owner}; choose another name, for example {slug}_site"
    return ""


def check_description(answers: Answers) -> str:
    """Any one line of text."""
    return check_text(answers["description"])


def check_admin_email(answers: Answers) -> str:
    """An e-mail address of ASCII letters, digits and . _ + -, at most 254 characters (RFC 5321, 4.5.3.1.3)."""
    email = answers["admin_email"]
    if len(email) > 254 or not EMAIL.fullmatch(email):
        return "must be an e-mail address such as ada@example.com"
    return ""


def check_port(port: str) -> str:
    """A port that needs no privileges: 1024 to 65535 in plain digits (RFC 6335, section 6)."""
    if not re.fullmatch("[1-9][0-9]{0,4}", port) or int(port) > 65535:
        return "must be a whole number from 1024 to 65535"
    if int(port) < 1024:
        return "is a port that needs administrator privileges; choose one from 1024 to 65535"
    return ""


def check_glitchtip_port(answers: Answers) -> str:
    """A whole number from 1024 to 65535, in plain digits."""
    return check_port(answers["glitchtip_port"])


def check_app_port(answers: Answers) -> str:
    """A whole number from 1024 to 65511, in plain digits. `glitchtip_port` must be neither this port nor Mailpit's."""
    port = answers["app_port"]
    if problem := check_port(port):
        return problem
    if port == answers.get("glitchtip_port"):
        other = "8001" if port == "8000" else "8000"
        return f"is already used by the tracker (glitchtip_port); choose another, for example {other}"
    if int(mailpit_port(answers)) > 65535:
        return "must be at most 65511, because Mailpit uses the port 24 above it"
    if mailpit_port(answers) == answers.get("glitchtip_port"):
        return "is not possible, because Mailpit uses the port 24 above it, which is the tracker's (glitchtip_port)"
    return ""


def mailpit_port(answers: Answers) -> str:
    """Return the port of Mailpit's page in development: 24 above `app_port`, so 8025, its own default, for 8001."""
    return str(int(answers["app_port"]) + 24)


def check_dsn(dsn: str) -> str:
    """Empty, or a DSN that the SDK accepts: http(s)://KEY@HOST[:PORT][/PATH]/PROJECT_ID (`sentry_sdk.utils.Dsn`)."""
    if not dsn:
        return ""
    example = "leave it empty, or use a DSN such as https://KEY@errors.example.com/1"
    if not DSN.fullmatch(dsn):
        return f"is not a DSN; {example}"
    try:
        url = urlsplit(dsn)
        port = url.port
    except ValueError:
        return f"has an invalid host or port; {example}"
    if url.username == "KEY":
        return "contains the KEY of the example; leave it empty, or use the DSN that your tracker shows"
    return f"has port 0, which no server uses; {example}" if port == 0 else ""


def check_staging_dsn(answers: Answers) -> str:
    """Empty, or `http(s)://KEY@HOST[:PORT][/PATH]/PROJECT_ID`."""
    return check_dsn(answers["staging_dsn"])


def check_production_dsn(answers: Answers) -> str:
    """Empty, or `http(s)://KEY@HOST[:PORT][/PATH]/PROJECT_ID`."""
    return check_dsn(answers["production_dsn"])


def choices(name: str) -> dict[str, str]:
    """Return the choices for an answer, each with its explanation, from the numbered lines of the prompt."""
    return dict(re.findall(r"^ +\d - (\S+) +(.+)$", template_variables()["__prompts__"][name], re.MULTILINE))


def choice(name: str) -> Callable[[Answers], str]:
    """Return a check that the answer is one of the choices in its prompt."""

    def check(answers: Answers) -> str:
        return "" if answers[name] in choices(name) else f"must be one of {', '.join(choices(name))}"

    return check


def canonical(name: str, answer: str) -> str:
    """Return an answer as the project uses it: a choice by name instead of number, a DSN without a trailing slash."""
    if name.endswith("_dsn"):
        return answer.rstrip("/")
    offered = [*choices(name)]
    return offered[int(answer) - 1] if answer in map(str, range(1, len(offered) + 1)) else answer


CHECKS: dict[str, Callable[[Answers], str]] = {
    "project_name": check_project_name,
    "project_slug": check_project_slug,
    "description": check_description,
    "admin_email": check_admin_email,
    "tracker": choice("tracker"),
    "glitchtip_port": check_glitchtip_port,
    "app_port": check_app_port,
    "database": choice("database"),
    "staging_dsn": check_staging_dsn,
    "production_dsn": check_production_dsn,
    "browser_errors": choice("browser_errors"),
    "background_jobs": choice("background_jobs"),
    "metrics": choice("metrics"),
    "ci": choice("ci"),
    "deployment": choice("deployment"),
    "license": choice("license"),
}


def shown(value: str) -> str:
    """Return an answer in quotes for a one-line message: shortened, printable, and without the password of a URL."""
    value = re.sub(r":(?!//).*@|//.*//.*@", ":***@", value, flags=re.DOTALL)
    return json.dumps(value if len(value) <= 60 else value[:57] + "...")


def rejection(answers: Answers, name: str) -> str:
    """Return the line that says why the answer `name` is rejected, or "" if it is valid."""
    value = answers.get(name)
    if not isinstance(value, str):
        return f"{name} = {json.dumps(value)} is not text; put it in quotes"
    problem = CHECKS[name](answers)
    return f"{name} = {shown(value)} {problem}" if problem else ""


def rejections(answers: Answers, names: Iterable[str] = CHECKS) -> list[str]:
    """Return a line for each of the answers `names` that is rejected, in their order."""
    return [line for name in names if (line := rejection(answers, name))]


@functools.cache
def template_variables() -> dict[str, Any]:
    """Return the template's cookiecutter.json, without the user's answers."""
    with open(os.path.join(HERE, "cookiecutter.json"), encoding="utf-8") as file:
        variables: dict[str, Any] = json.load(file)
    return variables
