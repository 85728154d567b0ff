"""The commands and the units' commands in docs/without-containers.md work, run without root and without systemd."""

import json
import re
import shlex
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks.site import serving
from scripts.demo import free_ports, listens
from tests.conftest import Bake, Baked
from tests.test_docs import blocks, needs_shell, page, run
from tests.test_servers import wait_for

SLOW = """

def slow(request):
    import pathlib, time

    pathlib.Path("started").touch()
    time.sleep(3)
    raise RuntimeError("after the wait")


urlpatterns += [path("slow/", slow)]
"""
#: Prints a setting of gunicorn.conf.py, as if /dev/shm existed or did not.
SETTING = "import os, runpy; os.path.isdir = lambda path: {}; print(runpy.run_path('gunicorn.conf.py')['{}'])"


class Server(NamedTuple):
    """A folder in place of /srv/shop, the page with its paths and ports, and the log of the commands that run there."""

    project: Path
    text: str
    port: int
    tracker_port: int
    log: Path

    def unit(self, name: str) -> str:
        """Return a unit from the page: "service", "spool" or "timer"."""
        return blocks(self.text, "ini")[("service", "spool", "timer").index(name)]

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start a unit's command with only the unit's variables."""
        [command] = re.findall("^ExecStart=(.*)", self.unit(name), re.MULTILINE)
        [variables] = re.findall("^Environment=(.*)", self.unit(name), re.MULTILINE)
        machine = {"PATH": "/usr/bin:/bin", "HOME": str(self.log.parent)}
        variables = dict(pair.split("=") for pair in shlex.split(variables))
        with self.log.open("w") as log:
            return subprocess.Popen(
                shlex.split(command), cwd=self.project, env={**machine, **variables}, stdout=log, stderr=log
            )


@pytest.fixture(scope="module")
def server(baked: Bake, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Follow the page up to starting the service."""
    folder = tmp_path_factory.mktemp("server")
    project, state = folder / "srv", folder / "lib"
    shutil.copytree(baked().path, project, ignore=shutil.ignore_patterns(".venv", ".env", "*.env"))
    state.mkdir(mode=0o700)
    with (project / "config" / "urls.py").open("a") as urls:
        urls.write(SLOW)
    text = page("without-containers.md").replace("/srv/shop", str(project)).replace("/var/lib/shop", str(state))
    port, tracker_port = free_ports(2)
    text = text.replace("127.0.0.1:8001", f"127.0.0.1:{port}").replace("APP_PORT=8001", f"APP_PORT={port}")
    as_root, clone, prepare, _ = blocks(text, "sh")
    assert as_root.startswith("useradd ")
    run(clone, folder)
    lines = dict(re.findall(r"^\| `([A-Z_]+)=([^`]+)` \|", text, re.MULTILINE))
    lines |= {
        "APP_PORT": str(port),
        "DATABASE_URL": re.findall(r"`(sqlite:///[^`]+)`", text)[0],
        "SENTRY_DSN": f"http://0123456789abcdef@127.0.0.1:{tracker_port}/1",
    }
    env_file = project / ".envs" / "production.env"
    assert env_file.stat().st_mode & 0o777 == 0o600
    env_file.write_text(
        "".join(line for line in env_file.open() if line.partition("=")[0] not in lines)
        + "".join(f"{name}={value}\n" for name, value in lines.items())
    )
    with serving(tracker_port) as tracker:
        printed = run(prepare, project)
        assert len(tracker.taken) == 1
    assert "WARNINGS" not in printed
    return Server(project, text, port, tracker_port, state / "log")


pytestmark = needs_shell


def test_the_service_answers_and_ends_after_its_last_request(server: Server) -> None:
    site, answers = f"http://127.0.0.1:{server.port}", []
    process = server.start("service")
    try:
        wait_for(lambda: listens(server.port))
        assert f"Listening at: {site} " in server.log.read_text()
        [curl] = [line for line in blocks(server.text, "sh")[-1].splitlines() if line.startswith("curl")]
        assert "HTTP/1.1 200 OK" in run(curl, server.project)
        without_header = run(re.sub('--header "X-.*?"', "", curl), server.project)
        assert "HTTP/1.1 301 " in without_header
        assert "Location: https://shop.example.com/" in without_header
        slow = threading.Thread(
            target=lambda: answers.append(run(curl.replace(f"{site}/", f"{site}/slow/"), server.project))
        )
        slow.start()
        wait_for((server.project / "started").exists)
        process.send_signal(signal.SIGTERM)
        wait_for(lambda: not listens(server.port))
        assert process.poll() is None
        slow.join()
        assert process.wait(30) == 0
    finally:
        process.kill()
    assert "HTTP/1.1 500 " in answers[0]
    [event_id] = re.findall("X-Event-ID: (.*)", answers[0])
    spool = Path(re.findall("SENTRY_SPOOL_DIR=([^`]+)", server.text)[0])
    assert spool.stat().st_mode & 0o777 == 0o700
    [waiting] = spool.glob("*/*.envelope")
    assert event_id.strip() in waiting.name
    with serving(server.tracker_port) as tracker:
        assert server.start("spool").wait(60) == 0, server.log.read_text()
        assert set(tracker.taken) == {event_id.strip()}


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed: the units were not verified"
)
def test_the_units_are_valid(server: Server) -> None:
    names = {"shop.service": "service", "shop-spool.service": "spool", "shop-spool.timer": "timer"}
    for name, unit in names.items():
        (server.log.parent / name).write_text(server.unit(unit))
    command = ["systemd-analyze", "verify", *(f"./{name}" for name in names)]
    done = subprocess.run(command, cwd=server.log.parent, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("line", "variables", "port"),
    [
        ("APP_PORT=8123", {}, 8123),
        ("export APP_PORT='8123'", {}, 8123),
        ("APP_PORT=8123", {"APP_PORT": "8124"}, 8124),
        ("APP_PORT=99999", {}, 8001),  # the settings report the invalid port
        ("", {}, 8001),
    ],
)
def test_gunicorn_binds_to_the_port_of_the_env_file(
    baked: Bake, tmp_path: Path, line: str, variables: dict[str, str], port: int
) -> None:
    project = baked()
    shutil.copytree(project.path, tmp_path / "shop", ignore=shutil.ignore_patterns(".venv", "*.env"))
    (tmp_path / "shop" / ".envs" / "staging.env").write_text(f"DEBUG=False\n{line}\n")
    shop = Baked(tmp_path / "shop", project.environment)
    assert (
        shop.run("python", "-c", SETTING.format("True", "bind"), DJANGO_ENV="staging", **variables)
        == f"127.0.0.1:{port}\n"
    )


def test_the_heartbeat_is_in_memory_where_there_is_dev_shm(baked: Bake) -> None:
    for exists, folder in (("True", "/dev/shm"), ("False", "None")):
        assert baked().run("python", "-c", SETTING.format(exists, "worker_tmp_dir")) == f"{folder}\n"


def test_a_container_listens_on_all_of_its_addresses(baked: Bake) -> None:
    [command] = re.findall(r"^CMD (.*)", baked().read("Dockerfile"), re.MULTILINE)
    assert json.loads(command) == ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8001"]
    assert 'APP_PORT: "8001"' in baked().read("compose.yaml")
