"""The fixture `baked` bakes projects; one environment for each way to run jobs runs them all."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from cookiecutter import cli
from playwright.sync_api import Browser, expect
from pytest_cookies.plugin import Cookies

from scripts import demo
from scripts.browser import chromium

TEMPLATE = Path(__file__).resolve().parent.parent
#: Tests of a project's packages, which run in a baked project.
INTERNALS = TEMPLATE / "tests" / "internals"
collect_ignore = ["internals"]
# A shell that starts the tests in the background makes them ignore SIGINT; the servers that they stop by it would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
BIN = "Scripts" if os.name == "nt" else "bin"
#: Keep commands from creating cache files in a project.
KEEP_CLEAN = {"PYTHONDONTWRITEBYTECODE": "1", "RUFF_NO_CACHE": "true"}
os.environ.update(KEEP_CLEAN)  # for the servers that tests start in a project, too


ENV_FILES = ("development.env", "staging.env", "production.env")

#: A loader for PyYAML that also reads compose's tags, such as !reset.
COMPOSE: Any = type("Compose", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})
COMPOSE.add_multi_constructor("!", lambda *_: None)


@dataclass(frozen=True)
class Baked:
    """A baked project, and the environment in which its commands run."""

    path: Path
    environment: Path

    def run(self, *command: str, **variables: str) -> str:
        """Run a program of the environment in the project and return its output; it must exit with 0."""
        program = self.environment / BIN / command[0]
        # Do not pass on the template's variables or a DSN that the developer has set.
        machine = {name: value for name, value in os.environ.items() if not name.startswith(("SENTRY_", "DJANGO_"))}
        done = subprocess.run(
            [program, *command[1:]],
            cwd=self.path,
            env={**machine, **KEEP_CLEAN, "MYPY_CACHE_DIR": str(self.environment / "mypy"), **variables},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def lint(self) -> None:
        """Run the checks of the project's `make lint`."""
        self.run("ruff", "check")
        self.run("ruff", "format", "--check")
        self.run("mypy")
        self.run("python", "manage.py", "makemigrations", "--check", "--dry-run", DATABASE_URL="sqlite://:memory:")
        self.run(
            *("python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"),
            DJANGO_ENV="production",
            SENTRY_DSN="https://0123456789abcdef@errors.example.com/1",
            EMAIL_URL="smtp://mail.example.com:25",
        )

    def test(self) -> None:
        """Run the project's tests, with a tracker in SENTRY_DSN that they must not reach."""
        printed = self.run("pytest", "-q", "-p", "no:cacheprovider", SENTRY_DSN="http://key@127.0.0.1:9/1")
        assert " passed" in printed

    def test_internals(self) -> None:
        """Run the template's tests of internals with only the project's packages; stop after 5 failures."""
        options = ["-c", "pyproject.toml", "--rootdir", ".", "-p", "tests.conftest", "--confcutdir", str(INTERNALS)]
        printed = self.run(
            "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--maxfail=5", *options, str(INTERNALS)
        )
        assert " passed" in printed

    def read(self, name: str) -> str:
        """Return the text of a file."""
        return (self.path / name).read_text(encoding="utf-8")

    def env(self, environment: str) -> dict[str, str]:
        """Return the variables of an env file."""
        lines = self.read(f".envs/{environment}.env").splitlines()
        return dict(line.split("=", 1) for line in lines if not line.startswith("#"))

    def files(self) -> set[str]:
        """Return the paths of all files that the bake created; servers leave caches beside them."""
        paths = {path.relative_to(self.path) for path in self.path.rglob("*") if path.is_file()}
        return {path.as_posix() for path in paths if "__pycache__" not in path.parts}


def env_files(project: Path) -> dict[str, bytes]:
    """Return the contents of a project's env files."""
    return {name: (project / ".envs" / name).read_bytes() for name in ENV_FILES}


Bake = Callable[..., Baked]
Command = Callable[..., Result]
Rejected = Callable[..., str]


@pytest.fixture(scope="session")
def baked(cookies_session: Cookies, tmp_path_factory: pytest.TempPathFactory) -> Bake:
    """Return a function that bakes each set of answers once: `baked(database="sqlite").run("ruff", "check")`."""
    environments: dict[str, Path] = {}
    done: dict[frozenset[tuple[str, str]], Path] = {}

    def bake(**answers: str) -> Baked:
        key = frozenset(answers.items())
        if key not in done:
            result = cookies_session.bake(extra_context=answers)
            assert result.exception is None, result.exception
            done[key] = result.project_path
        jobs = answers.get("background_jobs", "none")
        if jobs not in environments:
            environments[jobs] = tmp_path_factory.mktemp("environment") / "venv"
            # The packages of PostgreSQL and Prometheus run the projects without them, too.
            install(bake(background_jobs=jobs, metrics="yes").path, environments[jobs])
        return Baked(done[key], environments[jobs])

    return bake


def install(project: Path, environment: Path, *options: str, python: str = sys.executable) -> None:
    """Install a project's dependencies into a new environment, for a given Python, without changing the project."""
    subprocess.run(
        [sys.executable, "-m", "uv", "sync", "--quiet", "--all-groups", "--python", python, *options],
        cwd=project,
        env={
            **os.environ,
            "UV_PROJECT_ENVIRONMENT": str(environment),
            "UV_COMPILE_BYTECODE": "1",  # otherwise compiling packages takes half of the time of the projects' tests
            "VIRTUAL_ENV": "",
        },
        check=True,
    )
    (project / "uv.lock").unlink()


@dataclass(frozen=True)
class Site:
    """A running project, with the addresses of its site and its embedded tracker."""

    project: Path
    url: str
    tracker: str


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield a project started with `make run`, on free ports."""
    if os.name == "nt" or shutil.which("make") is None:
        pytest.skip("there is no make, or this is Windows: that `make run` brings up site and tracker was not checked")
    tracker_port, site_port = demo.free_ports(2)
    project = demo.bake(
        tmp_path_factory.mktemp("site"), project_name="Corner Shop", glitchtip_port=tracker_port, app_port=site_port
    )
    with demo.running(project, tracker_port, site_port):
        yield Site(project, f"http://localhost:{site_port}", f"http://localhost:{tracker_port}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield a browser for all tests of a file."""
    expect.set_options(timeout=30_000)  # milliseconds; the default of 5 s is too short on a busy machine
    with chromium() as browser:
        yield browser


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Return a function that runs the `cookiecutter` command on the template, with output to `tmp_path / "out"`."""
    output = tmp_path / "out"
    output.mkdir()
    config = tmp_path / "config.yaml"
    config.write_text(f"replay_dir: {json.dumps(str(tmp_path / 'replay'))}\n")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(
            cli.main, [str(TEMPLATE), "--config-file", str(config), "--output-dir", str(output), *arguments]
        )

    return run


@pytest.fixture
def rejected(command: Command, tmp_path: Path) -> Rejected:
    """Return a function that bakes invalid answers and returns the one-line error message."""

    def bake(**answers: str) -> str:
        result = command("--no-input", *(f"{name}={value}" for name, value in answers.items()))
        assert result.exit_code == 1, result.output
        assert list((tmp_path / "out").iterdir()) == []
        [line] = result.output.splitlines()
        assert line == result.stderr.rstrip("\n")
        return line

    return bake
