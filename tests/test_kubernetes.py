"""The manifests of `deployment=kubernetes`: rendered and validated, and the site run from them with podman.

There is no cluster here. `podman kube play` runs the rendered Deployment and Job with their ConfigMap, Secret, volumes,
limits and security contexts. The test does what the kubelet does besides: it requests the probes, runs `preStop`, and
starts a killed container again. Service, Ingress, NetworkPolicy, HorizontalPodAutoscaler and PodDisruptionBudget are only
rendered and validated.
"""

import json
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.demo import free_ports, received_events, running
from tests.conftest import BIN, Bake, Baked
from tests.test_docs import needs_shell
from tests.test_removing import removed
from tests.test_servers import wait_for
from tests.test_stack import REASON, use_standins

OVERLAYS = ("staging", "production")
SHAPES: dict[str, dict[str, str]] = {
    "GlitchTip": {},
    "GlitchTip, several pods": {"tracker": "glitchtip-web-and-worker"},
    "external": {"tracker": "external", "production_dsn": "https://0123456789abcdef@errors.example.com/1"},
    "SQLite, jobs": {"database": "sqlite", "background_jobs": "django-tasks"},
    "Celery, metrics": {"background_jobs": "celery", "metrics": "yes"},
}
#: Checks of checkov that do not fit, and why.
SKIPPED = {
    "CKV_K8S_43": "a release is named by its tag",
    "CKV_K8S_35": "Django's settings read secrets from environment variables",
}
needs_kubectl = pytest.mark.skipif(
    shutil.which("kubectl") is None, reason="there is no kubectl: the manifests for Kubernetes were not rendered"
)
no_podman = "there is no podman" if shutil.which("podman") is None else ""
no_run = REASON or no_podman or ("there is no kubectl" if shutil.which("kubectl") is None else "")
needs_podman = pytest.mark.skipif(bool(no_run), reason=f"{no_run}: the site was not run from its manifests")
pytestmark = pytest.mark.xdist_group("stack")  # the engine's images and pods have fixed names


def on_kubernetes(baked: Bake, **answers: str) -> Baked:
    """Return a project that is deployed on Kubernetes."""
    return baked(deployment="kubernetes", project_slug="shop", **answers)


def kustomize(folder: Path) -> str:
    """Return what `kubectl kustomize` renders; it must exit with 0."""
    done = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def overlay(project: Baked, name: str) -> str:
    """Return the rendered manifests of an overlay."""
    return kustomize(project.path / "deploy" / "kubernetes" / "overlays" / name)


def documents(text: str) -> list[dict[str, Any]]:
    """Return the manifests in a text."""
    return [*yaml.safe_load_all(text)]


def pods(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the kind and the pod's specification of each manifest that has one."""
    for document in documents(text):
        if "template" in document.get("spec", {}):
            yield document["kind"], document["spec"]["template"]["spec"]


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all containers of a pod."""
    return [*pod.get("initContainers", []), *pod.get("containers", [])]


def tool(*command: str, text: str) -> subprocess.CompletedProcess[str]:
    """Run a Python program that need not be installed on a text."""
    uv = [sys.executable, "-m", "uv", "tool", "run"]
    return subprocess.run([*uv, *command], input=text, capture_output=True, text=True)


@pytest.fixture(params=[*SHAPES.values()], ids=[*SHAPES])
def project(baked: Bake, request: pytest.FixtureRequest) -> Baked:
    """Return a project of each shape in turn."""
    return on_kubernetes(baked, **request.param)


@needs_kubectl
def test_the_manifests_are_valid(project: Baked) -> None:
    texts = [overlay(project, name) for name in OVERLAYS]
    if (project.path / "glitchtip").exists():
        texts += [kustomize(project.path / name) for name in ("glitchtip", "deploy/kubernetes/add-site")]
    done = tool("kubernetes-validate", "--strict", "-", text="\n---\n".join(texts))
    assert done.returncode == 0, done.stdout + done.stderr


@needs_kubectl
def test_another_site_gets_a_project_from_a_job_of_its_own(baked: Bake) -> None:
    """test_add_site.py runs what the Job runs."""
    project = on_kubernetes(baked)
    provision, add_site = (
        {document["kind"]: document for document in documents(kustomize(project.path / folder))}
        for folder in ("glitchtip", "deploy/kubernetes/add-site")
    )
    assert provision["ConfigMap"] == add_site["ConfigMap"]
    assert add_site["ConfigMap"]["data"]["add_site.py"] == project.read("glitchtip/add_site.py")
    names = [job["Job"]["metadata"]["name"] for job in (provision, add_site)]
    assert names == ["provision", "add-site"]
    [before], [after] = (job["Job"]["spec"]["template"]["spec"]["containers"] for job in (provision, add_site))
    assert after["command"] == ["python", "/provision/add_site.py"]
    assert [variable for variable in after["env"] if variable not in before["env"]] == [
        {"name": "SITE", "value": "NAME_OF_THE_SITE"}
    ]


@needs_kubectl
def test_prometheus_may_request_each_pod(baked: Bake) -> None:
    project = on_kubernetes(baked, metrics="yes")
    found = {document["kind"]: document for document in documents(overlay(project, "production"))}
    [_, _, prometheus] = found["NetworkPolicy"]["spec"]["ingress"][0]["from"]
    assert prometheus["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "monitoring"}
    [container] = found["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert {"METRICS_TOKEN", "POD_IP"} <= {variable["name"] for variable in container["env"]}
    code = "import config.settings as s; print(s.ALLOWED_HOSTS)"
    hosts = {"ALLOWED_HOSTS": "www.example.com", "POD_IP": "10.1.2.3"}
    printed = project.run("python", "-c", code, DJANGO_ENV="production", **hosts)
    assert printed == "['www.example.com', '10.1.2.3']\n"


@needs_kubectl
def test_checkov_finds_nothing(baked: Bake, tmp_path: Path) -> None:
    projects = [on_kubernetes(baked, **answers) for answers in SHAPES.values()]
    manifests = tmp_path / "manifests.yaml"
    manifests.write_text("\n---\n".join(overlay(project, name) for project in projects for name in OVERLAYS))
    options = ["--framework", "kubernetes", "--compact", "--quiet", "--skip-download", "-f", str(manifests)]
    done = tool("checkov", *options, "--skip-check", ",".join(SKIPPED), text="")
    if "Failed checks" not in done.stdout and done.returncode:
        pytest.skip("checkov could not be installed: it has not seen the manifests for Kubernetes")
    assert done.returncode == 0, done.stdout


@needs_kubectl
def test_every_pod_is_restricted_and_bounded(project: Baked) -> None:
    for name in OVERLAYS:
        for _, pod in pods(overlay(project, name)):
            assert pod["automountServiceAccountToken"] is False
            assert pod["securityContext"]["runAsNonRoot"] is True
            assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
            for container in containers(pod):
                assert container["securityContext"] == {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                }
                assert container["resources"]["requests"].keys() == container["resources"]["limits"].keys()
                assert {"cpu", "memory"} <= container["resources"]["limits"].keys()


@needs_kubectl
def test_secrets_are_references_to_variables_of_the_env_file(project: Baked) -> None:
    explained = set(re.findall(r"^(?:# )?(\w+)=", project.read(".envs/example.env"), re.MULTILINE))
    secrets = [value for name, value in project.env("production").items() if re.search("KEY|PASSWORD|TOKEN|URL", name)]
    text = overlay(project, "production")
    assert not [secret for secret in secrets if secret in text]
    for kind, pod in pods(text):
        for container in containers(pod):
            keys = {
                variable["valueFrom"]["secretKeyRef"]["key"]
                for variable in container["env"]
                if "secretKeyRef" in variable.get("valueFrom", {})
            }
            assert {"SECRET_KEY", "SENTRY_DSN"} <= keys <= explained, kind
            assert not [key for key in keys if "PASSWORD" in key or key == "GLITCHTIP_SECRET_KEY"]
            names = [variable["name"] for variable in container["env"]]
            assert len(names) == len(set(names))
            assert "envFrom" not in container or container["envFrom"][0].keys() == {"configMapRef"}
    for name in ("deploy/kubernetes/glitchtip-values.yaml", "glitchtip/provision.yaml"):
        if name in project.files():
            assert set(re.findall(r"[kK]ey: ([A-Z_]+)\b", project.read(name))) <= explained


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value in a manifest with its path."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, f"{path}.{key}")
    else:
        yield path, value


def flat(text: str) -> dict[str, Any]:
    """Return the values of all manifests by kind and path, without the ConfigMap's hash and the namespace."""
    found: dict[str, Any] = {}
    for document in documents(re.sub(r"\bsettings-\w{10}\b", "settings", text)):
        namespace = document["metadata"].pop("namespace")
        assert namespace in ("shop", "shop-staging")
        name = f"{document['kind']} {document['metadata']['name']}"
        found |= {f"{name}{path}": value for path, value in leaves(document)}
    return found


@needs_kubectl
def test_staging_rehearses_production(baked: Bake) -> None:
    """List every difference between the two: the host, the label that becomes DJANGO_ENV, and the size."""
    project = on_kubernetes(baked, background_jobs="celery", metrics="yes")
    staging, production = (flat(overlay(project, name)) for name in OVERLAYS)
    differences = {
        path: (staging.get(path), production.get(path))
        for path in staging.keys() | production.keys()
        if staging.get(path) != production.get(path)
    }
    labels = [path for path in differences if path.endswith(".labels.environment")]
    assert {differences.pop(path) for path in labels} == {("staging", "production")}
    assert {path.split()[0] for path in labels} >= {"ConfigMap", "Deployment", "Ingress", "Job", "NetworkPolicy"}
    assert differences == {
        "ConfigMap settings.data.ALLOWED_HOSTS": (
            "staging.example.com,web,localhost",
            "www.example.com,web,localhost",
        ),
        "HorizontalPodAutoscaler web.spec.maxReplicas": (2, 6),
        "HorizontalPodAutoscaler web.spec.minReplicas": (1, 2),
        "Ingress web.spec.rules.0.host": ("staging.example.com", "www.example.com"),
        "Ingress web.spec.tls.0.hosts.0": ("staging.example.com", "www.example.com"),
    }


def test_each_environment_reports_to_the_tracker_of_its_env_file(baked: Bake) -> None:
    """The DSN of one answer does not silence the other environment."""
    own, external = (
        on_kubernetes(baked, **answers, production_dsn="https://0123456789abcdef@errors.example.com/1")
        for answers in ({}, {"tracker": "external"})
    )
    for project in (own, external):
        assert project.env("production")["SENTRY_DSN"] == "https://0123456789abcdef@errors.example.com/1"
    assert own.env("staging")["SENTRY_DSN"] == f"http://{own.env('staging')['GLITCHTIP_KEY']}@glitchtip-web/1"
    assert external.env("staging")["SENTRY_DSN"] == ""


@needs_kubectl
def test_each_release_has_a_migration_of_its_own(baked: Bake, tmp_path: Path) -> None:
    shutil.copytree(on_kubernetes(baked).path / "deploy", tmp_path / "deploy")
    file = tmp_path / "deploy" / "kubernetes" / "overlays" / "production" / "kustomization.yaml"
    file.write_text(file.read_text().replace('"0.1.0"', '"1.10"'))
    text = kustomize(file.parent)
    assert [d["metadata"]["name"] for d in documents(text) if d["kind"] == "Job"] == ["migrate-1.10"]
    images = {container["image"] for _, pod in pods(text) for container in containers(pod)}
    assert images == {"registry.example.com/shop:1.10"}


@needs_kubectl
@needs_shell
@pytest.mark.skipif(shutil.which("perl") is None, reason="perl is not installed: docs/removing.md was not checked")
@pytest.mark.parametrize(
    "answers",
    [{"background_jobs": "celery", "metrics": "yes"}, {"database": "sqlite", "tracker": "external"}],
    ids=["Celery, metrics", "SQLite, external"],
)
def test_the_manifests_without_error_tracking_are_valid(baked: Bake, tmp_path: Path, answers: dict[str, str]) -> None:
    project, _ = removed(on_kubernetes(baked, **answers), tmp_path / "shop")
    text = overlay(project, "production")
    folder = project.path / "deploy" / "kubernetes"
    text_of_files = "".join(file.read_text() for file in folder.rglob("*.yaml"))
    assert not re.search("sentry|glitchtip|tracker|spool", text + text_of_files, re.IGNORECASE)
    done = tool("kubernetes-validate", "--strict", "-", text=text)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_kubectl
def test_with_sqlite_the_worker_is_in_the_pod_of_the_site(baked: Bake) -> None:
    [(kind, pod)] = pods(overlay(on_kubernetes(baked, **SHAPES["SQLite, jobs"]), "production"))
    site, worker = pod["containers"]
    assert (kind, site["name"], worker["command"][-2:]) == ("Deployment", "site", ["db_worker", "--no-reload"])
    assert pod["initContainers"][0]["command"] == ["python", "manage.py", "migrate", "--noinput"]
    for container in containers(pod):
        assert container["image"] == IMAGE
        assert {"mountPath": "/data", "name": "data", "subPath": "db"} in container["volumeMounts"]


@needs_kubectl
@needs_shell
@pytest.mark.parametrize(
    ("codes", "times"), [("0", 1), ("1 1 0", 3), ("2", 1)], ids=["sent", "the tracker is down", "in vain"]
)
def test_the_end_of_every_pod_repeats_flush_spool_while_that_helps(
    baked: Bake, tmp_path: Path, codes: str, times: int
) -> None:
    """Run `preStop` of site and worker with a `python` that exits with these codes, and a `sleep` that does not."""
    ends = [
        (pod["terminationGracePeriodSeconds"], pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"])
        for kind, pod in pods(overlay(on_kubernetes(baked, background_jobs="celery", metrics="yes"), "production"))
        if kind == "Deployment"
    ]
    assert len(ends) == 2
    python = 'echo "$@" >>calls; set -- $CODES; shift $(($(wc -l <calls) - 1)); exit $1'
    for name, script in (("python", python), ("sleep", "")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    for grace, command in ends:
        (tmp_path / "calls").unlink(missing_ok=True)
        env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "CODES": codes}
        subprocess.run(command, cwd=tmp_path, env=env, timeout=20)
        assert (tmp_path / "calls").read_text() == "manage.py flush_spool\n" * times
        [limit] = re.findall(r"timeout (\d+) ", command[-1])
        assert int(limit) + 45 < grace  # Celery's jobs have 45 s, requests 30 s


@needs_kubectl
@needs_shell
def test_pods_that_wait_for_a_migration_end_at_once(baked: Bake, tmp_path: Path) -> None:
    """Run the init container's command with a `python` that always fails, and end it. As process 1, it needs its trap."""
    found = dict(pods(overlay(on_kubernetes(baked), "production")))
    assert found["Job"]["terminationGracePeriodSeconds"] == 30
    (tmp_path / "python").write_text("#!/bin/sh\n: >called\nexit 1\n")
    (tmp_path / "python").chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    with subprocess.Popen(found["Deployment"]["initContainers"][0]["command"], cwd=tmp_path, env=env) as waiting:
        wait_for((tmp_path / "called").exists, 10)
        waiting.terminate()
        assert waiting.wait(10) == 143  # -15 without a trap


def test_glitchtip_has_the_version_and_variables_of_compose(baked: Bake) -> None:
    for answers in (SHAPES["GlitchTip"], SHAPES["GlitchTip, several pods"]):
        project = on_kubernetes(baked, **answers)
        values = yaml.safe_load(project.read("deploy/kubernetes/glitchtip-values.yaml"))
        compose = yaml.safe_load(project.read("compose.yaml"))
        assert f"glitchtip/glitchtip:{values['image']['tag']}" == compose["services"]["glitchtip"]["image"]
        provision = yaml.safe_load(project.read("glitchtip/provision.yaml"))
        [container] = provision["spec"]["template"]["spec"]["containers"]
        assert container["image"] == compose["services"]["glitchtip"]["image"]
        given = {variable["name"] for variable in container["env"]}
        assert compose["x-provision-environment"].keys() <= given
        assert values["valkey"]["enabled"] == ("autoscaling" in values)


# The site, run from its manifests

SESSION = """
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
users = get_user_model().objects
user = users.filter(username="ada").first() or users.create_superuser("ada")
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session.save()
print(session.session_key)
"""
IMAGE = "registry.example.com/shop:0.1.0"


def podman(*arguments: str, text: str = "", check: bool = True) -> str:
    """Run podman and return its output. A pod whose init container does not end would be waited for."""
    done = subprocess.run(["podman", *arguments], input=text, capture_output=True, text=True, timeout=180)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@dataclass
class Kubelet:
    """Runs manifests of a project, with the port of the site and of the tracker on this machine."""

    project: Baked
    secret: str
    site: int
    tracker: int
    web: dict[str, Any]  # the site's container in the manifests

    def manifests(self, *kinds: str, shared_spool: bool = False) -> str:
        """Return rendered manifests of some kinds, and the Secret, as podman can run them on this machine's network."""
        folder = self.project.path / "deploy" / "kubernetes" / "overlays" / "production"
        original = (folder / "kustomization.yaml").read_text()
        if shared_spool:
            lines = "components:\n  - ../../components/shared-spool\nimages:"
            (folder / "kustomization.yaml").write_text(original.replace("images:", lines))
        try:
            rendered = [document for document in documents(kustomize(folder)) if document["kind"] in kinds]
        finally:
            (folder / "kustomization.yaml").write_text(original)
        for document in rendered:
            for container in containers(document.get("spec", {}).get("template", {}).get("spec", {})):
                container["imagePullPolicy"] = "Never"  # podman has the image already
                if document["kind"] == "Deployment" and container["name"] == "site":
                    container["args"] = ["gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{self.site}"]
        return f"{self.secret}\n---\n{yaml.safe_dump_all(rendered)}"

    def probe(self, name: str) -> bool:
        """Return whether an HTTP probe of the site succeeds."""
        http = self.web[name]["httpGet"]
        headers = {header["name"]: header["value"] for header in http["httpHeaders"]}
        request = urllib.request.Request(f"http://127.0.0.1:{self.site}{http['path']}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=self.web[name]["timeoutSeconds"]) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def start(self, manifests: str) -> None:
        """Start the site's pod, and wait until it is ready."""
        podman("kube", "play", "--network", "host", "-", text=manifests)
        wait_for(lambda: self.probe("startupProbe"), 60)
        assert self.probe("readinessProbe")

    def session(self) -> str:
        """Return the session of a superuser, who may raise errors."""
        return podman("exec", "web-pod-site", "python", "manage.py", "shell", "-v0", "-c", SESSION).splitlines()[-1]

    def error(self, session: str) -> str:
        """Raise an error in the site, and return the ID of its event, or "" if there was no response."""
        headers = {"Host": "www.example.com", "X-Forwarded-Proto": "https", "Cookie": f"sessionid={session}"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.site}/glitchtip-debug/", headers=headers)
        try:
            urllib.request.urlopen(request, timeout=10)
        except urllib.error.HTTPError as answer:
            with answer:
                return str(answer.headers["X-Event-ID"])
        except OSError:
            pass
        return ""

    def arrived(self, events: set[str]) -> set[str]:
        """Return which of the events the tracker has, as soon as it has all of them, or after 30 s."""
        deadline = time.monotonic() + 30
        while True:
            self.probe("readinessProbe")  # a request starts the sender
            url = f"http://127.0.0.1:{self.tracker}"
            found = {event["event_id"] for event in received_events(url, len(events), seconds=1)} & events
            if found == events or time.monotonic() > deadline:
                return found


def preceding_run(kubelet: Kubelet) -> None:
    """Remove the pods and volumes that a run which did not end has left."""
    kinds = ("ConfigMap", "Deployment", "Job", "PersistentVolumeClaim")
    podman("kube", "down", "--force", "-", text=kubelet.manifests(*kinds, shared_spool=True), check=False)
    podman("volume", "rm", "--force", "spool", "tmp", check=False)


@pytest.fixture(scope="module")
def kubelet(baked: Bake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubelet]:
    """Yield a migrated site with PostgreSQL, whose tracker is down."""
    project = on_kubernetes(baked, tracker="external")
    use_standins(project.path)
    build = ["docker", "build", "--quiet", "--build-arg", "SENTRY_RELEASE=0.1.0", "--tag", IMAGE, "."]
    subprocess.run(build, cwd=project.path, check=True, capture_output=True)
    with subprocess.Popen(["docker", "save", IMAGE], stdout=subprocess.PIPE) as image:
        subprocess.run(["podman", "load", "--quiet"], stdin=image.stdout, check=True, capture_output=True)
    site, tracker, database = free_ports(3)
    env = {
        **project.env("production"),
        "DATABASE_URL": f"postgres://shop:secret@127.0.0.1:{database}/shop",
        "SENTRY_DSN": f"http://0123456789abcdef0123456789abcdef@127.0.0.1:{tracker}/1",
    }
    file = tmp_path_factory.mktemp("secret") / "production.env"
    file.write_text("# a comment\n" + "".join(f"{name}={value}\n" for name, value in env.items()))
    create = ["kubectl", "create", "secret", "generic", "site", f"--from-env-file={file}", "--dry-run=client"]
    secret = subprocess.run([*create, "--output=yaml"], check=True, capture_output=True, text=True).stdout
    variables = ["-e", "POSTGRES_USER=shop", "-e", "POSTGRES_DB=shop", "-e", "POSTGRES_PASSWORD=secret"]
    run = ["docker", "run", "--detach", "--rm", *variables, "--publish", f"127.0.0.1:{database}:5432", "postgres:18"]
    postgres = subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip()
    [web] = [pod for kind, pod in pods(overlay(project, "production")) if kind == "Deployment"]
    kubelet = Kubelet(project, secret, site, tracker, web["containers"][0])
    try:
        preceding_run(kubelet)
        ready = ["docker", "exec", postgres, "pg_isready", "--host", "localhost", "--username", "shop"]
        wait_for(lambda: subprocess.run(ready, capture_output=True).returncode == 0, 60)
        migration = kubelet.manifests("Job")
        podman("kube", "play", "--network", "host", "-", text=migration)
        assert podman("wait", "migrate-0.1.0-pod-site") == "0", podman("logs", "migrate-0.1.0-pod-site")
        podman("kube", "down", "--force", "-", text=migration)
        yield kubelet
    finally:
        subprocess.run(["docker", "rm", "--force", postgres], capture_output=True)
        preceding_run(kubelet)


@pytest.fixture(params=[False, True], ids=["emptyDir", "shared-spool"])
def manifests(kubelet: Kubelet, request: pytest.FixtureRequest) -> Iterator[str]:
    """Yield the manifests of the site after it has started with each kind of spool; the tracker is down."""
    text = kubelet.manifests("ConfigMap", "Deployment", "PersistentVolumeClaim", shared_spool=request.param)
    kubelet.start(text)
    yield text
    preceding_run(kubelet)


def tracker(kubelet: Kubelet) -> Any:
    """Return a context in which the tracker is up. It keeps no events of an earlier one."""
    kent = [str(kubelet.project.environment / BIN / "kent-server"), "run", "--port", str(kubelet.tracker)]
    return running(kubelet.project.path, kubelet.tracker, command=kent)


@needs_podman
@pytest.mark.parametrize("manifests", [False], indirect=True, ids=["emptyDir"])
def test_a_killed_container_loses_no_error(kubelet: Kubelet, manifests: str) -> None:
    """Raise errors while the tracker is down, kill the site in mid-flight, and find every error at the tracker."""
    session = kubelet.session()
    events = [kubelet.error(session) for _ in range(3)]
    with ThreadPoolExecutor(4) as pool:
        requests = [pool.submit(kubelet.error, session) for _ in range(40)]
        wait_for(lambda: sum(request.done() for request in requests) >= 8, 30)
        podman("kill", "--signal", "KILL", "web-pod-site")
        events += [request.result() for request in requests]
    assert "" in events, "all requests were answered before the kill"
    assert not kubelet.probe("readinessProbe")
    podman("start", "web-pod-site")
    wait_for(lambda: kubelet.probe("readinessProbe"), 60)
    with tracker(kubelet):
        answered = {event for event in events if event}
        assert len(answered) >= 11
        assert kubelet.arrived(answered) == answered


@needs_podman
@pytest.mark.parametrize("manifests", [False], indirect=True, ids=["emptyDir"])
def test_the_end_of_a_pod_sends_what_waits(kubelet: Kubelet, manifests: str) -> None:
    session = kubelet.session()
    events = {kubelet.error(session) for _ in range(5)}
    command = kubelet.web["lifecycle"]["preStop"]["exec"]["command"]
    with subprocess.Popen(["podman", "exec", "web-pod-site", *command], stderr=subprocess.DEVNULL) as pre_stop:
        with pytest.raises(subprocess.TimeoutExpired):  # the tracker is down, so it waits
            pre_stop.wait(10)
        with tracker(kubelet):
            assert pre_stop.wait(30) == 0
            podman("kube", "down", "--force", "-", text=manifests)
            assert kubelet.arrived(events) == events


@needs_podman
@pytest.mark.parametrize("manifests", [True], indirect=True, ids=["shared-spool"])
def test_a_shared_spool_survives_the_pod(kubelet: Kubelet, manifests: str) -> None:
    session = kubelet.session()
    events = {kubelet.error(session) for _ in range(5)}
    podman("kill", "--signal", "KILL", "web-pod-site")
    podman("kube", "down", "-", text=manifests)  # without --force: the claim stays
    assert "web-pod" not in podman("pod", "ls", "--format", "{{.Name}}")
    kubelet.start(manifests)
    with tracker(kubelet):
        assert kubelet.arrived(events) == events


@needs_podman
@pytest.mark.parametrize("manifests", [False], indirect=True, ids=["emptyDir"])
def test_the_spool_of_a_pod_that_is_lost_is_lost(kubelet: Kubelet, manifests: str) -> None:
    """What docs/kubernetes.md says of a lost node: here the pod ends without preStop."""
    session = kubelet.session()
    assert all(kubelet.error(session) for _ in range(3))
    podman("kill", "--signal", "KILL", "web-pod-site")
    podman("kube", "down", "--force", "-", text=manifests)
    kubelet.start(manifests)
    assert podman("exec", "web-pod-site", "printenv", "DJANGO_ENV") == "production"  # from the pod's label
    waiting = podman("exec", "web-pod-site", "python", "manage.py", "check_spool")
    assert waiting == "Events waiting in /spool: 0"
    assert json.loads(podman("inspect", "web-pod-site"))[0]["HostConfig"]["ReadonlyRootfs"] is True
