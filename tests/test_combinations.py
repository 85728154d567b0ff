"""Every answer works with every other: all pairs of choices, or all combinations with ALL_COMBINATIONS=1."""

import functools
import hashlib
import itertools
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence

import pytest
from allpairspy import AllPairs

from answers import CHECKS, choices
from tests.conftest import Bake, Baked

Once = Callable[[str, Callable[[], None]], None]
Answers = dict[str, str]
Choice = tuple[str, Answers]  # its name in the tests' ids, and its answers

#: All choices, the default first: those of cookiecutter.json, and another value for each typed answer that changes more
#: than a text.
CHOICES: list[list[Choice]] = [
    *([(value, {name: value}) for value in choices(name)] for name in CHECKS if choices(name)),
    [("", {}), ("other ports", {"glitchtip_port": "9100", "app_port": "9101"})],
    [("", {}), ("DSN of staging", {"staging_dsn": "https://0123456789abcdef@errors.example.com/2"})],
    [("", {}), ("DSN of production", {"production_dsn": "https://0123456789abcdef@errors.example.com/1"})],
]
DEFAULTS = [offered[0] for offered in CHOICES]
SCHEMAS = {
    "compose.yaml": "vendor.compose-spec",
    ".github/workflows/ci.yml": "vendor.github-workflows",
    ".github/dependabot.yml": "vendor.dependabot",
    ".gitlab-ci.yml": "vendor.gitlab-ci",
    "renovate.json": "vendor.renovate",
}
IMPORT_ALL = """
import importlib, importlib.util, pkgutil, runpy
import config, development, django, error_tracking, pages, tests
django.setup()
optional = [importlib.import_module(name) for name in ('browser_errors', 'metrics') if importlib.util.find_spec(name)]
for package in (config, development, error_tracking, pages, tests, *optional):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
        print(module.name)
for script in ("gunicorn.conf.py", "manage.py", "scripts/backup.py", "scripts/create_env_files.py"):
    runpy.run_path(script)
"""


def singles() -> Iterator[Sequence[Choice]]:
    """Yield the defaults, and each other choice on its own."""
    yield DEFAULTS
    for place, offered in enumerate(CHOICES):
        for choice in offered[1:]:
            yield [*DEFAULTS[:place], choice, *DEFAULTS[place + 1 :]]


def chosen() -> Iterator[Sequence[Choice]]:
    """Yield what to bake: the defaults, each other choice on its own, and all pairs; or all combinations."""
    if os.environ.get("ALL_COMBINATIONS"):
        yield from itertools.product(*CHOICES)
        return
    yield from singles()
    yield from AllPairs(CHOICES)


def parameters(combinations: Iterable[Sequence[Choice]]) -> list[object]:
    """Return each set of answers once, as a parameter named after its non-default choices."""
    found = {}
    for combination in combinations:
        changed = [choice for choice, default in zip(combination, DEFAULTS, strict=True) if choice != default]
        answers = {answer: value for _, choice in changed for answer, value in choice.items()}
        # Each pytest worker checks equal parts of projects once, so similar projects go to the same worker.
        code = f"{answers.get('background_jobs')} {answers.get('tracker')} {answers.get('database')}"
        name = ", ".join(name for name, _ in changed) or "default"
        found[name] = pytest.param(answers, id=name, marks=pytest.mark.xdist_group(code))
    return [*found.values()]


@pytest.fixture(params=parameters(chosen()))
def project(baked: Bake, request: pytest.FixtureRequest) -> Baked:
    """Return the project of each set of answers in turn."""
    return baked(**request.param)


@pytest.fixture(scope="session")
def once() -> Once:
    """Return a function that runs a check, unless a check with the same key has passed before."""
    passed = set()

    def run(key: str, check: Callable[[], None]) -> None:
        if key not in passed:
            check()
            passed.add(key)

    return run


def content(project: Baked, *, without: tuple[str, ...]) -> str:
    """Return a hash of a project's files, except paths that begin with one of `without` and the license's name.

    Env files are not included: they contain secrets, which differ in each bake, and their other content comes from
    scripts/create_env_files.py.
    """
    digest = hashlib.sha256()
    for name in sorted(project.files()):
        if not name.startswith(without) and not name.endswith(".env"):
            text = re.sub(r'^license = ".*"$', "", project.read(name), flags=re.MULTILINE)
            digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()


TEXTS = (
    "README.md",
    "LICENSE",
    "compose.yaml",
    "compose.production.yaml",
    "server",
    "deploy",
    ".github",
    ".gitlab-ci.yml",
    "renovate.json",
)


def test_the_project_shows_no_trace_of_a_template(project: Baked) -> None:
    for name in project.files():
        text = project.read(name)
        assert "cookiecutter" not in text, name
        assert text == "" or text.endswith("\n"), name
        if not name.endswith(".py"):  # ruff checks those
            assert not re.search(r"\n\n\n|\n\n\Z|\A\n|[ \t]$", text, re.MULTILINE), name
        if name.endswith((".yaml", ".yml")):
            assert ":\n\n " not in text, name
        if not name.endswith((".html", "/report.js")):  # the script is minified
            assert not re.search(r"(?<!\$)\{\{(?! csp_nonce )|\{%|\{#", text), (
                name
            )  # the README names Django's variable


def test_configuration_files_match_their_schemas(project: Baked, once: Once) -> None:
    for name, schema in SCHEMAS.items():
        if name in project.files():
            command = ["check_jsonschema", "--builtin-schema", schema, str(project.path / name)]
            once(name + project.read(name), functools.partial(run_module, *command))
    for name in {"compose.yaml", "compose.production.yaml"} & project.files():
        text = project.read(name)
        assert set(re.findall(r"&([\w-]+)", text)) == set(re.findall(r"\*([a-z][\w-]+)", text)), (
            f"{name}: a dead anchor"
        )


def run_module(*command: str) -> None:
    """Run a Python module of the template's environment; it must exit with 0."""
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_project_passes_its_own_lint(project: Baked, once: Once) -> None:
    """Run the checks of `make lint`, once for all projects that differ only in texts."""

    def gate() -> None:
        for file in project.path.rglob("*.py"):
            compile(file.read_text(encoding="utf-8"), file, "exec")
        modules = project.run("python", "-c", IMPORT_ALL, DJANGO_SETTINGS_MODULE="tests.settings").split()
        assert {"config.asgi", "error_tracking.management.commands.check_tracker", "tests.test_outage"} <= set(modules)
        project.lint()

    files = project.files()
    once(f"gate {content(project, without=TEXTS)}", gate)
    assert project.files() == files


def code_of(project: Baked) -> str:
    """Return a hash of what the tests of a project run; what only affects the env files is left out."""
    return content(project, without=(*TEXTS, ".devcontainer", ".envs", ".vscode", "Makefile", "scripts"))


def test_the_project_passes_its_own_tests(project: Baked, once: Once) -> None:
    """Run the tests once for projects with the same code."""
    files = project.files()
    once(f"tests {code_of(project)}", project.test)
    assert project.files() == files


@pytest.mark.parametrize("answers", parameters(singles()))
def test_the_project_passes_the_tests_of_its_internals(baked: Bake, answers: Answers, once: Once) -> None:
    """Run them for the defaults and each other choice: they take a minute, and no pair of choices affects them."""
    project = baked(**answers)
    files = project.files()
    once(f"internals {code_of(project)}", project.test_internals)
    assert project.files() == files
