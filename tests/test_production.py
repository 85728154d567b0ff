"""The stack of a server: compose.production.yaml on top of compose.yaml, its releases, its backups and its staging."""

import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest

from scripts.demo import free_ports
from tests.conftest import Bake, Baked
from tests.test_bake import ENVIRONMENTS
from tests.test_stack import STANDINS, needs_engine, use_standins

pytestmark = pytest.mark.xdist_group("stack")  # all tests share one engine and its image tags
SHAPES: dict[str, dict[str, str]] = {
    "all in one": {},
    "apart, SQLite": {"tracker": "glitchtip-web-and-worker", "database": "sqlite", "background_jobs": "celery"},
    "external, SQLite": {"tracker": "external", "database": "sqlite", "background_jobs": "django-tasks"},
}
#: Host names below .localhost, for which Caddy makes certificates with an authority of its own.
HOSTS = {"SITE_HOST": "shop.localhost", "TRACKER_HOST": "errors.localhost"}
needs_compose = pytest.mark.skipif(
    shutil.which("docker") is None
    or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode != 0,
    reason="there is no docker compose: the files of a server were not merged",
)


def set_variables(project: Baked, environment: str, **values: str) -> None:
    """Set variables in an env file of a project."""
    file = project.path / ".envs" / f"{environment}.env"
    text = file.read_text()
    for name, value in values.items():
        text = re.sub(rf"^{name}=.*\n", "", text, flags=re.MULTILINE) + f"{name}={value}\n"
    file.write_text(text)


def rendered(project: Baked, environment: str, **variables: str) -> dict[str, Any]:
    """Return the model that docker compose makes of an env file, and the files that it names."""
    done = subprocess.run(
        ["docker", "compose", "--env-file", f".envs/{environment}.env", "config", "--format", "json"],
        cwd=project.path,
        capture_output=True,
        text=True,
        env={**os.environ, **variables},
    )
    assert done.returncode == 0, done.stderr
    model: dict[str, Any] = json.loads(done.stdout)
    return {key: value for key, value in model.items() if not key.startswith("x-")}


@pytest.fixture(scope="module", params=[*SHAPES.values()], ids=[*SHAPES])
def server(baked: Bake, request: pytest.FixtureRequest) -> Baked:
    """Return a project of each shape whose env files have the host names."""
    project = baked(project_slug="rendered_shop", **request.param)
    for environment in ("staging", "production"):
        set_variables(project, environment, **HOSTS, RESTIC_REPOSITORY="/backup/repository")
    return project


@needs_compose
def test_only_caddy_publishes_ports(server: Baked) -> None:
    services = rendered(server, "production")["services"]
    published = {
        name: [(port["published"], port["protocol"]) for port in service["ports"]]
        for name, service in services.items()
        if service.get("ports")
    }
    assert published == {"caddy": [("80", "tcp"), ("443", "tcp"), ("443", "udp")]}
    assert "mailpit" not in services


@needs_compose
def test_hosts_and_origins_follow_from_one_variable_each(server: Baked) -> None:
    hosts = {"SITE_HOST": "site.example.com", "TRACKER_HOST": "tracker.example.com"}
    before, after = (rendered(server, "production", **changed) for changed in ({}, hosts))
    text = json.dumps(after)
    assert not [host for host in HOSTS.values() if host in text]
    more = rendered(server, "production", CSRF_TRUSTED_ORIGINS="https://www.example.com", **hosts)["services"]["web"]
    origins = more["environment"]["CSRF_TRUSTED_ORIGINS"]
    assert origins == "https://site.example.com,https://www.example.com"
    web = after["services"]["web"]["environment"]
    assert web["ALLOWED_HOSTS"].split(",") == ["localhost", "web", "web-2", "site.example.com"]
    assert web["CSRF_TRUSTED_ORIGINS"] == "https://site.example.com"
    assert web["BEHIND_TLS_PROXY"] == "True"
    assert (
        json.loads(
            text.replace("site.example.com", HOSTS["SITE_HOST"]).replace("tracker.example.com", HOSTS["TRACKER_HOST"])
        )
        == before
    )
    if glitchtip := after["services"].get("glitchtip"):
        assert web["TRACKER_URL"] == "https://tracker.example.com/"
        assert glitchtip["environment"]["GLITCHTIP_DOMAIN"] == "https://tracker.example.com"
        assert glitchtip["environment"]["CSRF_TRUSTED_ORIGINS"] == "https://tracker.example.com"


@needs_compose
def test_each_service_is_hardened(server: Baked) -> None:
    services = rendered(server, "production")["services"]
    capabilities = {name: service.get("cap_add", []) for name, service in services.items()}
    assert (capabilities["caddy"], capabilities["backup"]) == (["NET_BIND_SERVICE"], ["DAC_READ_SEARCH"])
    assert capabilities["web"] == capabilities["web-2"] == capabilities["backup-heartbeat"] == []
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["logging"]["options"]["max-size"] == "10m", name
        assert int(service["mem_limit"]) <= 512 * 2**20, name
        assert service.get("read_only") or name.startswith("glitchtip"), name
    secret = server.env("production")["RESTIC_PASSWORD"]
    assert [name for name, service in services.items() if secret in json.dumps(service)] == ["backup"]
    alike = ("image", "environment", "volumes", "depends_on", "mem_limit", "stop_grace_period")
    assert [services["web"].get(key) for key in alike] == [services["web-2"].get(key) for key in alike]


@needs_compose
def test_the_worker_belongs_to_the_site(server: Baked) -> None:
    services = rendered(server, "production")["services"]
    if "worker" not in services:
        pytest.skip("the site has no background jobs")
    health = {"WORKER_HEALTH_FILE": "/tmp/worker-health"}
    assert services["worker"]["environment"] == services["web"]["environment"] | health
    for name in {"broker", "worker"} & services.keys():
        assert services[name].get("profiles") == services["web"].get("profiles")
    assert services["worker"]["stop_grace_period"] == "1m0s"


@needs_compose
def test_each_of_two_hosts_runs_its_part(server: Baked) -> None:
    if "glitchtip" not in server.read("compose.yaml"):
        pytest.skip("the tracker is external")
    both = set(rendered(server, "production")["services"])
    site = set(rendered(server, "production", COMPOSE_PROFILES="site")["services"])
    tracker = set(rendered(server, "production", COMPOSE_PROFILES="tracker")["services"])
    assert site | tracker == both
    assert site & tracker == {"backup", "caddy"}
    assert not [name for name in site if name.startswith(("glitchtip", "valkey"))]


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Return the leaves of a model by their paths."""
    if isinstance(value, dict):
        return {place: leaf for key, item in value.items() for place, leaf in flat(item, f"{path}/{key}").items()}
    return {path: json.dumps(value)}


@needs_compose
def test_staging_differs_from_production_only_in_these_values(server: Baked) -> None:
    hosts = {"SITE_HOST": "shop.staging.localhost", "TRACKER_HOST": "errors.staging.localhost"}
    staging, production = flat(rendered(server, "staging", **hosts)), flat(rendered(server, "production"))
    assert staging.keys() == production.keys()
    different = {path for path in staging if staging[path] != production[path]}
    assert all("/environment/" in path for path in different), different
    names = {path.rpartition("/")[2] for path in different}
    expected = {
        "DJANGO_ENV",
        "SECRET_KEY",
        "SENTRY_TRACES_SAMPLE_RATE",
        "ALLOWED_HOSTS",
        "CSRF_TRUSTED_ORIGINS",
        "SITE_HOST",
    }
    expected |= {"RESTIC_PASSWORD"}
    if "glitchtip:" in server.read("compose.yaml"):
        expected |= {"TRACKER_HOST", "TRACKER_URL", "GLITCHTIP_DOMAIN", "PROVISION_MONITOR_URL", "SENTRY_DSN"}
        expected |= {"DATABASE_URL", "GLITCHTIP_DB_PASSWORD", "POSTGRES_PASSWORD"}
        expected |= {"GLITCHTIP_KEY", "GLITCHTIP_API_TOKEN", "GLITCHTIP_RELEASE_TOKEN", "GLITCHTIP_ADMIN_PASSWORD"}
    assert names == expected


@needs_compose
def test_a_missing_host_is_named(baked: Bake) -> None:
    project = baked(project_slug="new_shop")
    done = subprocess.run(
        ["docker", "compose", "--env-file", ".envs/production.env", "config", "--quiet"],
        cwd=project.path,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    for name in ("SITE_HOST", "TRACKER_HOST", "RESTIC_REPOSITORY"):
        assert f"{name} is missing a value: set it in the env file, for example {name}=" in done.stderr


HEARTBEATS = [("", ""), ("nightly=7200", ""), ("backup=7200", "manage.py run_monitored backup true\n")]


@needs_compose
@pytest.mark.parametrize(("heartbeats", "called"), HEARTBEATS)
def test_the_heartbeat_of_copies_is_optional(server: Baked, tmp_path: Path, heartbeats: str, called: str) -> None:
    for name, text in {"find": "echo found", "python": 'echo "$@"', "sleep": "kill $PPID"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o700)
    command = rendered(server, "production")["services"]["backup-heartbeat"]["command"]
    variables = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HEARTBEATS": heartbeats}
    command = [word.replace("$$", "$") for word in command]  # as compose does
    assert subprocess.run(command, env=variables, capture_output=True, text=True).stdout == called


@needs_compose
@pytest.mark.skipif(
    shutil.which("flock") is None or shutil.which("make") is None, reason="there is no flock, or no make"
)
def test_a_command_that_does_not_fit_is_one_line(server: Baked) -> None:
    def message(*command: str) -> str:
        done = subprocess.run(command, cwd=server.path, capture_output=True, text=True)
        assert done.returncode != 0
        return "\n".join(line for line in done.stderr.splitlines() if not line.startswith("make"))

    assert message("make", "up", "ENV_FILE=.envs/production.env") == "This is a server: run make deploy"
    deploy = ("sh", "server/deploy.sh")
    assert message(*deploy).startswith("This is not a server: link .env to ")
    for host in ("https://shop.localhost", "shop.localhost:8443", "shop.localhost www.localhost"):
        odd = ("env", "COMPOSE_ENV_FILES=.envs/production.env", f"SITE_HOST={host}", *deploy)
        assert message(*odd) == "SITE_HOST must be one host name, such as www.example.com."
    assert message("flock", "server", "sh", "server/deploy.sh") == "Another make deploy is running: wait until it ends."


def test_without_a_server_no_line_is_about_one(baked: Bake) -> None:
    project = baked(deployment="none")
    for name in project.files():
        found = re.search(r"restic|caddy|site_host|compose\.production|deploy\.sh", project.read(name), re.IGNORECASE)
        assert not found, f"{name}: {found}"


# On an engine


class Connection(http.client.HTTPSConnection):
    """A connection to a host name that Caddy serves on a port of this machine."""

    def __init__(self, name: str, port: int, context: ssl.SSLContext) -> None:
        """Connect when the first request is made."""
        super().__init__(name, port, timeout=60, context=context)
        self.tls = context

    def connect(self) -> None:
        """Connect to this machine, whatever the name resolves to."""
        self.sock = self.tls.wrap_socket(
            socket.create_connection(("127.0.0.1", self.port), self.timeout), server_hostname=self.host
        )


@dataclass
class Server:
    """A project that runs as on a server."""

    project: Baked
    port: int
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def run(self, *command: str, **variables: str) -> str:
        """Run a command in the project, which must succeed, and return its output."""
        done = subprocess.run(
            command, cwd=self.project.path, capture_output=True, text=True, env={**os.environ, **variables}
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def compose(self, *arguments: str) -> str:
        """Run docker compose."""
        return self.run("docker", "compose", *arguments)

    def connection(self, host: str = "SITE_HOST") -> Connection:
        """Return a new connection to one of the hosts."""
        return Connection(HOSTS[host], self.port, self.context)

    def request(
        self,
        method: str,
        path: str,
        *,
        host: str = "SITE_HOST",
        body: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, str, list[tuple[str, str]]]:
        """Make one request on a connection of its own; return its status, text and headers."""
        with contextlib.closing(self.connection(host)) as connection:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.getheaders()

    def trust_caddy(self) -> None:
        """Trust the authority of this Caddy, and no other."""
        root = self.compose("exec", "-T", "caddy", "cat", "/data/caddy/pki/authorities/local/root.crt")
        self.context = ssl.create_default_context(cadata=root)

    def session(self) -> str:
        """Log in as a superuser through Caddy, and return the cookie."""
        make = "from django.contrib.auth.models import User; User.objects.create_superuser('ada', password='lovelace')"
        self.shell("web", make)
        _, page, headers = self.request("GET", "/admin/login/")
        [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        [cookie] = [value.partition(";")[0] for name, value in headers if name.lower() == "set-cookie"]
        form = urllib.parse.urlencode({"username": "ada", "password": "lovelace", "csrfmiddlewaretoken": token})
        sent = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": cookie,
            "Origin": f"https://{HOSTS['SITE_HOST']}",
            "Referer": f"https://{HOSTS['SITE_HOST']}/admin/login/",
        }
        status, text, headers = self.request("POST", "/admin/login/?next=/", body=form, headers=sent)
        assert status == 302, text
        [session] = [value for name, value in headers if name.lower() == "set-cookie" and value.startswith("sessionid")]
        return session.partition(";")[0]

    def errors(self, expected: int = 0, seconds: float = 60) -> int:
        """Return the number of ZeroDivisionErrors in the tracker, once there are `expected` or time is up."""
        deadline = time.monotonic() + seconds
        while (found := self.tracked()) < expected and time.monotonic() < deadline:
            time.sleep(0.5)
        return found

    def tracked(self) -> int:
        """Return the number of ZeroDivisionErrors in the tracker."""
        token = self.project.env("production")["GLITCHTIP_API_TOKEN"]
        headers = {"Authorization": f"Bearer {token}"}

        def api(path: str) -> Any:
            return json.loads(self.request("GET", f"/api/0/{path}", host="TRACKER_HOST", headers=headers)[1])

        [organization] = api("organizations/")
        issues = api(f"organizations/{organization['slug']}/issues/")
        return sum(int(issue["count"]) for issue in issues if issue["title"].startswith("ZeroDivisionError"))

    def shell(self, service: str, code: str) -> str:
        """Run Python in a container of the site, and return its output."""
        return self.compose(
            "exec", "-T", service, "python", "manage.py", "shell", "--verbosity", "0", "-c", code
        ).strip()

    def deploy(self, release: str) -> None:
        """Change the home page and its stylesheet, and release them with `make deploy`."""
        page = self.project.path / "pages" / "templates" / "pages" / "home.html"
        text = page.read_text()
        if "site.css" not in text:
            link = "<link rel=stylesheet href=\"{% static 'pages/site.css' %}\">"
            text = "{% load static %}" + text.replace("</head>", f"{link}</head>")
        page.write_text(re.sub(r"(<p id=release>.*?</p>)?</body>", f"<p id=release>{release}</p></body>", text))
        style = self.project.path / "pages" / "static" / "pages" / "site.css"
        style.parent.mkdir(parents=True, exist_ok=True)
        style.write_text(f"body {{ --release: {release} }}\n")
        self.run("make", "deploy", SENTRY_RELEASE=release)


#: A job that shows when it starts and where it ends, which it does when a user allows it.
JOB = """
import socket
import time
from django.contrib.auth.models import User
from jobs import task
@task
def wait(name: str) -> None:
    User.objects.create(username=f"{name}-starts")
    while not User.objects.filter(username=f"{name}-may-end").exists():
        time.sleep(0.2)
    User.objects.create(username=f"{name}-ends-{socket.gethostname()}")
"""


SLOW = """
def slow(request):
    import time
    from django.http import HttpResponse
    time.sleep(2)
    return HttpResponse("slow")
urlpatterns += [path("slow/", slow)]
"""


@pytest.fixture(scope="module")
def deployed(baked: Bake) -> Iterator[Server]:
    """Yield a server after its first release, which is removed at the end of the module."""
    answers = {"project_slug": "server_shop", "background_jobs": "django-tasks"}
    pages = baked(**answers).path / "pages"
    (pages / "tasks.py").write_text(JOB)
    with (pages / "urls.py").open("a") as file:
        file.write(SLOW)
    yield from start(baked, **answers)


def start(baked: Bake, **answers: str) -> Iterator[Server]:
    """Yield a server after its first release, and remove it."""
    http_port, port = free_ports(2)
    server = Server(baked(**answers), port)
    set_variables(
        server.project,
        "production",
        **HOSTS,
        COMPOSE_FILE="compose.yaml:compose.production.yaml:compose.test.yaml",
        RESTIC_REPOSITORY="/backup/repository",
    )
    (server.project.path / "compose.test.yaml").write_text(
        f'services: {{caddy: {{ports: !override ["127.0.0.1:{http_port}:80", "127.0.0.1:{port}:443"]}}}}\n'
    )
    link = server.project.path / ".env"
    link.unlink()
    link.symlink_to(".envs/production.env")
    prepare(server.project.path)
    down = ["docker", "compose", "down", "--volumes", "--timeout", "5"]
    subprocess.run(down, cwd=server.project.path, capture_output=True)  # an interrupted run has left its volumes
    try:
        server.deploy("first")
        server.trust_caddy()
        yield server
    finally:
        subprocess.run(down, cwd=server.project.path, capture_output=True)
        link.unlink()
        link.symlink_to(".envs/development.env")


def prepare(project: Path) -> None:
    """Use stand-ins for all public images. That of Caddy is 2.6, and gets wget, which the official image has."""
    if STANDINS:
        caddyfile = project / "server" / "Caddyfile"
        older = "buffer_requests\nmax_buffer_size 10MB"  # of Caddy before 2.7
        caddyfile.write_text(caddyfile.read_text().replace("request_buffers 10MB", older))
        files = ["compose.yaml", "-f", "compose.production.yaml"]
        subprocess.run([STANDINS, *files, "--env-file", ".envs/production.env"], cwd=project, capture_output=True)
        subprocess.run(
            ["docker", "build", "--quiet", "--tag", "caddy:2", "-"],
            input=b"FROM caddy:2\nRUN which wget || (apt-get update && apt-get install --yes wget)\n",
            check=True,
            capture_output=True,
        )
    use_standins(project)


def stylesheet(page: str) -> str:
    """Return the path of a page's stylesheet."""
    [path] = re.findall(r'<link rel=stylesheet href="([^"]+)"', page)
    return str(path)


def release_of(page: str) -> str:
    """Return the release that has rendered a page."""
    [release] = re.findall("<p id=release>(.*?)</p>", page)
    return str(release)


class Load:
    """Visitors who make requests until they are told to stop. An unexpected answer is a failure."""

    def __init__(self, server: Server, session: str) -> None:
        """Prepare eight visitors: two open a connection for each request, two keep theirs, two wait, two raise errors."""
        self.server = server
        self.answers: Counter[int] = Counter()
        self.failures: list[str] = []
        self.stopped = threading.Event()
        visits: list[Callable[[], None]] = [self.visit, self.visit, self.stay, self.stay]
        visits += [self.wait, self.wait, *[lambda: self.crash(session)] * 2]
        self.threads = [threading.Thread(target=visit) for visit in visits]

    def count(self, status: int, expected: int, text: str) -> None:
        """Count an answer."""
        self.answers[status] += 1
        if status != expected:
            self.failures.append(f"{status} instead of {expected}: {text[:200]}")

    def read(self, get: Callable[[str], tuple[int, str]]) -> None:
        """Get a page, and then its stylesheet, which must be of the same release."""
        status, page = get("/")
        self.count(status, 200, page)
        status, style = get(stylesheet(page))
        self.count(status, 200, style)
        if f"--release: {release_of(page)} " not in style:
            self.failures.append(f"{style} on the page of {release_of(page)}")

    def repeat(self, once: Callable[[], None]) -> None:
        """Make requests until the end."""
        while not self.stopped.wait(0.05):
            try:
                once()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))

    def visit(self) -> None:
        """Read a page with its stylesheet and send a form without a token, each on a connection of its own."""

        def once() -> None:
            self.read(lambda path: self.server.request("GET", path)[:2])
            status, text, _ = self.server.request("POST", "/admin/login/", body="a=b")
            self.count(status, 403, text)

        self.repeat(once)

    def stay(self) -> None:
        """Read pages with their stylesheets on one connection."""
        connection = self.server.connection()

        def get(path: str) -> tuple[int, str]:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

        self.repeat(lambda: self.read(get))
        connection.close()

    def wait(self) -> None:
        """Get a page that takes long."""

        def once() -> None:
            status, text, _ = self.server.request("GET", "/slow/")
            self.count(status, 200, text)

        self.repeat(once)

    def crash(self, session: str) -> None:
        """Raise errors, each of which the tracker must get."""

        def once() -> None:
            status, text, _ = self.server.request("GET", "/glitchtip-debug/", headers={"Cookie": session})
            self.count(status, 500, text)
            self.stopped.wait(0.2)

        self.repeat(once)

    def __enter__(self) -> Self:
        """Start the visitors."""
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop them."""
        self.stopped.set()
        for thread in self.threads:
            thread.join()


def release_while_a_job_runs(server: Server, release: str) -> None:
    """Release; a job that is running then ends in its worker, and one that is queued meanwhile in the next worker.

    A failed release may have left `web` broken.
    """
    users = "from django.contrib.auth.models import User; User.objects.create(username={!r})"
    queue = "from pages.tasks import wait; wait.enqueue({!r})"
    server.shell("web-2", queue.format("early"))
    while "early-starts" not in server.shell("web-2", ALL_NAMES):
        time.sleep(0.5)
    worker = server.compose("ps", "--quiet", "worker").strip()
    with ThreadPoolExecutor() as pool:
        released = pool.submit(server.deploy, release)
        while "shutting down" not in docker("logs", worker) and not released.done():
            time.sleep(0.5)
        server.shell("web-2", queue.format("late"))
        for name in ("early-may-end", "late-may-end"):
            server.shell("web-2", users.format(name))
        released.result()
    while "late-ends" not in server.shell("web-2", ALL_NAMES):
        time.sleep(0.5)
    ends = re.findall(r"(\w+)-ends-(\w+)", server.shell("web-2", ALL_NAMES))
    assert [name for name, _ in ends] == ["early", "late"]
    assert [container == worker[:12] for _, container in ends] == [True, False]


#: Files that break a release, and what `make deploy` then prints.
BROKEN = {
    "config/settings.py": "collectstatic",  # the image cannot be built
    "pages/migrations/0001_initial.py": "The previous release is still running.",
    "config/wsgi.py": "The other replica is serving",
}


def fail_to_release(server: Server, name: str) -> None:
    """Release with a broken file."""
    file = server.project.path / name
    working = file.read_text() if file.exists() else ""
    file.parent.mkdir(exist_ok=True)
    (file.parent / "__init__.py").touch()
    file.write_text(f"{working}\nraise RuntimeError('broken')\n")
    done = subprocess.run(["make", "deploy"], cwd=server.project.path, capture_output=True, text=True)
    file.write_text(working) if working else file.unlink()
    assert done.returncode != 0
    assert BROKEN[name] in done.stderr


@needs_engine
def test_releases_under_load_lose_no_request_no_error_and_no_job(deployed: Server) -> None:
    before = deployed.errors()
    deployed.compose("stop", "web-2")  # the first release starts it again, before it replaces the other one
    with Load(deployed, deployed.session()) as load:
        for release, broken in {"second": BROKEN, "third": {}, "fourth": {}}.items():
            answered = load.answers.total()
            open_page = deployed.request("GET", "/")[1]
            (release_while_a_job_runs if release == "third" else Server.deploy)(deployed, release)
            assert load.answers.total() > answered + 20
            status, style, headers = deployed.request("GET", stylesheet(open_page))
            assert (status, f"--release: {release_of(open_page)} " in style) == (200, True)
            assert ("Content-Type", "text/css; charset=utf-8") in headers
            for name in broken:
                fail_to_release(deployed, name)
            assert {release_of(deployed.request("GET", "/")[1]) for _ in range(10)} == {release}
    print("answers", dict(load.answers), "failures", len(load.failures))
    assert load.failures == []
    assert deployed.errors(before + load.answers[500]) == before + load.answers[500]


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a store of copies that is not part of the stack: rclone serves restic's REST protocol."""
    if STANDINS:
        subprocess.run(
            ["docker", "build", "--quiet", "--tag", "rclone/rclone:1", "-"],
            input=b'FROM standin/base\nRUN apt-get update && apt-get install --yes rclone\nENTRYPOINT ["rclone"]\n',
            check=True,
            capture_output=True,
        )
    gateway = docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}")
    [port] = free_ports(1)
    published, folder = f"{gateway}:{port}:8080", f"{tmp_path_factory.mktemp('elsewhere')}:/copies"
    serve = ("serve", "restic", "--addr", ":8080", "/copies")
    container = docker("run", "--detach", "--rm", "--publish", published, "--volume", folder, "rclone/rclone:1", *serve)
    yield f"rest:http://{gateway}:{port}/"
    docker("rm", "--force", container)


def docker(*arguments: str) -> str:
    """Run docker and return its output."""
    done = subprocess.run(
        ["docker", *arguments], check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return done.stdout.strip()


MAKE = "from django.contrib.auth.models import User; User.objects.create_superuser({!r})"
ALL_NAMES = "from django.contrib.auth.models import User; print(*User.objects.order_by('pk'))"
NAMES = ALL_NAMES.replace("order_by('pk')", "filter(username__startswith='kept')")


@needs_engine
def test_the_daily_copy_restores_a_lost_server_with_one_command(deployed: Server, elsewhere: str) -> None:
    set_variables(deployed.project, "production", RESTIC_REPOSITORY=elsewhere, SENTRY_RELEASE="of-the-file")
    deployed.compose("up", "--detach", "--wait", "backup")  # the new repository is empty, so it makes a copy
    deployed.shell("web", MAKE.format("kept"))
    deployed.compose("exec", "-T", "glitchtip", "sh", "-c", "echo kept > /code/uploads/kept")
    assert "The copy is complete." in deployed.compose("exec", "-T", "backup", "backup.sh", "now")
    heartbeat = deployed.compose(
        "exec", "-T", "backup-heartbeat", "python", "manage.py", "run_monitored", "backup", "true"
    )
    assert heartbeat == ""
    env = deployed.project.env("production")

    deployed.compose(
        "down", "--volumes", "--timeout", "5"
    )  # the server is lost, and a new one has only these variables
    for name in ENVIRONMENTS:
        (deployed.project.path / ".envs" / f"{name}.env").unlink()
    deployed.run("python3", "scripts/create_env_files.py")
    known = ("SITE_HOST", "TRACKER_HOST", "RESTIC_REPOSITORY", "RESTIC_PASSWORD", "COMPOSE_FILE")
    set_variables(deployed.project, "production", **{name: env[name] for name in known})
    deployed.run("make", "restore-copy")
    assert deployed.project.env("production") == env
    assert list((deployed.project.path / "backups").iterdir()) == []  # no copy with all secrets is left
    assert (
        deployed.shell("web", "import sentry_sdk; print(sentry_sdk.get_client().options['release'])") == "of-the-file"
    )
    assert deployed.shell("web", NAMES) == "kept"
    assert deployed.compose("exec", "-T", "glitchtip", "cat", "/code/uploads/kept") == "kept\n"
    deployed.trust_caddy()
    assert deployed.request("GET", "/")[0] == 200


@needs_engine
def test_a_copy_that_fails_counts_as_none_and_is_noticed(deployed: Server) -> None:
    deployed.compose("exec", "-T", "backup", "rm", "-f", "/backup/succeeded")
    command = ["docker", "compose", "exec", "-T", "-e", "RESTIC_PASSWORD=wrong", "backup", "backup.sh", "now"]
    done = subprocess.run(command, cwd=deployed.project.path, capture_output=True, text=True)
    assert done.returncode != 0
    assert "password" in done.stderr
    assert "succeeded" not in deployed.compose("exec", "-T", "backup", "ls", "/backup")
    deployed.compose("exec", "-T", "backup", "sh", "-c", 'echo "$RESTIC_REPOSITORY" >/backup/succeeded')
    deployed.compose("exec", "-T", "backup", "backup.sh", "check")
    fails = "backup.sh 2>/tmp/log & until grep 'backup failed' /tmp/log; do sleep 0.2; done; ! backup.sh check"
    deployed.compose(
        "run", "--rm", "--no-deps", "-T", "-e", "RESTIC_REPOSITORY=/proc/none", "backup", "sh", "-c", fails
    )


@needs_engine
def test_a_copy_replaces_what_is_there_except_certificates_and_copies(baked: Bake) -> None:
    answers = {"tracker": "external", "database": "sqlite"}
    with contextlib.contextmanager(start)(baked, project_slug="small_shop", **answers) as server:
        server.shell("web", MAKE.format("kept"))
        server.compose("exec", "-T", "backup", "backup.sh", "now")
        server.shell("web-2", MAKE.format("kept later"))
        assert server.shell("web", NAMES) == "kept kept later"
        server.run("make", "restore-copy", "FORCE=--force")
        assert server.shell("web", NAMES) == "kept"
        assert server.request("GET", "/")[0] == 200  # with a certificate of the same authority
        assert re.search(
            r"^[12] snapshots", server.compose("exec", "-T", "backup", "restic", "snapshots"), re.MULTILINE
        )


ECHO = """
from http.server import BaseHTTPRequestHandler, HTTPServer
class Echo(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(self.headers).encode())
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()
HTTPServer(("", 8001), Echo).serve_forever()
"""


@needs_engine
def test_caddy_discards_what_a_visitor_claims_and_limits_the_size(deployed: Server) -> None:
    def post(size: int) -> int | None:
        """Return the status of a request with a body, or None if Caddy closes the connection before all is sent."""
        with contextlib.suppress(OSError):
            return deployed.request("POST", "/", body="a" * size)[0]
        return None

    deployed.compose("stop", "web", "web-2")
    run = ("run", "--detach", "--no-deps", "--use-aliases", "--name", "echo", "web", "python", "-c", ECHO)
    deployed.compose(*run)
    try:
        claims = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
        status, text, _ = deployed.request("GET", "/", headers=claims)
        small, large = post(9_000_000), post(11_000_000)
    finally:
        docker("rm", "--force", "echo")
        deployed.compose("up", "--detach", "--wait", "web", "web-2")
    assert status == 200
    assert "6.6.6.6" not in text
    assert "evil.example" not in text
    assert "X-Forwarded-Proto: https\n" in text
    assert re.search(r"^X-Forwarded-For: [\d.]+$", text, re.MULTILINE)
    assert small == 200
    assert large in (413, 502, None)  # Caddy 2.6, Debian's, answers 502
