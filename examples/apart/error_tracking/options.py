"""What the Sentry SDK is told: the arguments of `sentry_sdk.init`, for the settings and the tests alike."""

import logging
import subprocess
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.transport import Transport
from sentry_sdk.utils import BadDsn, Dsn

from error_tracking.outgoing import Outgoing
from error_tracking.scrubber import Scrubber

#: Exceptions that are no errors of the site: wrong requests, visitors who left, a process that ends.
NOISE = [
    "BrokenPipeError",
    "KeyboardInterrupt",
    "SystemExit",
    "django.core.exceptions.DisallowedHost",
    "django.core.exceptions.RequestAborted",
    "django.http.request.UnreadablePostError",
    "django.http.response.Http404",
]


def dsn(value: str) -> str:
    """Return a DSN that the SDK accepts, or "".

    Raises:
        ValueError: says what is wrong, without the key.
    """
    if value:
        try:
            Dsn(value)
            if urlsplit(value).port == 0 or any(map(str.isspace, value)):  # the SDK takes them, and no event arrives
                raise ValueError
        except BadDsn as error:
            raise ValueError(f"it is no DSN such as https://KEY@errors.example.com/1 ({error})") from None
        except ValueError:  # from urllib, which quotes what it could not read
            raise ValueError("it is no DSN such as https://KEY@errors.example.com/1") from None
    return value


def sample_rate(value: str) -> float:
    """Return the share of requests to trace, a number from 0 to 1; ValueError for anything else."""
    try:
        rate = float(value)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise ValueError("it is not a number from 0 to 1")
    return rate


def release(project_folder: Path) -> str:
    """Return NAME@VERSION of pyproject.toml, with +COMMIT where git knows one (Sentry's docs, "Releases")."""
    project = tomllib.loads((project_folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = f"{project['name']}@{project['version']}"
    try:
        command = ["git", "-C", str(project_folder), "rev-parse", "--short", "HEAD"]
        commit = subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()  # noqa: S603
    except (OSError, subprocess.SubprocessError):  # no git here, or no commit
        return version
    return f"{version}+{commit}"


def traces_sampler(rate: float, quiet_paths: Sequence[str]) -> Callable[[dict[str, Any]], float]:
    """Return a function that tells the SDK how likely a request is traced: `rate`, and 0 below `quiet_paths`.

    What a caller has decided not to trace stays untraced; a header from outside never raises the share.
    """

    def sample(context: dict[str, Any]) -> float:
        path = (context.get("wsgi_environ") or {}).get("PATH_INFO") or (context.get("asgi_scope") or {}).get("path", "")
        return 0.0 if path.startswith(tuple(quiet_paths)) or context.get("parent_sampled") is False else rate

    return sample


def sentry_options(
    *,
    dsn: str,
    environment: str,
    release: str,
    debug: bool = False,
    traces_sample_rate: float = 0.0,
    send_user: bool = False,
    enable_logs: bool = False,
    ignored_errors: Sequence[str] = (),
    quiet_paths: Sequence[str] = (),
    transport: type[Transport] | None = None,
) -> dict[str, Any]:
    """Return the arguments of `sentry_sdk.init`.

    `ignored_errors` are dotted names of exceptions that are no errors here. Requests below `quiet_paths` are neither
    traced nor reported. Without a `transport` the SDK takes its own. A rate of 0 leaves tracing off, and what would time requests and signals too. Sessions and
    client reports are off since GlitchTip stores neither.
    """
    scrubber = Scrubber()
    outgoing = Outgoing(scrubber, send_user=send_user, quiet_paths=tuple(quiet_paths))
    tracing = traces_sample_rate > 0
    django = DjangoIntegration() if tracing else DjangoIntegration(signals_spans=False, http_methods_to_capture=())
    return {
        "dsn": dsn,
        "environment": environment,
        "release": release,
        "debug": debug,
        "traces_sampler": traces_sampler(traces_sample_rate, quiet_paths) if tracing else None,
        "integrations": [django, LoggingIntegration(level=logging.INFO, event_level=logging.ERROR)],
        "ignore_errors": [*NOISE, *ignored_errors],
        "enable_logs": enable_logs,
        "event_scrubber": scrubber,
        "before_breadcrumb": outgoing.breadcrumb,
        "before_send": outgoing.event,
        "before_send_transaction": outgoing.event,
        "before_send_log": outgoing.log,
        "transport": transport,
        "auto_session_tracking": False,
        "send_client_reports": False,
        # kent, the embedded tracker, reads no brotli, which the SDK takes as soon as that package is installed.
        "_experiments": {"transport_compression_algo": "gzip"},
    }
