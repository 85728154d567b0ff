"""The Jinja extension that makes `answers.py` and the files of `parts/` available to Cookiecutter.

Cookiecutter imports it by its name, which no module of the user's folder has.
"""

from __future__ import annotations

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
# A module `answers` of the user's folder is not ours, nor is that of the older commit when cruft renders two.
sys.modules.pop("answers", None)
sys.path.insert(0, HERE)
from answers import CHECKS, Answers, project_slug, refusal, refusals, shown, template_syntax, template_variables  # noqa: E402

sys.path.remove(HERE)

# What Cookiecutter has imported by now lives as long as the bake. Searching it for garbage again and again, while
# templates are compiled, took a tenth of a bake.
gc.freeze()


def check(answers: dict[str, str], name: str) -> str:
    """Refuse the answer `name` while the user is still typing, and ask for it again.

    Raises:
        SystemExit: with code 1, after one line on stderr, if nobody is asked. Cookiecutter has written nothing yet.
    """
    options = command_line()
    asking = not options.get("no_input", True)
    while line := refusal(answers, name) or (unusable(answers, options, asking) if name == "project_slug" else ""):
        if not asking:
            stop([line])
        print(line, file=sys.stderr)
        answers[name] = ask(answers, name)
    return ""


def command_line() -> Mapping[str, Any]:
    """Return the options of the `cookiecutter` or `cruft` command, by name; none where a program bakes."""
    command = click.get_current_context(silent=True)
    return command.params if command else {}


def unusable(answers: Answers, options: Mapping[str, Any], asking: bool) -> str:
    """Return the line that refuses a slug whose folder cannot be written, or "".

    Cookiecutter itself says that the folder exists, but after the last question.
    """
    slug = answers["project_slug"]
    folder = os.path.abspath(os.path.join(options.get("output_dir") or ".", slug))
    if options.get("overwrite_if_exists"):
        return unwritable(folder)
    if asking and os.path.lexists(folder):
        return (
            f"project_slug = {shown(slug)} is a folder already: type another name, or start with --overwrite-if-exists"
        )
    return ""


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

    Cookiecutter answers a folder that takes no file with a traceback.
    """
    while not os.path.lexists(path) and (parent := os.path.dirname(path)) != path:  # Windows may lack the drive itself
        path = parent
    if not os.path.isdir(path):
        return f'"{path}" is not a folder: remove it, or name another with --output-dir'
    if not os.access(path, os.W_OK | os.X_OK):
        return f'"{path}" takes no files: make it writable, or name another with --output-dir'
    return ""


def stop(lines: Iterable[str]) -> None:
    """End the bake if there are `lines`, after they were printed on stderr.

    Raises:
        SystemExit: with code 1. Cookiecutter would print an exception of its own on stdout, or with a traceback.
    """
    if text := "\n".join(filter(None, lines)):
        print(text, file=sys.stderr)
        raise SystemExit(1)


def given(options: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield the answers of the user's configuration file and of the command line, before Cookiecutter renders them."""
    from cookiecutter.config import get_user_config

    if "config_file" in options:
        yield from get_user_config(options["config_file"], options["default_config"])["default_context"].items()
    yield from (options.get("extra_context") or {}).items()


@functools.cache
def own_texts() -> frozenset[str]:
    """Return the texts of the template that Cookiecutter renders without naming a file: its variables and its hook."""
    with open(os.path.join(HERE, "hooks", "post_gen_project.py"), encoding="utf-8") as hook:
        return frozenset([hook.read(), *(text for text in template_variables().values() if isinstance(text, str))])


def is_own(source: str) -> bool:
    """Return whether a text is the template's own: one of `own_texts`, or the name of a folder or file."""
    folder = os.path.join(HERE, "{{cookiecutter.project_slug}}")
    return source in own_texts() or any(os.path.lexists(os.path.join(where, source)) for where in (HERE, folder))


def replayed(options: Mapping[str, Any]) -> list[str]:
    """Return the lines that reject the answers of a replay, which has no prompts to check them."""
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
    return refusals(answers, [name for name in CHECKS if name in answers])  # Cookiecutter asks for the others


def check_command(options: Mapping[str, Any]) -> None:
    """Stop if the command names an answer that does not exist, a template instead of a text, or an unusable folder.

    Raises:
        SystemExit: with code 1, after one line on stderr; after one for each wrong answer of a replay.
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
    """Return a file of parts/, rendered with the answers; Jinja itself includes only from a folder named templates."""
    environment = context.environment
    return FileSystemLoader(os.path.join(HERE, "parts")).load(environment, name, environment.globals).render(context)


class AnswersExtension(Extension):
    """Gives templates the functions of this module."""

    def __init__(self, environment: Environment) -> None:
        """Check the command, then register the filters and the function `part`; `environment` is Cookiecutter's own.

        Raises:
            SystemExit: with code 1, if something is wrong with the command; it has been printed on stderr.
        """
        super().__init__(environment)
        # cruft update renders two commits of the template in one process: each is to import its own module.
        sys.modules.pop("django_glitchtip_answers", None)
        check_command(command_line())
        environment.filters.update(
            check=check,
            plain=plain,
            project_slug=project_slug,
            python_string=python_string,
            toml_string=toml_string,
        )
        environment.globals["part"] = part

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        """Stop before an answer is rendered: that of a program, or of cruft, whose command Click does not show.

        Raises:
            SystemExit: with code 1, after one line on stderr, if `source` is not the template's own.
        """
        if name is None and (problem := template_syntax(source)) and not is_own(source):
            stop([f"{shown(source)} {problem}"])
        return source
