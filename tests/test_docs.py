"""The documentation, tried as it stands: its commands, its links, its tables.

A block of ```sh runs here or is in `NOT_HERE` with the reason; one that is in neither table fails. A block of ```console is a
command and all that it prints. Each `...` in it stands for anything, and `gh:org/django-glitchtip` for this repository.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from scripts.demo import free_ports, received_events, running
from tests.conftest import BIN, TEMPLATE, Bake, Baked
from tests.test_bake import ENVIRONMENTS

DOCS = sorted((TEMPLATE / "docs").glob("*.md"))
needs_shell = pytest.mark.skipif(
    os.name == "nt" or not all(map(shutil.which, ("bash", "curl", "git", "make"))),
    reason="there is no bash, curl, git or make, or this is Windows: the commands in the docs were not run",
)
ADDRESSES = ("gh:org/django-glitchtip", "https://github.com/org/django-glitchtip")

#: Where the shell blocks run that do, by how their first line begins: "empty", a new folder; "project", one with the default
#: answers whose site and tracker run; "clone", a project that git has just cloned.
HERE = {
    "cookiecutter gh:org/django-glitchtip": "empty",
    "make run": "project",  # which this starts
    "make trigger": "project",
    "make check\n": "project",
    "DJANGO_ENV=production python manage.py check --deploy": "project",
    "DEBUG=False python manage.py collectstatic": "project",
    "SSL_CERT_FILE=": "project",
    "python3 scripts/create_env_files.py\nln": "clone",
}
#: Pages that a test of their own runs from the first block to the last, here or in test_removing.py and the like.
WALKED = {"migrating.md", "removing.md", "upgrading.md: The template", "without-containers.md"}
CLUSTER = "needs a cluster; test_kubernetes.py renders the manifests and runs them with podman"
CONTAINERS = "needs a Docker engine: test_stack.py runs it where there is one"
#: The blocks that do not run here, by how their first line begins, and why.
NOT_HERE = {
    ".venv/bin/python manage.py startapp": "test_an_app_gets_the_code_of_the_page_on_everyday_work runs it",
    "make up": CONTAINERS,
    "make add-site": "test_add_site.py runs what it runs in the container",
    "make check ARGS=": CONTAINERS,
    "make upgrade": CONTAINERS,
    ".venv/bin/python -m benchmarks.load": "test_load.py runs it against a tracker that counts",
    "make backup": CONTAINERS,
    "make restore": "needs a Docker engine: test_stack.py and test_production.py run it where there is one",
    "docker compose": CONTAINERS,
    "docker build --build-arg": CLUSTER,
    "helm repo add": CLUSTER,
    "kubectl create namespace": CLUSTER,
    "kubectl create secret": CLUSTER,
    "kubectl kustomize": CLUSTER,
    "python manage.py prune_db_task_results": "is a command of django-tasks-db",
    "make deploy": "needs a Docker engine: test_production.py runs it where there is one",
    "git pull": "needs a remote repository and a Docker engine",
}


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a language, each with a newline at its end."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def section(text: str, heading: str) -> str:
    """Return what stands below a heading of the second level."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, heading
    return found[1]


def page(name: str) -> str:
    """Return the text of a page of docs/."""
    return (TEMPLATE / "docs" / name).read_text(encoding="utf-8")


def unwalked(path: Path) -> str:
    """Return the text of a page without what a test of its own walks through."""
    text = path.read_text(encoding="utf-8")
    for walked in WALKED:
        name, _, heading = walked.partition(": ")
        if name == path.name:
            text = text.replace(section(text, heading), "") if heading else ""
    return text


def entry(block: str, table: dict[str, str]) -> str:
    """Return what a table says of a block, or ""."""
    return next((value for start, value in table.items() if block.startswith(start)), "")


def shell(command: str, folder: Path, *bins: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run lines of a page in bash, which stops at the first that fails, with the programs of `bins` first."""
    for address in ADDRESSES:
        command = command.replace(address, str(TEMPLATE))
    machine = {name: value for name, value in os.environ.items() if not name.startswith(("SENTRY_", "DJANGO_"))}
    path = os.pathsep.join([*map(str, bins), str(Path(sys.executable).parent), machine["PATH"]])
    author = {f"GIT_{who}_{what}": "ada@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=folder,
        env={**machine, **author, "PATH": path, "PYTHONUNBUFFERED": "1", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )


def run(command: str, folder: Path, *bins: Path, **variables: str) -> str:
    """Run lines of a page, which must succeed, and return what they printed."""
    done = shell(command, folder, *bins, **variables)
    assert done.returncode == 0, f"{command}{done.stdout}"
    return done.stdout


def commands_of(block: str) -> list[tuple[str, str]]:
    """Return the commands of a ```console block, each with what it is said to print."""
    return [tuple(part.split("\n", 1)) for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]


def pattern(expected: str) -> str:
    """Return a regular expression for what a command is said to print: `...` on a line of its own is any lines."""
    lines = [
        r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + r"\n"
        for line in expected.splitlines()
    ]
    return "".join(lines)


# Which blocks run


def test_every_shell_block_runs_here_or_says_why_it_does_not(baked: Bake) -> None:
    texts = {path.name: unwalked(path) for path in [TEMPLATE / "README.md", *DOCS]}
    texts |= {
        "README.md of a project": baked().read("README.md"),
        "README.md of a project, external": baked(tracker="external").read("README.md"),
    }
    found = [(name, block) for name, text in texts.items() for block in blocks(text, "sh")]
    lost = [f"{name}:\n{block}" for name, block in found if not entry(block, HERE) and not entry(block, NOT_HERE)]
    assert not lost, "add to HERE, or with a reason to NOT_HERE, in tests/test_docs.py:\n" + "\n".join(lost)
    starts = {start for table in (HERE, NOT_HERE) for start in table}
    assert not [start for start in starts if not any(block.startswith(start) for _, block in found)], "a dead entry"


def blocks_here(place: str, *more: str) -> list[str]:
    """Return the blocks of the template's pages, and of `more` texts, that run in a place, each once."""
    texts = [unwalked(path) for path in [TEMPLATE / "README.md", *DOCS]] + list(more)
    return list(dict.fromkeys(b for text in texts for b in blocks(text, "sh") if entry(b, HERE) == place))


@needs_shell
@pytest.mark.parametrize("block", blocks_here("empty"))
def test_a_block_bakes_a_project(block: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    line, *_ = block.splitlines()  # make run and make trigger follow: test_end_to_end.py
    run(f"{line} --no-input --default-config\n", tmp_path / "empty", HOME=str(tmp_path))
    assert list((tmp_path / "empty").glob("*/manage.py"))


@needs_shell
def test_what_the_page_of_answers_says_of_an_invalid_one_is_so(tmp_path: Path) -> None:
    [block] = blocks(page("answers.md"), "console")
    [(command, expected)] = commands_of(block)
    done = shell(f"{command} --default-config", tmp_path, HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, expected)


class Served(NamedTuple):
    """A project that runs on free ports, its programs, what puts these ports into a text, and the tracker's address."""

    project: Baked
    programs: Path
    numbered: Callable[[str], str]
    tracker: str


@pytest.fixture(scope="module")
def served(baked: Bake) -> Iterator[Served]:
    """Give a project that `make run` has started."""
    tracker, site, nothing = free_ports(3)
    project = baked(glitchtip_port=str(tracker), app_port=str(site))
    programs = project.environment / BIN
    (project.path / ".venv").symlink_to(project.environment)
    (project.environment / "dev-installed").touch()  # what `make install` asks for

    def numbered(text: str) -> str:
        for written, port in (("8000", tracker), ("8001", site), ("8009", nothing)):
            text = re.sub(rf"(?<=:){written}\b|(?<=[Pp]ort ){written}\b", str(port), text)
        return text

    with running(project.path, tracker, site):
        yield Served(project, programs, numbered, f"http://localhost:{tracker}")


@needs_shell
def test_the_blocks_of_a_running_project_run(served: Served) -> None:
    project, programs, numbered, tracker = served
    mine = blocks_here("project", project.read("README.md"))
    assert "make run\n" in mine
    before = len(received_events(tracker, 0))
    for block in mine:
        if block != "make run\n":
            run(numbered(block), project.path, programs)
    crashes = [e for e in received_events(tracker, before + 3)[before:] if "exception" in e]
    assert crashes
    assert crashes[0]["transaction"] == "/glitchtip-debug/"


@needs_shell
@pytest.mark.parametrize("block", blocks(page("troubleshooting.md"), "console"))
def test_a_symptom_is_as_the_page_says(served: Served, block: str) -> None:
    project, programs, numbered, _ = served
    for command, expected in commands_of(block):
        printed = shell(numbered(command), project.path, programs).stdout
        assert re.fullmatch(pattern(numbered(expected)), printed), f"$ {command}\n{printed}\ninstead of\n{expected}"


@needs_shell
def test_a_server_reads_the_variables_of_production(baked: Bake, tmp_path: Path) -> None:
    [block] = blocks_here("clone")
    clone = tmp_path / "clone"
    shutil.copytree(baked().path, clone, ignore=shutil.ignore_patterns(".env", "*.env"))
    run(block, clone)
    assert "DJANGO_ENV=production\n" in (clone / ".env").read_text()


@pytest.mark.skipif(shutil.which("caddy") is None, reason="Caddy is not installed: the Caddyfile was not validated")
def test_the_caddyfile_is_valid(tmp_path: Path) -> None:
    [block] = blocks(page("production.md"), "caddyfile")
    (tmp_path / "Caddyfile").write_text(block)
    command = ["caddy", "validate", "--config", "Caddyfile", "--adapter", "caddyfile"]
    home = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=home, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    config = json.loads(subprocess.run([*command[:1], "adapt", *command[2:]], cwd=tmp_path, capture_output=True).stdout)
    assert {"127.0.0.1:8000", "127.0.0.1:8001"} == set(re.findall(r'"dial": "([^"]+)"', json.dumps(config)))


# Pages that are followed from the first block to the last


@needs_shell
def test_a_project_follows_the_template(tmp_path: Path) -> None:
    """Walk through "The template" of upgrading.md: with a project that cruft made, and with one that it did not."""
    template, home = tmp_path / "django-glitchtip", {"HOME": str(tmp_path)}
    version = tomllib.loads((TEMPLATE / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    run(f"git clone --quiet '{TEMPLATE}' django-glitchtip; cd django-glitchtip; git checkout -q -B main", tmp_path)
    which, create, update, link = blocks(section(page("upgrading.md"), "The template"), "sh")
    here = {address: str(template) for address in ADDRESSES}

    def at(block: str) -> str:
        for address, path in here.items():
            block = block.replace(address, path)
        return block.replace("cruft update", "cruft update --skip-apply-ask")

    install, created = create.splitlines()
    assert install.split()[-1].strip('"') in (TEMPLATE / "pyproject.toml").read_text()
    (tmp_path / "made").mkdir()
    run(f"{at(created)} --no-input --default-config", tmp_path / "made", **home)
    run(f"cookiecutter 'git+file://{template}' --no-input --default-config project_slug=shop", tmp_path, **home)
    (template / "docs" / "note.md").write_text("A newer template.\n")
    readme = template / "{{cookiecutter.project_slug}}" / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8").replace("## Run it", "## Run the site"), encoding="utf-8")
    run("git add --all; git commit --quiet --message Newer", template)
    for project, block in ((tmp_path / "made" / "my_django_project", update), (tmp_path / "shop", link)):
        run("git init --quiet; git add --all; git commit --quiet --message Baked", project)
        assert f'template = "{version}"' in run(which, project)
        run(at(block), project, **home)
        assert "## Run the site" in (project / "README.md").read_text(encoding="utf-8")
        assert not list(project.rglob("*.rej"))


#: Where a block of migrating.md goes, by what its first comment says, as a function of the file's text and the block.
PLACES: dict[str, Callable[[str, str], str]] = {
    "first in INSTALLED_APPS": lambda text, block: text.replace("INSTALLED_APPS = [\n", f"INSTALLED_APPS = [\n{block}"),
    "first in MIDDLEWARE": lambda text, block: text.replace("MIDDLEWARE = [\n", f"MIDDLEWARE = [\n{block}"),
    "at the end": lambda text, block: f"{text}\n{block}",
    "instead of execute_from_command_line(sys.argv)": lambda text, block: text.replace(
        "    execute_from_command_line(sys.argv)\n", block
    ),
}

#: A test of the site that is migrated: it crashes, and would report that.
A_CRASH = """
from django.contrib.auth.models import User
from django.test import TestCase

class CrashTest(TestCase):
    def test_crash(self) -> None:
        self.client.raise_request_exception = False
        self.client.force_login(User.objects.create_superuser("ada"))
        self.assertEqual(self.client.get("/glitchtip-debug/").status_code, 500)
"""


@needs_shell
def test_an_existing_project_gets_it_by_the_page_on_migrating(tmp_path: Path) -> None:
    [tracker] = free_ports(1)
    text = re.sub(r"\b8000\b", str(tracker), page("migrating.md"))
    text = text.replace("git+https://github.com/org/django-glitchtip", TEMPLATE.as_uri())
    own = tmp_path / "own"  # an environment that has Django alone
    uv = Path(sys.executable).parent / "uv"
    run(f"'{uv}' venv --quiet --python '{sys.executable}' own", tmp_path)
    pip = {"VIRTUAL_ENV": str(own), "HOME": str(tmp_path)}
    run(f"'{uv}' pip install --quiet 'django>=5.2.8,<7'; django-admin startproject shop", tmp_path, own / BIN, **pip)
    project = tmp_path / "shop"
    (project / "shop" / "tests.py").write_text(A_CRASH)
    with contextlib.ExitStack() as stack:
        for language, block in re.findall(r"^```(sh|python)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
            if language == "python":
                where, _, code = block.partition("\n")
                name, _, place = where.removeprefix("# ").partition(": ")
                changed = PLACES[place](old := (project / name).read_text(), code)
                assert changed != old
                (project / name).write_text(changed)
            elif block.startswith("kent-server"):
                command = ("bash", "-c", f"PATH='{own / BIN}':$PATH; exec {block}")
                stack.enter_context(running(project, tracker, command=command))
            else:
                uv_block = block.replace("pip install", f"'{uv}' pip install --quiet")
                run(uv_block.replace("--force-reinstall", "--reinstall"), project, own / BIN, **pip)
        dsn = f"http://0123456789abcdef@localhost:{tracker}/1"
        run("! python manage.py imprt_orders </dev/null", project, own / BIN, **pip, SENTRY_DSN=dsn)
        events = received_events(f"http://localhost:{tracker}", 2)  # and none of the tests
    [checked] = [event for event in events if "transaction" not in event]
    assert [event["transaction"] for event in events if event != checked] == ["manage.py imprt_orders"]
    assert (checked["environment"], checked["release"]) == ("development", "shop@1.0")
    assert checked["tags"] == {"check_tracker": "true"}
    assert "cookiecutter" not in run(f"'{uv}' pip list", project, own / BIN, **pip)


def test_the_page_on_migrating_installs_the_versions_of_a_project(baked: Bake) -> None:
    packages = baked().read("pyproject.toml")
    named = re.findall(r'^pip install ("[^"@]+")$', page("migrating.md"), re.MULTILINE)
    assert named
    assert [package for package in named if f"  {package},\n" not in packages] == []


#: What the code of everyday.md and of a project's README needs besides: the app, its route, and what the README's test calls.
AROUND = (
    ("config/settings.py", "INSTALLED_APPS = [\n", 'INSTALLED_APPS = [\n    "shop",\n'),
    ("config/urls.py", "import include, path\n", "import include, path\n\nfrom shop.views import pay\n"),
    ("config/urls.py", "urlpatterns = [\n", 'urlpatterns = [\n    path("pay/", pay),\n'),
)
DELIVERIES = """import logging


def check_deliveries() -> None:
    logging.getLogger(__name__).error("order %s is late", 7)
"""


@needs_shell
def test_an_app_gets_the_code_of_the_page_on_everyday_work(baked: Bake, tmp_path: Path) -> None:
    """Start an app as the README of a project says; its lint passes, then and with the code of both texts."""
    project = Baked(tmp_path / "site", baked().environment)
    shutil.copytree(baked().path, project.path, ignore=shutil.ignore_patterns(".venv"))
    (project.path / ".venv").symlink_to(project.environment)
    (project.environment / "lint-installed").touch()  # what `make format` asks for
    [start] = [block for block in blocks(project.read("README.md"), "sh") if "startapp" in block]
    run(start, project.path)
    project.lint()
    for name, old, new in AROUND:
        assert old in project.read(name)
        (project.path / name).write_text(project.read(name).replace(old, new))
    (project.path / "shop" / "deliveries.py").write_text(DELIVERIES)
    examples = ["from shop.deliveries import check_deliveries\n", *blocks(project.read("README.md"), "python")]
    (project.path / "tests" / "test_readme.py").write_text("\n\n".join(examples))
    for block in blocks(page("everyday.md"), "python"):
        name, _, code = block.removeprefix("# ").partition("\n")
        if name == "config/settings.py":  # each line replaces a setting
            lines, code = code.splitlines(), project.read(name)
            for line in lines:
                [old] = re.findall(rf"^{re.escape(line.partition(' = ')[0])} = .*$", code, re.MULTILINE)
                code = code.replace(old, line)
        (project.path / name).parent.mkdir(parents=True, exist_ok=True)
        (project.path / name).write_text(code)
    project.lint()
    assert "\n4 passed" in project.run(
        "pytest", "-q", "-p", "no:cacheprovider", "tests/test_shop.py", "tests/test_readme.py"
    )


# The table of variables


def rows(text: str) -> dict[str, list[str]]:
    """Return the table of variables, by name: meaning, three defaults, who reads it; "the same" is filled in."""
    found = {}
    for line in re.findall(r"^\| (`[A-Z_]+` \|.*) \|$", text, re.MULTILINE):
        name, *cells = [cell.strip() for cell in line.split(" | ")]
        for number in (2, 3):
            if cells[number] == "the same":
                cells[number] = cells[number - 1]
        found[name.strip("`")] = cells
    return found


TABLE = rows(page("environments.md"))
READ = """
import json, os, sys
import config.env
read = {}
def shown(default):
    if isinstance(default, dict):
        return default.get("NAME", "")
    if isinstance(default, list):  # of words, or of administrators, which are pairs before Django 6.0
        return ", ".join(each if isinstance(each, str) else each[1] for each in default)
    return default
class Recording(config.env.Env):
    def __call__(self, variable, cast=str, default=config.env.Env.REQUIRED):
        read[variable] = None if default is self.REQUIRED else shown(default)
        return super().__call__(variable, cast=cast, default=default)
config.env.Env = Recording
import config.settings
print(json.dumps(read, default=str))
"""
ANSWERS = {
    "app_port": "8011",
    "glitchtip_port": "8010",
    "admin_email": "ada@example.com",
    "staging_dsn": "https://key@errors.example.com/2",
    "production_dsn": "https://key@errors.example.com/1",
    "background_jobs": "celery",
    "metrics": "yes",
}


def readers(project: Baked) -> dict[str, set[str]]:
    """Return who reads which variable, as the files of a project have it."""
    found: dict[str, set[str]] = {}
    for reader, file, regex in (
        ("settings", "config/settings.py", r'(?:env|environ\.get)\(\s*"(\w+)"'),
        ("gunicorn", "gunicorn.conf.py", r'environ(?:\.get\(|\[)"(\w+)"'),
        ("compose", "compose.yaml", r"(?<!\$)\$\{(\w+)"),
        ("compose", "compose.production.yaml", r"(?<!\$)\$\{(\w+)"),
        ("compose", ".envs/production.env", r"^(COMPOSE_FILE)="),
    ):
        for name in re.findall(regex, project.read(file), re.MULTILINE):
            found.setdefault(name, set()).add(reader)
    return found


def test_the_table_of_variables_has_them_all_and_says_who_reads_each(baked: Bake) -> None:
    found: dict[str, set[str]] = {}
    for project in (baked(), baked(**ANSWERS), baked(tracker="external")):
        for name, by in readers(project).items():
            found.setdefault(name, set()).update(by)
        for environment in ENVIRONMENTS:
            for name in project.env(environment):
                found.setdefault(name, set())
    said = {name: set(re.sub(r" \(.*?\)", "", cells[-1]).split(", ")) for name, cells in TABLE.items()}
    assert said == found


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_table_of_variables_gives_the_defaults(baked: Bake, environment: str) -> None:
    project, other, external = baked(**ANSWERS), baked(metrics="yes"), baked(tracker="external")
    written, elsewhere = project.env(environment), other.env(environment)
    unset = {name: value for name, value in written.items() if name in ("SECRET_KEY", "APP_PORT", "DATABASE_URL")}
    (project.path / ".envs" / f"{environment}.env").rename(project.path / "put-away")
    try:
        read = json.loads(project.run("python", "-c", READ, DJANGO_ENV=environment, ALLOWED_HOSTS="x", **unset))
    finally:
        (project.path / "put-away").rename(project.path / ".envs" / f"{environment}.env")
    in_compose = dict(re.findall(r"(?<!\$)\$\{(\w+):?-([^${}]*)\}", project.read("compose.yaml")))
    secret, wrong = r"[\w-]{32,}", []
    masks = {"KEY": secret, "PASSWORD": secret, "PORT": ANSWERS["glitchtip_port"], "SLUG": "my_django_project"}
    for name, cells in TABLE.items():
        cell, _, with_external = cells[1 + ENVIRONMENTS.index(environment)].partition(", external: ")
        value = written.get(name)
        literal = re.findall(r"`(.*)`", cell)
        literal = [text.replace("MAILPIT_PORT", "8035") for text in literal]
        if cell == "random":
            right = re.fullmatch(secret, value or "") and value != elsewhere[name]
        elif cell == "not used":
            right = value is None and name not in read
        elif cell.startswith("not set"):
            default = read.get(name, in_compose.get(name, ""))
            default = str(default).removeprefix(f"{project.path}{os.sep}")
            expected = literal[0] if literal else ""
            if ": answer " in cell:
                expected = "8035" if cell.endswith(" + 24") else ANSWERS[expected]
            right = value is None and default == expected
        elif cell.startswith("answer "):
            right = value == ANSWERS[literal[0]]
        else:
            masked = re.escape("".join(literal))  # nothing for "empty"
            for word, regex in masks.items():
                masked = masked.replace(word, regex)
            right = re.fullmatch(masked, value or "") is not None
        if with_external:
            right = right and external.env(environment)[name] == with_external.replace("empty", "")
        if not right:
            wrong.append(f"{name}: the table says {cell!r}, the files {value!r}, the settings {read.get(name)!r}")
    assert not wrong, "\n".join(wrong)


# Links


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page, as GitHub makes them of its headings."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    plain = [re.sub(r"[`*]", "", heading).strip().lower() for heading in re.findall(r"^#+ (.*)", text, re.MULTILINE)]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


def broken_links(path: Path, root: Path) -> list[str]:
    """Return the relative links of a page that lead nowhere, and its footnotes that are not there."""
    text = re.sub(r"^```.*?^```$|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"^\[[^\]]+\]: (\S+)", text, re.MULTILINE)
    used = re.findall(r"\[([^\]\[]+)\](?![(:])", text)
    defined = set(re.findall(r"^\[([^\]]+)\]:", text, re.MULTILINE))
    broken = [
        f"[{mark}]"
        for mark in used
        if re.fullmatch(r"[\u00b9\u00b2\u00b3\u2070-\u2079]+", mark) and mark not in defined
    ]
    for target in targets:
        if not re.match(r"https?://|mailto:", target):
            name, _, anchor = target.partition("#")
            file = (path.parent / name).resolve() if name else path
            if not (file.exists() and file.is_relative_to(root) and (not anchor or anchor in anchors(file))):
                broken.append(target)
    return broken


def test_every_link_between_the_pages_leads_somewhere(baked: Bake) -> None:
    pages = [*TEMPLATE.glob("*.md"), *DOCS]
    broken = {path.name: links for path in pages if (links := broken_links(path, TEMPLATE))}
    for project in (baked(), baked(tracker="external")):
        if links := broken_links(project.path / "README.md", project.path):
            broken[str(project.path)] = links
    assert not broken


def test_the_readme_leads_to_every_page() -> None:
    readme = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in DOCS if f"](docs/{path.name}" not in readme] == []
