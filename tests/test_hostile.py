"""A free-text answer is either rejected with one line, or appears in the project exactly as typed.

Every example goes through the `cookiecutter` command, including its hooks. nasties.json contains inputs that have
caused problems before, here or elsewhere. Hypothesis generates the rest, with the same examples in every run.
"""

import io
import itertools
import json
import re
import runpy
import shutil
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import environ
import jinja2
import pytest
import yaml
from click.testing import CliRunner, Result
from cookiecutter import cli
from cookiecutter.exceptions import FailedHookException
from cookiecutter.utils import work_in
from django.template import Engine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sentry_sdk.utils import Dsn

import answers
from tests.conftest import COMPOSE, TEMPLATE

#: Texts by label. In the file, a text may also be a part and how often to repeat it.
NASTIES: dict[str, str] = {
    label: text if isinstance(text, str) else text[0] * text[1]
    for label, text in json.loads((TEMPLATE / "tests" / "nasties.json").read_text(encoding="utf-8")).items()
}
EXAMPLES = 300
DSN = st.one_of(
    st.from_regex(answers.DSN, fullmatch=True),
    st.from_regex(
        "https?://[0-9a-f]{1,32}@[a-z0-9.-]{1,30}(:[1-9][0-9]{3})?(/[a-z]{1,9}){0,2}/[1-9][0-9]{0,9}", fullmatch=True
    ),
    st.sampled_from(["https://ada:hunter2@errors.example.com:8443/a/1", "http://key@[::1]:8000/1"]),
)
PORT = st.one_of(st.integers(1024, 65535), st.integers(-1, 70_000), st.sampled_from([1023, 1024, 65535, 65536])).map(
    str
)
#: For each free-text answer, values that are valid or nearly valid.
NEAR: dict[str, st.SearchStrategy[str]] = {
    "project_name": st.from_regex("[A-Z][a-z]{1,9}( [A-Z0-9][a-z]{0,9}){0,3}", fullmatch=True),
    "project_slug": st.one_of(st.from_regex(answers.SLUG, fullmatch=True), st.sampled_from(sorted(answers.INSTALLED))),
    "description": st.from_regex("[A-Z][a-z ,]{9,60}[.]", fullmatch=True),
    "admin_email": st.one_of(st.from_regex(answers.EMAIL, fullmatch=True), st.emails()),
    "glitchtip_port": PORT,
    "app_port": PORT,
    "staging_dsn": DSN,
    "production_dsn": DSN,
}
#: Two answers are baked together, because most of their values are valid. The others are tried one at a time.
TOGETHER: list[tuple[str, ...]] = [
    ("project_name", "description"),
    *((name,) for name in NEAR if name not in ("project_name", "description")),
]
SYNTAX = "\"'\\`$#%{}[]()<>&|;:=,*!?~@^+-_/. \t\n\r\0\x1b\x7f\x85\u2028\u202e\u200b\ufeff\ud800０é"


def mutated(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return texts with one to three edits; each replaces up to two characters with another or inserts one."""
    edit = st.tuples(st.floats(0, 1), st.integers(0, 2), st.one_of(st.sampled_from(SYNTAX), st.characters()))

    def apply(text: str, edits: list[tuple[float, int, str]]) -> str:
        for where, cut, piece in edits:
            at = int(where * len(text))
            text = text[:at] + piece + text[at + cut :]
        return text

    return st.builds(apply, texts, st.lists(edit, min_size=1, max_size=3))


def nasties(name: str) -> dict[str, str]:
    """Return the known nasties for the answer `name`, except its default, which is a template that is rendered."""
    return {label: text for label, text in NASTIES.items() if text != answers.template_variables()[name]}


def hostile(name: str) -> st.SearchStrategy[str]:
    """Return valid, nearly valid, random and known nasty texts for the answer `name`."""
    near = NEAR[name]
    anything = st.text(st.characters(exclude_categories=()), max_size=120)
    return st.one_of(near, mutated(near), anything, st.sampled_from(sorted(nasties(name).values())))


def run_hook_here(script: str, cwd: str | Path = ".") -> None:
    """Run a hook in this process; tests/test_ways_in.py runs hooks as Cookiecutter does, in a new Python process."""
    path = sys.path[:]
    try:
        with work_in(cwd):
            runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        raise FailedHookException(str(end)) from end
    finally:
        sys.path[:] = path
        sys.modules.pop("create_env_files", None)  # it is the project's


@pytest.fixture(scope="module", autouse=True)
def _fast() -> Iterator[None]:
    """Compile each template string once and start no other Python, because these take most of the time of a bake."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cookiecutter.hooks.run_script", run_hook_here)
        compiled = jinja2.Environment.compile
        cache: dict[tuple[object, ...], object] = {}

        def compile_once(
            self: jinja2.Environment, source: Any, name: Any = None, filename: Any = None, *rest: Any
        ) -> object:
            key = (source, name, filename, *rest)
            if key not in cache:
                cache[key] = compiled(self, source, name, filename, *rest)
            return cache[key]

        patch.setattr(jinja2.Environment, "compile", compile_once)
        yield


Run = Callable[..., tuple[Result, Path]]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Return a function that bakes answers into a new folder, and returns the result and the folder."""
    memory = "/dev/shm"  # writing to a disk would take longer than the bake
    folder = Path(tempfile.mkdtemp(dir=memory if Path(memory).is_dir() else None))
    config = folder / "config.yaml"
    config.write_text(f"replay_dir: {json.dumps(str(folder / 'replay'))}\n", encoding="utf-8")
    numbers = itertools.count()

    def bake(**given: str) -> tuple[Result, Path]:
        output = folder / str(next(numbers))
        output.mkdir()
        typed = [f"{name}={text}" for name, text in given.items()]
        options = ["--no-input", "--config-file", str(config), "--output-dir", str(output)]
        return CliRunner().invoke(cli.main, [str(TEMPLATE), *options, *typed]), output

    yield bake
    shutil.rmtree(folder)


def own_bytes(project: Path) -> dict[str, bytes]:
    """Return the content of each file of a project."""
    return {file.relative_to(project).as_posix(): file.read_bytes() for file in project.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def parsed(run: Run) -> Mapping[str, bytes]:
    """Return the files of the default project, after parsing each."""
    result, output = run()
    assert result.exit_code == 0, result.output
    files = own_bytes(output / "my_django_project")
    kinds = Counter(parse(name, text) for name, text in files.items())
    assert {"py", "toml", "yaml", "json", "env", "html"} <= kinds.keys()
    return files


class EnvFile(environ.Env):  # type: ignore[misc] # django-environ has no types
    """django-environ as the project uses it for env files, but without changing the environment of these tests."""

    ENVIRON: ClassVar[dict[str, str]] = {}


def read_env(text: str) -> dict[str, str]:
    """Return the variables of an env file, which django-environ and docker compose must read in the same way.

    Compose reads an unquoted value literally, except for `$`, ` #`, quotes at its ends and spaces around it.
    """
    EnvFile.ENVIRON = {}
    EnvFile.read_env(io.StringIO(text))
    lines = dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))
    assert lines == EnvFile.ENVIRON
    for value in lines.values():
        assert re.fullmatch(r"[\w.,:;/@~+=\[\]-]*", value, re.ASCII), value
    return lines


def parse(name: str, content: bytes) -> str:
    """Parse a file of a project by its kind and return the kind; any error means that an answer broke the file."""
    text = content.decode("utf-8")
    kind = name.rpartition(".")[2].replace("yml", "yaml")
    if kind == "py":
        compile(text, name, "exec")
    elif kind == "toml":
        tomllib.loads(text)
    elif kind == "yaml":
        yaml.load(text, Loader=COMPOSE)
    elif kind == "json":
        json.loads(text)
    elif kind == "html":
        if "/tracker/templates/" in name:
            jinja2.Environment(autoescape=True).parse(text)
        else:
            text = text.replace("{% browser_errors %}", "").replace("browser_errors", "")  # the project's own tag
            Engine(libraries={"static": "django.templatetags.static"}).from_string(text)
    elif kind == "env":
        read_env(text)
    return kind


def literal(project: Path, files: Mapping[str, bytes]) -> dict[str, list[str]]:
    """Return, by answer, the values in each place of a project that contains it, read as that file's reader does."""
    text = {name: content.decode("utf-8") for name, content in files.items() if not name.endswith(".html")}
    pyproject = tomllib.loads(text["pyproject.toml"])["project"]
    readme = text["README.md"].split("\n")
    names: dict[str, str] = {}
    exec(next(line for line in text["config/settings.py"].split("\n") if line.startswith("PROJECT_NAME")), names)
    env = {name: read_env(text[f".envs/{name}.env"]) for name in ("development", "staging", "production", "example")}
    return {
        "project_name": [
            names["PROJECT_NAME"],
            json.loads(text[".devcontainer/devcontainer.json"])["name"],
            readme[0].removeprefix("# "),
            text["LICENSE"].split("\n")[2].removeprefix("Copyright (c) the authors of "),
        ],
        "project_slug": [project.name, pyproject["name"], text["compose.yaml"].split("\nname: ")[1].split("\n")[0]],
        "description": [pyproject["description"], "" if readme[2] == "## Run it" else readme[2]],
        "admin_email": [variables["GLITCHTIP_ADMIN_EMAIL"] for variables in env.values()],
        "glitchtip_port": [variables["GLITCHTIP_PORT"] for variables in env.values()],
        "app_port": [variables["APP_PORT"] for variables in env.values()],
        "staging_dsn": [env["staging"]["SENTRY_DSN"], env["staging"].get("TRACKER_DSN", "")],
        "production_dsn": [env["production"]["SENTRY_DSN"], env["production"].get("TRACKER_DSN", "")],
    }


def is_rejected_or_literal(run: Run, parsed: Mapping[str, bytes], **given: str) -> str:
    """Bake answers, check that they were rejected or that the project is intact, and return "rejected" or "baked"."""
    result, output = run(**given)
    left = list(output.iterdir())
    if result.exit_code:
        assert result.exit_code == 1, result.output
        assert left == []
        [line] = result.output.splitlines()
        assert result.stderr == line + "\n"
        assert line.isascii()
        assert line.isprintable()
        assert line.startswith((*(f"{name} = " for name in given), "app_port = "))
        for text in given.values():  # no part of the password hunter2 is shown
            assert "ter2" not in line or not re.search(":(?!//).*ter2.*@", text, re.DOTALL)
        output.rmdir()
        return "rejected"
    [project] = left
    assert project.resolve().parent == output.resolve()
    files = own_bytes(project)
    assert files.keys() == parsed.keys()
    for name, content in files.items():
        if content != parsed[name]:
            assert not name.endswith(".html"), name  # HTML files contain no answers
            parse(name, content)
    held = literal(project, files)
    for name, text in given.items():
        assert set(held[name]) == {answers.canonical(name, text)}
    for name in ("staging_dsn", "production_dsn"):
        if dsn := held[name][0]:
            assert Dsn(dsn).project_id
    shutil.rmtree(output)
    return "baked"


def try_each(run: Run, parsed: Mapping[str, bytes], **given: str) -> Counter[str]:
    """Bake answers together, and one at a time if they were rejected; return the count of each outcome."""
    outcome = is_rejected_or_literal(run, parsed, **given)
    if len(given) == 1 or outcome == "baked":
        return Counter([outcome])
    return Counter(is_rejected_or_literal(run, parsed, **{name: text}) for name, text in given.items())


@pytest.mark.parametrize("names", TOGETHER, ids="-".join)
def test_a_hostile_answer_is_rejected_or_written_literally(
    run: Run, parsed: Mapping[str, bytes], names: tuple[str, ...]
) -> None:
    outcomes: Counter[str] = Counter()
    examples = 0

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.fixed_dictionaries({name: hostile(name) for name in names}))
    def try_it(texts: dict[str, str]) -> None:
        nonlocal examples
        outcomes.update(try_each(run, parsed, **texts))
        examples += 1

    try_it()
    assert examples >= EXAMPLES
    assert min(outcomes["rejected"], outcomes["baked"]) >= EXAMPLES / 15, outcomes


@pytest.mark.parametrize("names", TOGETHER, ids="-".join)
def test_every_known_nasty_is_rejected_or_written_literally(
    run: Run, parsed: Mapping[str, bytes], names: tuple[str, ...]
) -> None:
    for label, text in nasties(names[0]).items():
        try:
            try_each(run, parsed, **dict.fromkeys(names, text))
        except Exception as error:
            raise AssertionError(f"{label}: {error}") from error
