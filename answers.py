"""What makes an answer valid: pure functions, and at the end the Jinja extension that hands them to Cookiecutter.

Every check takes the answers given so far and returns the one line that refuses the answer, or "".
"""

from __future__ import annotations

import functools
import gc
import json
import keyword
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import click
from jinja2 import Environment, Template
from jinja2.ext import Extension
from slugify import slugify

HERE = os.path.dirname(os.path.abspath(__file__))
#: The name of the project's folder, as Cookiecutter renders it.
FOLDER = "{{cookiecutter.project_slug}}"
#: What the files of a project take on a disk at most, in bytes.
PROJECT_BYTES = 1_000_000

#: What a project of ours contains or installs: a folder of one of these names would hide it.
OWN_FOLDERS = {"config", "docs", "error_tracking", "glitchtip", "pages", "site", "static", "tests"}
INSTALLED = frozenset(
    """
    _distutils_hack _pytest asgiref ast_serialize blinker certifi click colorama django django_stubs_ext dotenv environ filelock
    flask gunicorn honcho iniconfig itsdangerous jinja2 kent librt markupsafe mypy mypy_django_plugin mypy_extensions mypyc packaging
    pathspec pip pkg_resources pluggy psycopg psycopg_binary py pygments pytest pytest_django pythonjsonlogger ruff sentry_sdk
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

# What Cookiecutter has imported by now lives as long as the bake. Searching it for garbage again and again, while
# templates are compiled, took a tenth of a bake.
gc.freeze()


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


def check_text(text: str) -> str:
    """Refuse what is not one line of text."""
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


def refusals(answers: Answers) -> list[str]:
    """Return the lines that refuse `answers`, in the order of the prompts; none if all is right."""
    return [line for name in CHECKS if (line := refusal(answers, name))]


def check(answers: dict[str, str], name: str) -> str:
    """Refuse the answer `name` while the user is still typing, and ask for it again.

    Raises:
        SystemExit: with code 1, after one line on stderr, if nobody is asked. Cookiecutter has written nothing yet.
    """
    options = command_line()
    asking = not options.get("no_input", True)
    while line := refusal(answers, name) or (taken(answers, options) if asking and name == "project_slug" else ""):
        if not asking:
            stop([line])
        print(line, file=sys.stderr)
        answers[name] = ask(answers, name)
    return ""


def command_line() -> Mapping[str, Any]:
    """Return the options of the `cookiecutter` or `cruft` command, by name; none where a program bakes."""
    command = click.get_current_context(silent=True)
    return command.params if command else {}


def taken(answers: Answers, options: Mapping[str, Any]) -> str:
    """Return the line that refuses a slug whose folder is there, or "": Cookiecutter says so after the last question."""
    slug = answers["project_slug"]
    if options.get("overwrite_if_exists") or not os.path.lexists(os.path.join(options.get("output_dir") or ".", slug)):
        return ""
    return f"project_slug = {shown(slug)} is a folder already: type another name, or start with --overwrite-if-exists"


def ask(answers: Answers, name: str) -> str:
    """Ask for an answer as Cookiecutter does; the template's own default is offered."""
    from cookiecutter.prompt import read_user_variable

    variables = template_variables()
    default = project_slug(answers["project_name"]) if name == "project_slug" else variables[name]
    number = f"  [dim][{list(CHECKS).index(name) + 1}/{len(CHECKS)}][/] "
    return str(read_user_variable(name, default, variables["__prompts__"], number))


def python_string(text: str) -> str:
    """Write `text` as the Python literal that `ruff format` would leave as it is."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    body = text.replace("\\", "\\\\").replace(quote, f"\\{quote}")
    return quote + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in body) + quote


def toml_string(text: str) -> str:
    """Write `text` as a TOML basic string (TOML 1.0, "String"); a JSON string without surrogate pairs is one."""
    return json.dumps(text, ensure_ascii=False)


def plain(answers: Answers) -> dict[str, str]:
    """Return the answers alone, as a dict whose `repr` is a Python literal that no answer can break out of."""
    return {name: answers[name] for name in CHECKS}


@functools.cache
def template_variables() -> dict[str, Any]:
    """Return cookiecutter.json as it is in the template, with no answer in it."""
    with open(os.path.join(HERE, "cookiecutter.json"), encoding="utf-8") as file:
        variables: dict[str, Any] = json.load(file)
    return variables


def unknown_names(names: Collection[str]) -> str:
    """Return the line that refuses names on the command line that are no answers, or "".

    Cookiecutter itself ignores them in silence, so that a slip of the finger would bake a default.
    """
    for name in names:
        if name not in CHECKS:
            return f"{shown(name)} is not asked here: type one of {', '.join(CHECKS)}"
    return ""


def unwritable(path: str) -> str:
    """Return the line that says why a project cannot be written to `path`, or "".

    Cookiecutter answers a folder or a disk that takes no file with a traceback, and leaves what it has written.
    """
    while not os.path.lexists(path) and (parent := os.path.dirname(path)) != path:  # Windows may lack the drive itself
        path = parent
    if not os.path.isdir(path):
        return f'"{path}" is not a folder: remove it, or name another with --output-dir'
    if not os.access(path, os.W_OK | os.X_OK):
        return f'"{path}" takes no files: make it writable, or name another with --output-dir'
    if (free := shutil.disk_usage(path).free) < PROJECT_BYTES:
        left = f"{free / 1e6:.1f} MB left, and a project takes {PROJECT_BYTES / 1e6:.1f} MB"
        return f'"{path}" has {left}: make room, or name another with --output-dir'
    return ""


def stop(lines: Iterable[str]) -> None:
    """End the bake if there are `lines`, after they were printed on stderr.

    Raises:
        SystemExit: with code 1. Cookiecutter would print an exception of its own on stdout, or with a traceback.
    """
    if text := "\n".join(filter(None, lines)):
        print(text, file=sys.stderr)
        raise SystemExit(1)


def check_before_writing(given: Answers) -> None:
    """Check all answers once more, for a replay has none of the prompts, and that the project has a place.

    Raises:
        SystemExit: with code 1, after a line on stderr for each thing that is wrong.
    """
    stop(refusals(given))
    if output := given.get("_output_dir"):  # cruft names none
        stop([unwritable(os.path.join(output, given["project_slug"]))])


class LateTemplate:
    """A string that Cookiecutter renders. Whether it is the template's own is known once the answers are.

    Cookiecutter renders an answer from the command line or a configuration file as a template too:
    `description='{{ 6 * 7 }}'` would become 42.
    """

    def __init__(self, text: str, compiled: Callable[[str], Template]) -> None:
        """Keep `text`, and what makes a template of it."""
        self.text = text
        self.compiled = compiled

    def render(self, **context: Any) -> str:
        """Return an answer as the text that it is, and what the template's own string renders to.

        The name of the project's folder is the last that Cookiecutter renders before it writes.

        Raises:
            SystemExit: with code 1, after a line on stderr, if the answers are wrong or the project has no place.
        """
        given = context["cookiecutter"]
        if given.keys() >= CHECKS.keys():
            if self.text == FOLDER:
                check_before_writing(given)
        elif self.is_answer(given):
            return self.text
        # Most file names have no tag; compiling them took a tenth of a bake.
        return self.compiled(self.text).render(**context) if "{" in self.text else self.text

    def is_answer(self, given: Answers) -> bool:
        """Say whether this is an answer: it is not what cookiecutter.json has for the first variable not yet given.

        Cookiecutter renders the variables in the order of the file, each when those before it are known.

        Raises:
            SystemExit: with code 1, after a line on stderr, if cookiecutter.json has it for another variable.
        """
        own = {name: value for name, value in template_variables().items() if name != "__prompts__"}
        name = next(name for name in own if name not in given)
        if self.text == own[name]:
            return False
        if "{" in self.text and self.text in own.values():
            stop([f"{name} is not text, or it is a line of the template itself: type another"])
        return True


class AnswersExtension(Extension):
    """Gives templates the functions of this module, and keeps answers from being templates themselves."""

    def __init__(self, environment: Environment) -> None:
        """Register the filters; `environment` is Cookiecutter's own.

        Raises:
            SystemExit: with code 1, after one line on stderr, if the command line names what is no answer.
        """
        super().__init__(environment)
        # cruft update renders two commits of the template in one process: each is to import its own module.
        sys.modules.pop("django_glitchtip_answers", None)
        typed = command_line().get("extra_context")
        if isinstance(typed, Mapping):  # of cookiecutter; cruft has a text of that name
            stop([unknown_names(typed.keys())])
        compiled = environment.from_string
        environment.from_string = lambda source: LateTemplate(source, compiled)  # type: ignore[method-assign,assignment,misc]
        environment.filters.update(
            check=check,
            plain=plain,
            project_slug=project_slug,
            python_string=python_string,
            refusals=refusals,
            toml_string=toml_string,
        )
