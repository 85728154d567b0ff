"""The Jinja extension that makes `answers.py` and the files of `parts/` available to Cookiecutter.

Cookiecutter imports this module by name, so the name must not clash with a module in the user's folder.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import click
from jinja2 import Environment, FileSystemLoader, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context

HERE = os.path.dirname(os.path.abspath(__file__))
# A module `answers` that is already loaded is the user's, or an older commit's if cruft renders two commits.
sys.modules.pop("answers", None)
sys.path.insert(0, HERE)
from answers import (  # noqa: E402
    CHECKS,
    Answers,
    canonical,
    mailpit_port,
    project_slug,
    rejection,
    rejections,
    shown,
    template_syntax,
    template_variables,
)

sys.path.remove(HERE)

# Everything that Cookiecutter has imported stays in memory until the bake ends. Excluding it from garbage collection
# saves a tenth of the time of a bake.
gc.freeze()


def check(answers: dict[str, str], name: str) -> str:
    """Check the answer `name` as soon as it is given, and ask again if it is rejected.

    Raises:
        SystemExit: with code 1 and one line on stderr, if prompts are off. Cookiecutter has written nothing yet.
    """
    options = command_line()
    asking = not options.get("no_input", True)
    while True:
        if isinstance(answer := answers.get(name), str):
            answers[name] = canonical(name, answer)
        line = rejection(answers, name) or (unusable(answers, options, asking) if name == "project_slug" else "")
        if not line:
            return ""
        if not asking:
            stop([line])
        click.secho(line, fg="red", err=True)
        answers[name] = ask(answers, name)


def command_line() -> Mapping[str, Any]:
    """Return the options of the `cookiecutter` or `cruft` command by name, or {} if a program calls Cookiecutter."""
    command = click.get_current_context(silent=True)
    return command.params if command else {}


def unusable(answers: Answers, options: Mapping[str, Any], asking: bool) -> str:
    """Return the line that rejects a slug whose folder exists or is not writable, or "".

    Cookiecutter reports an existing folder only after the last question.
    """
    slug = answers["project_slug"]
    folder = os.path.abspath(os.path.join(options.get("output_dir") or ".", slug))
    if options.get("overwrite_if_exists"):
        return unwritable(folder)
    if asking and os.path.lexists(folder):
        return f"project_slug = {shown(slug)} is an existing folder; choose another name, or use --overwrite-if-exists"
    return ""


def ask(answers: Answers, name: str) -> str:
    """Ask for an answer as Cookiecutter does, and offer the template's default."""
    from cookiecutter.prompt import read_user_variable

    variables = template_variables()
    default = project_slug(answers["project_name"]) if name == "project_slug" else variables[name]
    number = f"  [dim][{list(CHECKS).index(name) + 1}/{len(CHECKS)}][/] "
    return str(read_user_variable(name, default, variables["__prompts__"], number))


def python_string(text: str) -> str:
    """Return `text` as a Python literal, formatted as `ruff format` formats it."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    body = text.replace("\\", "\\\\").replace(quote, f"\\{quote}")
    return quote + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in body) + quote


def toml_string(text: str) -> str:
    """Return `text` as a TOML basic string (TOML 1.0, "String"). A JSON string without surrogate pairs is one."""
    return json.dumps(text, ensure_ascii=False)


def plain(answers: Answers) -> dict[str, str]:
    """Return only the answers, as a dict whose `repr` is a Python literal that no answer can break out of."""
    return {name: answers[name] for name in CHECKS}


def updating(_: Answers) -> bool:
    """Return whether cruft renders the project for an update. Click does not expose the command of cruft."""
    return "cruft" in sys.argv[0] and sys.argv[1:2] not in ([], ["create"])


def unknown_names(names: Collection[str]) -> str:
    """Return the line that rejects names on the command line that are not answers, or "".

    Cookiecutter silently ignores such names, so a typo would produce the default.
    """
    for name in names:
        if name not in CHECKS:
            return f"{shown(name)} is not an answer of this template; use one of {', '.join(CHECKS)}"
    return ""


def unwritable(path: str) -> str:
    """Return the line that says why a project cannot be written to `path`, or "".

    Without this check, Cookiecutter ends with a traceback.
    """
    while not os.path.lexists(path) and (parent := os.path.dirname(path)) != path:  # Windows may lack the drive
        path = parent
    if not os.path.isdir(path):
        return f'"{path}" is not a folder; remove it, or choose another with --output-dir'
    if not os.access(path, os.W_OK | os.X_OK):
        return f'"{path}" is not writable; make it writable, or choose another with --output-dir'
    return ""


def stop(lines: Iterable[str]) -> None:
    """Print `lines` on stderr and end the bake, if there are any.

    Raises:
        SystemExit: with code 1. Cookiecutter would print any other exception on stdout or as a traceback.
    """
    if text := "\n".join(filter(None, lines)):
        click.secho(text, fg="red", err=True)
        raise SystemExit(1)


def given(options: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield the answers in the user's configuration file and on the command line, before Cookiecutter renders them."""
    from cookiecutter.config import get_user_config
    from cookiecutter.exceptions import ConfigDoesNotExistException

    if "config_file" in options:
        with contextlib.suppress(ConfigDoesNotExistException):  # a relative path; hooks run elsewhere, after this check
            yield from get_user_config(options["config_file"], options["default_config"])["default_context"].items()
    yield from (options.get("extra_context") or {}).items()


@functools.cache
def own_texts() -> frozenset[str]:
    """Return the template's texts that Cookiecutter renders without a file name: its variables and its hook."""
    with open(os.path.join(HERE, "hooks", "post_gen_project.py"), encoding="utf-8") as hook:
        return frozenset([hook.read(), *(text for text in template_variables().values() if isinstance(text, str))])


def is_own(source: str) -> bool:
    """Return whether a text belongs to the template: one of `own_texts`, or the name of a folder or file."""
    folder = os.path.join(HERE, "{{cookiecutter.project_slug}}")
    return source in own_texts() or any(os.path.lexists(os.path.join(where, source)) for where in (HERE, folder))


def replayed(options: Mapping[str, Any]) -> list[str]:
    """Return the lines that reject answers in a replay, which shows no prompts."""
    from cookiecutter.config import get_user_config
    from cookiecutter.replay import load

    if file := options.get("replay_file"):
        folder, name = os.path.split(os.path.splitext(file)[0])
    elif options.get("replay"):
        config = get_user_config(options["config_file"], options["default_config"])
        folder, name = config["replay_dir"], os.path.basename(HERE)
    else:
        return []
    answers = load(folder, name)["cookiecutter"]
    return rejections(answers, [name for name in CHECKS if name in answers])  # Cookiecutter asks for the rest


def check_command(options: Mapping[str, Any]) -> None:
    """Stop if the command has an unknown answer name, template syntax in an answer, or a folder that is not writable.

    Raises:
        SystemExit: with code 1 and one line on stderr, or one for each invalid answer of a replay.
    """
    typed = options.get("extra_context")
    stop([unknown_names(typed) if isinstance(typed, Mapping) else ""])
    for name, text in given(options):
        if name in CHECKS and isinstance(text, str) and (problem := template_syntax(text)):
            stop([f"{name} = {shown(text)} {problem}"])
    stop(replayed(options))
    if "output_dir" in options:
        stop([unwritable(os.path.abspath(options["output_dir"]))])


@pass_context
def part(context: Context, name: str) -> str:
    """Return a file of parts/, rendered with the answers. Jinja includes files only from a folder named templates."""
    environment = context.environment
    return FileSystemLoader(os.path.join(HERE, "parts")).load(environment, name, environment.globals).render(context)


class PlainText:
    """A template without tags, which renders to itself."""

    def __init__(self, text: str) -> None:
        """Keep `text`."""
        self.text = text

    def render(self, **_: object) -> str:
        """Return the text."""
        return self.text


class AnswersExtension(Extension):
    """Makes the functions of this module available in templates."""

    def __init__(self, environment: Environment) -> None:
        """Check the command, then register the filters and the function `part` in Cookiecutter's `environment`.

        Raises:
            SystemExit: with code 1, after the problem was printed on stderr, if the command is not valid.
        """
        super().__init__(environment)
        # cruft update renders two commits of the template in one process, and each must import its own module.
        sys.modules.pop("django_glitchtip_answers", None)
        check_command(command_line())
        environment.filters.update(
            check=check,
            mailpit_port=mailpit_port,
            plain=plain,
            project_slug=project_slug,
            python_string=python_string,
            toml_string=toml_string,
            updating=updating,
        )
        environment.globals.update(part=part, optional=os.path.join(HERE, "optional"))
        # Cookiecutter compiles the name of every file, most of which have no tag: a tenth of a bake.
        compiled = environment.from_string
        environment.from_string = lambda source: compiled(source) if "{" in source else PlainText(source)  # type: ignore[misc, method-assign, assignment]

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        """Stop before an answer is rendered, if a program or cruft gave it; `check_command` cannot read those answers.

        Raises:
            SystemExit: with code 1 and one line on stderr, if `source` does not belong to the template.
        """
        if name is None and (problem := template_syntax(source)) and not is_own(source):
            stop([f"{shown(source)} {problem}"])
        return source
