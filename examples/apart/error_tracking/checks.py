"""System checks for error reporting (`manage.py check`)."""

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
    """Return whether `host` is this machine, or this container if run in one."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_local(host: str) -> bool:
    """Return whether `host` is in a private network: a private address, or a name without a public domain."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return is_loopback(host) or "." not in host or host.endswith((".local", ".internal", ".lan"))


def answers(host: str, port: int) -> bool:
    """Return whether a program listens on this port."""
    try:
        socket.create_connection((host, port), timeout=0.2).close()
    except OSError:
        return False
    return True


@register
def check_dsn(**_: Any) -> list[CheckMessage]:
    """W001: no DSN outside development. E001: a DSN that is not valid. E002 and W002 to W004: see `dsn_problems`."""
    if not conf.options()["dsn"]:
        if conf.environment() == "development":
            return []
        message = f"SENTRY_DSN is empty: errors in {conf.environment()} are not reported."
        hint = f"Set SENTRY_DSN {conf.where()}, then run manage.py check_tracker."
        return [Warning(message, hint=hint, id="error_tracking.W001")]
    try:
        url = urlsplit(dsn(conf.options()["dsn"]))
    except ValueError as error:
        return [Error(f"SENTRY_DSN is not valid: {error}.", hint=f"Set it {conf.where()}.", id="error_tracking.E001")]
    return list(dsn_problems(url))


def dsn_problems(url: SplitResult) -> Iterator[CheckMessage]:
    """Yield E002 and W002 to W004: reasons why a valid DSN does not work or is not safe."""
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    # If kent is installed, as in a devcontainer, the embedded tracker will listen there.
    alone = any(map(os.path.exists, CONTAINER_MARKS)) and find_spec("kent") is None
    if is_loopback(host) and port == conf.app_port():
        yield Error(
            f"SENTRY_DSN uses port {port}, on which the site itself listens: errors would be sent to the site.",
            hint="Use the tracker's port in SENTRY_DSN, or change APP_PORT.",
            id="error_tracking.E002",
        )
    elif is_loopback(host) and alone and not answers(host, port):
        yield Warning(
            f"SENTRY_DSN points to {host}, which is this container itself, and nothing listens on its port {port}.",
            hint="Use the tracker's service name in compose, such as glitchtip:8000, or host.docker.internal.",
            id="error_tracking.W002",
        )
    if PLACEHOLDER.fullmatch(url.username or ""):
        yield Warning(
            "The key in SENTRY_DSN is a placeholder.",
            hint=f"Copy the DSN from the project's settings in the tracker, and set it {conf.where()}.",
            id="error_tracking.W003",
        )
    if conf.environment() == "production" and url.scheme == "http" and not is_local(host):
        yield Warning(
            f"SENTRY_DSN sends production events to {host} without TLS: anyone on the network path can read them.",
            hint=f"Use https:// in SENTRY_DSN; set it {conf.where()}.",
            id="error_tracking.W004",
        )


@register
def check_environment(**_: Any) -> list[CheckMessage]:
    """W005: the environment of the events is not one of the site's."""
    name, environments = conf.options()["environment"], conf.environments()
    if name in environments or not environments:
        return []
    message = f"SENTRY_ENVIRONMENT={name!r} is unknown: the tracker would list it as another environment."
    hint = f"Set it to one of {', '.join(environments)}, or add it to ENVIRONMENTS in the settings."
    return [Warning(message, hint=hint, id="error_tracking.W005")]


@register
def check_production(**_: Any) -> list[CheckMessage]:
    """E003: anyone can raise an error in production. W006: SENTRY_DEBUG is on. W007: nobody is notified."""
    found: list[CheckMessage] = []
    if conf.environment() != "production":
        return found
    if error_view_is_open():
        message = "Anyone can raise an error at the URL named glitchtip-debug."
        hint = "Remove the URL, or make its view raise Http404 for anonymous visitors."
        found.append(Error(message, hint=hint, id="error_tracking.E003"))
    if conf.options()["debug"]:
        message = "SENTRY_DEBUG is True: the SDK writes what it sends to the production log."
        hint = f"Set SENTRY_DEBUG to False {conf.where()}."
        found.append(Warning(message, hint=hint, id="error_tracking.W006"))
    if not conf.sends_mail():
        message = "The site sends no mail: nobody is notified if errors do not reach the tracker."
        hint = f"Set EMAIL_URL and ADMINS {conf.where()}."
        found.append(Warning(message, hint=hint, id="error_tracking.W007"))
    return found


def error_view_is_open() -> bool:
    """Return whether the view that raises an error does so for an anonymous visitor."""
    try:
        path = reverse("glitchtip-debug")
        request = HttpRequest()
        request.method, request.path, request.user = "GET", path, AnonymousUser()
        match = resolve(path)
        return bool(match.func(request, *match.args, **match.kwargs).status_code < 300)
    except (NoReverseMatch, Http404, PermissionDenied):
        return False
    except Exception:  # the intended error
        return True
