"""System checks of the error wiring (`manage.py check`)."""

import ipaddress
import os
import re
import socket
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.contrib.auth.models import AnonymousUser
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.urls import NoReverseMatch, resolve, reverse

from error_tracking import conf
from error_tracking.dsn import dsn

PLACEHOLDER = re.compile(r"(example|your|my)?[-_]?(public|dsn)?[-_]?key|public|change[-_]?me|todo|x+|0+", re.I)
CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")


def is_loopback(host: str) -> bool:
    """Say whether `host` is this machine, or in a container this container."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_local(host: str) -> bool:
    """Say whether `host` is in a network of the site's own: a private address, or a name without a public domain."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return is_loopback(host) or "." not in host or host.endswith((".local", ".internal", ".lan"))


def answers(host: str, port: int) -> bool:
    """Say whether something listens."""
    try:
        socket.create_connection((host, port), timeout=0.2).close()
    except OSError:
        return False
    return True


@register
def check_dsn(**_: Any) -> list[CheckMessage]:
    """W001, E001: no DSN outside development, or none that can be read. E002 and W002 to W004: see `dsn_problems`."""
    if not conf.options()["dsn"]:
        if conf.environment() == "development":
            return []
        message = f"SENTRY_DSN is empty: no error of {conf.environment()} reaches a tracker."
        hint = f"Set SENTRY_DSN {conf.where()}, then run manage.py check_tracker."
        return [Warning(message, hint=hint, id="error_tracking.W001")]
    try:
        url = urlsplit(dsn(conf.options()["dsn"]))
    except ValueError as error:
        return [Error(f"SENTRY_DSN is wrong: {error}.", hint=f"Correct it {conf.where()}.", id="error_tracking.E001")]
    return list(dsn_problems(url))


def dsn_problems(url: SplitResult) -> Iterator[CheckMessage]:
    """Yield what makes a DSN that can be read useless or unsafe."""
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    # Where kent is installed, as in a devcontainer, it will listen there.
    alone = any(map(os.path.exists, CONTAINER_MARKS)) and find_spec("kent") is None
    if is_loopback(host) and port == conf.app_port():
        yield Error(
            f"SENTRY_DSN names port {port}, on which the site itself listens: errors would be sent to the site.",
            hint="Write the tracker's port into SENTRY_DSN, or change APP_PORT.",
            id="error_tracking.E002",
        )
    elif is_loopback(host) and alone and not answers(host, port):
        yield Warning(
            f"SENTRY_DSN names {host}, which is this container itself, and nothing listens there on port {port}.",
            hint="Name the tracker's service in compose, such as glitchtip:8000, or host.docker.internal.",
            id="error_tracking.W002",
        )
    if PLACEHOLDER.fullmatch(url.username or ""):
        yield Warning(
            "The key in SENTRY_DSN is a placeholder.",
            hint="Copy the DSN from the project's settings in the tracker.",
            id="error_tracking.W003",
        )
    if conf.environment() == "production" and url.scheme == "http" and not is_local(host):
        yield Warning(
            f"SENTRY_DSN sends the events of production to {host} without TLS: anybody on the way can read them.",
            hint="Write https:// into SENTRY_DSN.",
            id="error_tracking.W004",
        )


@register
def check_environment(**_: Any) -> list[CheckMessage]:
    """W005: events name an environment that the site does not have."""
    name, environments = conf.options()["environment"], conf.environments()
    if name in environments or not environments:
        return []
    message = f"SENTRY_ENVIRONMENT={name!r} is unknown: the tracker would show one environment more."
    hint = f"Set it to one of {', '.join(environments)}, or add it to ENVIRONMENTS in the settings."
    return [Warning(message, hint=hint, id="error_tracking.W005")]


@register
def check_production(**_: Any) -> list[CheckMessage]:
    """E003, W006: what belongs to development, in production."""
    found: list[CheckMessage] = []
    if conf.environment() != "production":
        return found
    if error_view_is_open():
        message = "Anybody can raise an error on purpose at the route glitchtip-debug."
        hint = "Remove the route, or let its view raise Http404 for strangers."
        found.append(Error(message, hint=hint, id="error_tracking.E003"))
    if conf.options()["debug"]:
        message = "SENTRY_DEBUG is True: the SDK writes what it sends into the log of production."
        hint = f"Set SENTRY_DEBUG to False {conf.where()}."
        found.append(Warning(message, hint=hint, id="error_tracking.W006"))
    return found


def error_view_is_open() -> bool:
    """Ask the error view as a stranger would."""
    try:
        path = reverse("glitchtip-debug")
        request = HttpRequest()
        request.method, request.path, request.user = "GET", path, AnonymousUser()
        match = resolve(path)
        return bool(match.func(request, *match.args, **match.kwargs).status_code < 300)
    except (NoReverseMatch, Http404, PermissionDenied):
        return False
    except Exception:  # the error on purpose
        return True
