"""Decides whether an answer is valid. `django_glitchtip_answers.py` makes these functions available to Cookiecutter.

Every check takes the answers given so far and returns what is wrong with the answer and what to do, or "".
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

#: What a project of ours contains or installs: a folder of one of these names would hide it.
OWN_FOLDERS = set("config development docs error_tracking glitchtip pages scripts site static tests".split())
INSTALLED = frozenset(
    """
    _distutils_hack _pytest asgiref ast_serialize blinker certifi click colorama django django_stubs_ext dotenv environ filelock
    flask gunicorn honcho iniconfig itsdangerous jinja2 kent librt markupsafe mypy mypy_django_plugin mypy_extensions mypyc packaging
    pathspec pip pkg_resources pluggy psycopg psycopg_binary py pygments pytest pytest_django pytest_httpserver pythonjsonlogger ruff sentry_sdk
    setuptools sqlparse stdnum typing_extensions tzdata urllib3 uv werkzeug whitenoise
    """.split()
)
#: Names that Windows keeps for devices (Microsoft, "Naming Files, Paths, and Namespaces").
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in range(10))}
#: Unicode categories that no line of text holds: controls, lone surrogates, line and paragraph separators.
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
    """Say what owns the name `slug` already, or "" if it is free."""
    if keyword.iskeyword(slug) or keyword.issoftkeyword(slug):
        return "a Python keyword"
    if slug in sys.stdlib_module_names:
        return "a module of Python's standard library"
    if slug in INSTALLED:
        return "a package that the project installs"
    if slug in OWN_FOLDERS:
        return "a folder or module that the project has already"
    if slug in DEVICES:
        return "a device on Windows"
    return ""


def project_slug(project_name: str) -> str:
    """Derive a folder and Python name from what people read: "Corner Shop" gives "corner_shop"."""
    slug = slugify(project_name, separator="_") or "site"
    if not slug[0].isalpha():
        slug = f"site_{slug}"
    return f"{slug}_site" if reserved(slug) else slug[:SLUG_LENGTH].rstrip("_")


def template_syntax(text: str) -> str:
    """Refuse what Cookiecutter would render as a template (Jinja, "Template Designer Documentation", "Synopsis")."""
    for mark in ("{{", "{%", "{#"):
        if mark in text:
            return f"contains {mark}, which Cookiecutter reads as template syntax: type it without"
    return ""


def check_text(text: str) -> str:
    """Refuse what is not one line of text."""
    if syntax := template_syntax(text):
        return syntax
    for character in text:
        if unicodedata.category(character) in NOT_TEXT:
            return f"holds the control character U+{ord(character):04X}: type one line of plain text"
    return ""


def check_project_name(answers: Answers) -> str:
    """1 to 80 characters, no control characters, at least one letter."""
    name = answers["project_name"]
    if not 1 <= len(name) <= 80:
        return f"has {len(name)} characters: type 1 to 80"
    if not any(character.isalpha() for character in name):
        return "has no letter: type a name such as Corner Shop"
    return check_text(name)


def check_project_slug(answers: Answers) -> str:
    """A Python name of lower-case letters, digits and _, at most 40; no keyword, module, folder or device has it."""
    slug = answers["project_slug"]
    if len(slug) > SLUG_LENGTH:
        return f"has {len(slug)} characters: type at most {SLUG_LENGTH}"
    if not SLUG.fullmatch(slug):
        return "is not a Python name: type lower-case letters, digits and _, a letter first, no _ last, such as corner_shop"
    if owner := reserved(slug):
        return f"is {owner}: type another name, such as {slug}_site"
    return ""


def check_description(answers: Answers) -> str:
    """Any one line of text."""
    return check_text(answers["description"])


def check_admin_email(answers: Answers) -> str:
    """An address of plain ASCII letters, digits and . _ + -, at most 254 characters (RFC 5321, 4.5.3.1.3)."""
    email = answers["admin_email"]
    if len(email) > 254 or not EMAIL.fullmatch(email):
        return "is not an e-mail address: type one such as ada@example.com"
    return ""


def check_port(port: str) -> str:
    """A port that needs no privilege: 1024 to 65535 in plain digits (RFC 6335, section 6)."""
    if not re.fullmatch("[1-9][0-9]{3,4}", port) or not 1024 <= int(port) <= 65535:
        return "is not a port: type a whole number from 1024 to 65535"
    return ""


def check_glitchtip_port(answers: Answers) -> str:
    """A whole number from 1024 to 65535, in plain digits."""
    return check_port(answers["glitchtip_port"])


def check_app_port(answers: Answers) -> str:
    """The same, and not `glitchtip_port` where the project has a tracker."""
    port = answers["app_port"]
    if problem := check_port(port):
        return problem
    if answers.get("tracker") == "glitchtip" and port == answers.get("glitchtip_port"):
        return "is the tracker's port (glitchtip_port) too: type another, such as " + (
            "8001" if port == "8000" else "8000"
        )
    return ""


def check_dsn(dsn: str) -> str:
    """Empty, or a DSN that the SDK accepts: http(s)://KEY@HOST[:PORT][/PATH]/PROJECT_ID (`sentry_sdk.utils.Dsn`)."""
    if not dsn:
        return ""
    example = "type nothing, or a DSN such as https://KEY@errors.example.com/1"
    if not DSN.fullmatch(dsn):
        return f"is not a DSN: {example}"
    try:
        url = urlsplit(dsn)
        port = url.port
    except ValueError:
        return f"is not a DSN, for its host or port cannot be: {example}"
    if url.username == "KEY":
        return "has the KEY of the example: type nothing, or the DSN that the tracker shows"
    return f"is not a DSN, for no server has port 0: {example}" if port == 0 else ""


def check_staging_dsn(answers: Answers) -> str:
    """Nothing, or `http(s)://KEY@HOST[:PORT][/PATH]/PROJECT_ID`."""
    return check_dsn(answers["staging_dsn"])


def check_production_dsn(answers: Answers) -> str:
    """The same."""
    return check_dsn(answers["production_dsn"])


def choice(name: str) -> Callable[[Answers], str]:
    """Return the check of an answer that is one of a list in cookiecutter.json."""

    def check(answers: Answers) -> str:
        choices = template_variables()[name]
        return "" if answers[name] in choices else f"is no choice: type one of {', '.join(choices)}"

    return check


CHECKS: dict[str, Callable[[Answers], str]] = {
    "project_name": check_project_name,
    "project_slug": check_project_slug,
    "description": check_description,
    "admin_email": check_admin_email,
    "tracker": choice("tracker"),
    "glitchtip_layout": choice("glitchtip_layout"),
    "glitchtip_port": check_glitchtip_port,
    "app_port": check_app_port,
    "database": choice("database"),
    "staging_dsn": check_staging_dsn,
    "production_dsn": check_production_dsn,
    "ci": choice("ci"),
    "license": choice("license"),
}


def shown(value: str) -> str:
    """Quote an answer for a one-line message: short, printable, and without the password of a URL."""
    value = re.sub(r":(?!//).*@", ":***@", value, flags=re.DOTALL)
    return json.dumps(value if len(value) <= 60 else value[:57] + "...")


def refusal(answers: Answers, name: str) -> str:
    """Return the line that refuses the answer `name`, or "" if it is right."""
    value = answers.get(name)
    if not isinstance(value, str):
        return f"{name} = {json.dumps(value)} is not text: type it in quotes"
    problem = CHECKS[name](answers)
    return f"{name} = {shown(value)} {problem}" if problem else ""


def refusals(answers: Answers, names: Iterable[str] = CHECKS) -> list[str]:
    """Return the lines that refuse the answers `names`, in their order; none if all is right."""
    return [line for name in names if (line := refusal(answers, name))]


@functools.cache
def template_variables() -> dict[str, Any]:
    """Return cookiecutter.json as it is in the template, with no answer in it."""
    with open(os.path.join(HERE, "cookiecutter.json"), encoding="utf-8") as file:
        variables: dict[str, Any] = json.load(file)
    return variables
