"""What a bake creates, and what it never does."""

import fnmatch
import json
import os
import re
import runpy
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from cookiecutter.utils import create_env_with_context
from pytest_cookies.plugin import Cookies

from answers import template_variables
from scripts.demo import bake_command
from tests.conftest import TEMPLATE, Bake, Baked
from tests.test_answers import complete

ENVIRONMENTS = ("development", "staging", "production")
#: Sets of answers that contain every choice at least once. (test_combinations.py tests all pairs.)
SETS: dict[str, dict[str, str]] = {
    "default": {},
    "apart, SQLite, GitLab": {
        "tracker": "glitchtip-web-and-worker",
        "database": "sqlite",
        "ci": "gitlab",
        "browser_errors": "no",
        "background_jobs": "celery",
        "deployment": "kubernetes",
        "metrics": "yes",
        "license": "BSD-3-Clause",
    },
    "external": {
        "tracker": "external",
        "ci": "none",
        "deployment": "none",
        "license": "proprietary",
        "production_dsn": "https://key@errors.example.com/1",
    },
    "external, SQLite": {
        "tracker": "external",
        "database": "sqlite",
        "background_jobs": "django-tasks",
        "license": "Apache-2.0",
        "app_port": "9000",
    },
}
#: The files of the answer `deployment` with `server`.
SERVER = {
    "compose.production.yaml",
    *(f"server/{name}" for name in ("Caddyfile", "Dockerfile", "backup.sh", "deploy.sh")),
}
#: The files of the answer `background_jobs` with `django-tasks`.
DJANGO_TASKS = {
    *("development/tasks.py", "development/worker.py"),
    *(f"jobs/{name}.py" for name in ("__init__", "apps", "context", "models", "reporting", "retries", "worker")),
    *("jobs/management/__init__.py", "jobs/management/commands/__init__.py"),
    *(
        "jobs/management/commands/db_worker.py",
        "jobs/migrations/0001_initial.py",
        "jobs/migrations/__init__.py",
    ),
    "tests/test_jobs.py",
}


@pytest.fixture(params=[*SETS.values()], ids=[*SETS])
def project(baked: Bake, request: pytest.FixtureRequest) -> Baked:
    """Return the project of each set of answers in turn."""
    return baked(**request.param)


@pytest.mark.parametrize(
    ("answers", "missing", "added"),
    [
        ({"ci": "none"}, {".github/dependabot.yml", ".github/workflows/ci.yml"}, set()),
        (
            {"ci": "gitlab"},
            {".github/dependabot.yml", ".github/workflows/ci.yml"},
            {".gitlab-ci.yml", "renovate.json"},
        ),
        ({"deployment": "none"}, SERVER, set()),
        (
            {"deployment": "kubernetes"},
            SERVER,
            {
                *(f"deploy/kubernetes/{name}.yaml" for name in ("add-site/kustomization", "glitchtip-values")),
                *(
                    f"deploy/kubernetes/base/{name}.yaml"
                    for name in ("ingress", "kustomization", "migrate", "network", "pod", "scaling", "web")
                ),
                *(f"deploy/kubernetes/components/shared-spool/{name}.yaml" for name in ("kustomization", "storage")),
                *(
                    f"deploy/kubernetes/overlays/{overlay}/{name}.yaml"
                    for overlay in ("production", "staging")
                    for name in ("glitchtip-values", "kustomization")
                ),
                *(f"glitchtip/{name}.yaml" for name in ("kustomization", "provision")),
            },
        ),
        (
            {
                "deployment": "kubernetes",
                "database": "sqlite",
                "tracker": "external",
                "background_jobs": "django-tasks",
            },
            {*SERVER, "glitchtip/add_site.py", "glitchtip/provision.py"},
            {
                *(
                    f"deploy/kubernetes/base/{name}.yaml"
                    for name in ("ingress", "kustomization", "network", "pod", "storage", "web", "worker")
                ),
                *(f"deploy/kubernetes/overlays/{name}/kustomization.yaml" for name in ("production", "staging")),
                *DJANGO_TASKS,
            },
        ),
        (
            {"metrics": "yes"},
            set(),
            {
                "deploy/grafana/dashboard.json",
                "metrics/__init__.py",
                "metrics/counters.py",
                "metrics/spool.py",
                "metrics/views.py",
                "tests/test_metrics.py",
            },
        ),
        (
            {"tracker": "external"},
            {"glitchtip/add_site.py", "glitchtip/provision.py"},
            set(),
        ),
        (
            {"browser_errors": "no"},
            {
                f"browser_errors/{name}"
                for name in (
                    "__init__.py",
                    "items.py",
                    "static/browser_errors/report.js",
                    "templatetags/__init__.py",
                    "templatetags/browser_errors.py",
                    "tunnel.py",
                    "urls.py",
                )
            },
            set(),
        ),
        (
            {"background_jobs": "celery"},
            set(),
            {
                *("config/celery.py", "config/jobs.py", "development/tasks.py", "development/worker.py"),
                *(f"jobs/{name}.py" for name in ("__init__", "apps", "context", "health", "reporting")),
                "tests/test_jobs.py",
            },
        ),
        (
            {"background_jobs": "django-tasks"},
            set(),
            DJANGO_TASKS,
        ),
    ],
)
def test_an_answer_removes_and_adds_files(
    baked: Bake, answers: dict[str, str], missing: set[str], added: set[str]
) -> None:
    project = baked(**answers)
    assert project.files() == baked().files() - missing | added
    folders = [folder for folder in project.path.rglob("*") if folder.is_dir() and not any(folder.iterdir())]
    assert [folder.name for folder in folders if folder.name != "queue"] == []  # which Celery's settings create


@pytest.mark.parametrize(
    ("licence", "first_line"),
    [
        ("MIT", "MIT License"),
        ("Apache-2.0", "Apache License"),
        ("BSD-3-Clause", "BSD 3-Clause License"),
        ("proprietary", "Copyright (c) the owners of My Django Project"),
    ],
)
def test_the_license_is_the_one_that_was_chosen(baked: Bake, licence: str, first_line: str) -> None:
    project = baked(license=licence)
    assert project.read("LICENSE").split("\n")[0].strip() == first_line
    assert licence.replace("proprietary", "LicenseRef-Proprietary") in project.read("pyproject.toml")


def test_the_longest_readme_has_at_most_200_lines(baked: Bake) -> None:
    assert len(baked(background_jobs="celery", metrics="yes").read("README.md").splitlines()) <= 200


def test_a_project_records_the_version_of_its_template(baked: Bake) -> None:
    version = tomllib.loads((TEMPLATE / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    made_by = tomllib.loads(baked().read("pyproject.toml"))["tool"]["django-glitchtip"]
    assert made_by == {"template": version}


def test_the_editors_files_can_be_read(project: Baked) -> None:
    for name in (".devcontainer/devcontainer.json", ".vscode/launch.json"):
        assert json.loads(project.read(name))
    assert yaml.safe_load(project.read(".pre-commit-config.yaml"))["repos"]


def test_only_files_without_tags_are_copied_without_rendering() -> None:
    folder = TEMPLATE / "{{cookiecutter.project_slug}}"
    patterns = template_variables()["_copy_without_render"]
    for file in (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        name = file.relative_to(folder).as_posix()
        # Cookiecutter cannot copy to an empty name. Django's tags are not Cookiecutter's.
        if "{" in name or file.suffix == ".html":
            continue
        has_tag = re.search(r"\{\{|\{%|\{#", file.read_text(encoding="utf-8")) is not None
        assert any(fnmatch.fnmatch(name, pattern) for pattern in patterns) != has_tag, name


def test_manage_py_test_has_no_tracker(baked: Bake) -> None:
    project = baked(description="a project with a test of Django's own kind")
    (project.path / "tests" / "test_tracker.py").write_text(
        "import sentry_sdk\nfrom django.test import SimpleTestCase\n\n"
        "class TrackerTest(SimpleTestCase):\n"
        "    def test_off(self):\n        self.assertFalse(sentry_sdk.get_client().is_active())\n"
    )
    shown = project.run(
        *("python", "manage.py", "test"),
        SENTRY_DSN="http://key@127.0.0.1:9/1",
        DJANGO_SETTINGS_MODULE="config.settings",
    )
    assert "Ran 1 test" in shown


@pytest.mark.parametrize(
    ("answers", "services"),
    [
        (
            {},
            {
                "glitchtip-db": None,
                "glitchtip": "8000",
                "glitchtip-provision": None,
                "db": None,
                "migrate": None,
                "web": "8001",
                "mailpit": "8025",
            },
        ),
        (
            SETS["apart, SQLite, GitLab"],
            {
                "glitchtip-db": None,
                "valkey": None,
                "glitchtip-migrate": None,
                "glitchtip": "8000",
                "glitchtip-worker": None,
                "glitchtip-provision": None,
                "migrate": None,
                "web": "8001",
                "broker": None,
                "worker": None,
                "mailpit": "8025",
            },
        ),
        (SETS["external"], {"db": None, "migrate": None, "web": "8001", "mailpit": "8025"}),
        (SETS["external, SQLite"], {"migrate": None, "web": "9000", "worker": None, "mailpit": "9024"}),
    ],
)
def test_the_compose_file_has_these_services_and_ports(
    baked: Bake, answers: dict[str, str], services: dict[str, str | None]
) -> None:
    project = baked(**answers)
    compose = yaml.safe_load(project.read("compose.yaml"))
    env = project.env("development")
    published = {}
    for name, service in compose["services"].items():
        ports = [
            re.sub(r"\$\{(\w+)(?::-(\d+))?[^}]*\}", lambda found: env.get(found[1], found[2]), port)
            for port in service.get("ports", [])
        ]
        assert all(port.startswith("127.0.0.1:") for port in ports)
        published[name] = ports[0].split(":")[1] if ports else None
    assert published == services
    mounts = [mount for service in compose["services"].values() for mount in service.get("volumes", [])]
    assert {mount.split(":")[0] for mount in mounts if not mount.startswith("./")} == set(compose["volumes"])


def test_the_development_dsn_has_the_key_of_the_compose_stack(baked: Bake) -> None:
    env = baked().env("development")
    assert env["SENTRY_DSN"] == f"http://{env['GLITCHTIP_KEY']}@localhost:8000/1"


def test_staging_and_production_get_their_dsns(baked: Bake) -> None:
    project = baked(staging_dsn="https://key@errors.example.com/2", production_dsn="https://key@errors.example.com/1")
    assert project.env("staging")["SENTRY_DSN"] == "https://key@errors.example.com/2"
    assert project.env("production")["SENTRY_DSN"] == "https://key@errors.example.com/1"


def test_example_env_explains_the_keys_of_all_env_files(project: Baked) -> None:
    explained = set(re.findall(r"^(?:# )?(\w+)=", project.read(".envs/example.env"), re.MULTILINE))
    for environment in ENVIRONMENTS:
        assert set(project.env(environment)) <= explained


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes; that the files are private was not checked")
def test_the_env_files_are_private(project: Baked) -> None:
    for environment in ENVIRONMENTS:
        mode = (project.path / ".envs" / f"{environment}.env").stat().st_mode
        assert stat.S_IMODE(mode) == 0o600


def secrets_of(project: Baked) -> list[str]:
    """Return every secret of a project's env files."""
    names = ("SECRET_KEY", "PASSWORD", "GLITCHTIP_KEY", "TOKEN")
    return [
        value
        for environment in ENVIRONMENTS
        for name, value in project.env(environment).items()
        if name.endswith(names)
    ]


def test_no_secret_is_used_twice(baked: Bake) -> None:
    secrets = secrets_of(baked()) + secrets_of(baked(description="another bake"))
    assert len(secrets) == len(set(secrets)) == 52
    assert all(re.fullmatch(r"[\w-]{32,}", secret) for secret in secrets)


def test_equal_answers_differ_only_in_git_ignored_files(cookies: Cookies) -> None:
    first, second = cookies.bake().project_path, cookies.bake().project_path
    for folder in (first, second):
        subprocess.run(["git", "init", "--quiet", folder], check=True)
        subprocess.run(["git", "-C", folder, "add", "--all"], check=True)
    tracked = [
        subprocess.run(["git", "-C", folder, "ls-files", "--stage"], check=True, capture_output=True, text=True).stdout
        for folder in (first, second)
    ]
    assert ".envs/example.env" in tracked[0]
    assert "development.env" not in tracked[0]
    assert tracked[0] == tracked[1]


def test_the_script_creates_what_is_missing_and_changes_no_line(cookies: Cookies) -> None:
    project = cookies.bake().project_path
    folder = project / ".envs"
    (folder / "staging.env").unlink()
    (folder / "production.env").write_text("MINE=1\n")
    before = (folder / "development.env").read_text()
    done = subprocess.run(
        [sys.executable, project / "scripts" / "create_env_files.py"], check=True, capture_output=True, text=True
    )
    assert done.stdout == "Created .envs/staging.env\nAdded GLITCHTIP_RELEASE_TOKEN to .envs/production.env\n"
    assert re.fullmatch(r"MINE=1\nGLITCHTIP_RELEASE_TOKEN=[0-9a-f]{64}\n", (folder / "production.env").read_text())
    assert (folder / "development.env").read_text() == before


def test_a_hostile_name_passes_the_checks_and_is_escaped_on_the_page(baked: Bake) -> None:
    name = "</title><script>'\"\\ { x } 🎉"
    project = baked(project_name=name, project_slug="shop", description=name)
    project.run("ruff", "check")
    project.run("ruff", "format", "--check")
    project.run("pytest", "-q", "-p", "no:cacheprovider", "tests/test_pages.py")


@pytest.mark.parametrize(
    ("tracker", "told"),
    [
        ("glitchtip", "Log in as admin@example.com with GLITCHTIP_ADMIN_PASSWORD from .envs/development.env."),
        ("glitchtip-web-and-worker", "To run GlitchTip itself: make up."),
        ("external", "Then open http://localhost:8000/ to see the error."),
    ],
)
def test_the_end_of_a_bake_says_what_was_created_and_what_comes_next(tmp_path: Path, tracker: str, told: str) -> None:
    command = [*bake_command(), "-o", str(tmp_path)]
    printed = subprocess.run([*command, f"tracker={tracker}"], check=True, capture_output=True, text=True).stdout
    assert len(printed.splitlines()) <= 12
    assert "my_django_project is ready: a Django site" in printed
    assert told in printed
    commands = [line.strip() for line in printed.splitlines() if line.startswith("  ")]
    assert commands == [
        f"cd {tmp_path / 'my_django_project'}",
        "make run",
        "make trigger  # in another terminal",
    ]


def rendered(hook: str) -> str:
    """Return a hook as Cookiecutter renders it."""
    context = {**complete(project_slug="shop"), "_extensions": ["django_glitchtip_answers.AnswersExtension"]}
    environment = create_env_with_context({"cookiecutter": context})
    text = (TEMPLATE / "hooks" / hook).read_text(encoding="utf-8")
    return str(environment.from_string(text).render(cookiecutter=context))


def test_the_rendered_hook_passes_mypy(baked: Bake, tmp_path: Path) -> None:
    hook = "post_gen_project.py"
    (tmp_path / hook).write_text(rendered(hook), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", hook],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(baked().path / "scripts")},  # the hook imports from there
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def post_gen(tmp_path: Path) -> dict[str, Any]:
    """Return the names in the post-generation hook, rendered as Cookiecutter renders it."""
    (tmp_path / ".envs").mkdir()
    services = {"glitchtip": "127.0.0.1:${TRACKER:?x}:8000", "web": "127.0.0.1:${SITE:?x}:8001"}
    lines = [f'  {name}:\n    ports:\n      - "{port}"\n' for name, port in services.items()]
    (tmp_path / "compose.yaml").write_text("".join(["services:\n", *lines]))
    file = tmp_path / "hook.py"
    file.write_text(rendered("post_gen_project.py"), encoding="utf-8")
    return runpy.run_path(str(file))


@pytest.mark.parametrize(
    ("site", "tracker", "dsn", "problem"),
    [
        ("8001", "8000", "http://key@localhost:8000/1", None),
        ("8000", "8000", "", "glitchtip and web both publish port 8000"),
        ("8001", "8002", "http://key@localhost:8000/1", "SENTRY_DSN names port 8000, not the tracker's"),
        ("8001", "8000", "http://key@localhost:8001/1", "SENTRY_DSN names port 8001, not the tracker's"),
        ("8001", "8000", "https://key@errors.example.com/1", None),
    ],
)
def test_the_rendered_ports_are_read_back(
    post_gen: dict[str, Any], tmp_path: Path, site: str, tracker: str, dsn: str, problem: str | None
) -> None:
    for environment in ENVIRONMENTS:
        (tmp_path / ".envs" / f"{environment}.env").write_text("TRACKER=1\nSITE=2\n")
    text = f"# a note = a comment\nTRACKER={tracker}\nSITE={site}\nSENTRY_DSN={dsn}\n"
    (tmp_path / ".envs" / "development.env").write_text(text)
    problems = [line.rpartition(":")[0] for line in post_gen["port_problems"](tmp_path)]
    assert problems == ([f"development.env: {problem}"] if problem else [])


def test_the_hook_reads_the_ports_that_yaml_reads(post_gen: dict[str, Any], project: Baked) -> None:
    services = yaml.safe_load(project.read("compose.yaml"))["services"]
    ports = [(name, port) for name, service in services.items() for port in service.get("ports", [])]
    published = list(post_gen["published_ports"](project.path / "compose.yaml"))
    assert [(name, f"127.0.0.1:{port}") for name, port in published] == [
        (name, port.rpartition(":")[0]) for name, port in ports
    ]
    assert published


@pytest.mark.parametrize("tracker", ["glitchtip", "external"])
def test_a_tracker_on_another_port_of_this_machine_may_serve_staging(baked: Bake, tracker: str) -> None:
    project = baked(tracker=tracker, staging_dsn="http://key@localhost:9000/1")
    assert project.env("staging")["SENTRY_DSN"] == "http://key@localhost:9000/1"


def test_a_project_with_invalid_ports_is_rejected(tmp_path: Path) -> None:
    template = tmp_path / "template"
    shutil.copytree(TEMPLATE, template, ignore=shutil.ignore_patterns(".*_cache", ".git", ".venv"))
    with (template / "answers.py").open("a") as module:
        module.write('\nCHECKS["app_port"] = lambda answers: ""\n')
    output = str(tmp_path / "out")
    command = [*bake_command(template), "-o", output]
    result = subprocess.run([*command, "app_port=8000"], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode != 0
    assert "glitchtip and web both publish port 8000" in result.stderr
