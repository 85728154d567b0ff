"""What the Sentry SDK is told: the arguments of `sentry_sdk.init`, for the settings and the tests alike."""

import tomllib
from pathlib import Path
from typing import Any

from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.utils import BadDsn, Dsn


def dsn(value: str) -> str:
    """Return a DSN that the SDK accepts, or "".

    Raises:
        ValueError: says what is wrong, without the key.
    """
    if value:
        try:
            Dsn(value)
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


def release(pyproject: Path) -> str:
    """Return NAME@VERSION of a pyproject.toml, the form in which Sentry reads a version (its docs, "Releases")."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    return f"{project['name']}@{project['version']}"


def sentry_options(
    *, dsn: str, environment: str, release: str, debug: bool = False, traces_sample_rate: float = 0.0
) -> dict[str, Any]:
    """Return the arguments of `sentry_sdk.init`.

    A rate of 0 leaves tracing off. Sessions and client reports are off since GlitchTip stores neither.
    """
    return {
        "dsn": dsn,
        "environment": environment,
        "release": release,
        "debug": debug,
        "traces_sample_rate": traces_sample_rate or None,
        "integrations": [DjangoIntegration()],
        "ignore_errors": ["django.core.exceptions.DisallowedHost"],
        "auto_session_tracking": False,
        "send_client_reports": False,
        # kent, the embedded tracker, reads no brotli, which the SDK takes as soon as that package is installed.
        "_experiments": {"transport_compression_algo": "gzip"},
    }
