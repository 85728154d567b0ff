"""The settings that checks and commands read, because Django passes them no arguments. Only SENTRY_OPTIONS is required.

SENTRY_OPTIONS       what `sentry_options` returned and `sentry_sdk.init` was given
ENVIRONMENT          where the site runs, such as "production"; default: the environment in SENTRY_OPTIONS
ENVIRONMENTS         the environments that exist; without it every name is accepted
ENV_FILE             the file with the variables, for messages
APP_PORT             the port of the site on this machine
GLITCHTIP_API_TOKEN  a token for GlitchTip's API, which finds the issue of an event
"""

from typing import Any

from django.conf import settings


def options() -> dict[str, Any]:
    """Return the arguments of `sentry_sdk.init`."""
    return settings.SENTRY_OPTIONS


def environment() -> str:
    """Return where the site runs."""
    return str(getattr(settings, "ENVIRONMENT", options()["environment"]))


def environments() -> tuple[str, ...]:
    """Return the environments that exist, or nothing if any name will do."""
    return tuple(getattr(settings, "ENVIRONMENTS", ()))


def app_port() -> int | None:
    """Return the port of the site on this machine, or None if the settings do not name one."""
    return getattr(settings, "APP_PORT", None)


def api_token() -> str:
    """Return the token for GlitchTip's API, or ""."""
    return str(getattr(settings, "GLITCHTIP_API_TOKEN", ""))


def where() -> str:
    """Return where a variable is set, for the end of a message."""
    file = getattr(settings, "ENV_FILE", None)
    return f"in {file} or in the environment" if file else "in your settings"
