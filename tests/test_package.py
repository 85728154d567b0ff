"""error_tracking/ needs nothing else of a project: it runs in the project of a plain `startproject`."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks.site import serving
from tests.conftest import BIN, Bake, Baked

SETTINGS = """
INSTALLED_APPS.insert(0, "error_tracking")
MIDDLEWARE.insert(0, "error_tracking.middleware.request_id")

import os
import sentry_sdk
from error_tracking.options import sentry_options
from error_tracking.spool.transport import spool_transport

SENTRY_OPTIONS = sentry_options(
    dsn=os.environ["SENTRY_DSN"],
    environment="production",
    release="shop@1.0",
    secrets=[SECRET_KEY],
    transport=spool_transport(str(BASE_DIR / "spool"), max_megabytes=1, max_days=1),
)
sentry_sdk.init(**SENTRY_OPTIONS)
"""
CRASH = """
import django
django.setup()
from django.conf import settings
from django.test import Client
settings.ALLOWED_HOSTS = ["testserver"]
print(Client(raise_request_exception=False).get("/broken/")["X-Event-ID"])
"""
URLS = """
from django.http import HttpResponse
from django.urls import include

def broken(request):
    raise ValueError("on purpose")

urlpatterns += [path("broken/", broken), path("", include("error_tracking.urls"))]
handler500 = "error_tracking.views.server_error"
"""


@pytest.fixture
def bare(baked: Bake, tmp_path: Path) -> Baked:
    """Return a project of `django-admin startproject` with the folder error_tracking/ and its settings."""
    project = baked()
    subprocess.run([project.environment / BIN / "django-admin", "startproject", "shop", tmp_path], check=True)
    shutil.copytree(project.path / "error_tracking", tmp_path / "error_tracking")
    for name, lines in (("settings", SETTINGS), ("urls", URLS)):
        with (tmp_path / "shop" / f"{name}.py").open("a") as file:
            file.write(lines)
    return Baked(tmp_path, project.environment)


def test_the_package_runs_in_a_bare_project(bare: Baked) -> None:
    with serving() as tracker:
        dsn = f"http://0123456789abcdef@127.0.0.1:{tracker.server_port}/1"
        variables = {"SENTRY_DSN": dsn, "DJANGO_SETTINGS_MODULE": "shop.settings"}
        checked = bare.run("python", "manage.py", "check", **variables)
        assert "W007) The site sends no mail" in checked
        assert "identified 1 issue" in checked
        assert "accepted" in bare.run("python", "manage.py", "check_tracker", **variables)
        printed = bare.run("python", "-c", CRASH, **variables)
        assert printed.split()[0] in tracker.taken
    assert "No events are waiting." in bare.run("python", "manage.py", "flush_spool", **variables)


def test_the_package_imports_nothing_of_the_project(baked: Bake) -> None:
    folder = baked().path / "error_tracking"
    own = {folder.name for folder in baked().path.iterdir() if folder.is_dir()} - {"error_tracking"}
    assert {"config", "development", "pages"} <= own
    for file in folder.rglob("*.py"):
        imported = re.findall(r"^\s*(?:from|import) (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
        assert not own & set(imported), file


def test_no_file_of_a_project_is_long(baked: Bake) -> None:
    project = baked()
    lines = {name: project.read(name).count("\n") for name in project.files() if name != "LICENSE"}
    assert {name: count for name, count in lines.items() if count > 200} == {}
