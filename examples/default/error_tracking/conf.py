"""The settings that the checks and commands read. Only SENTRY_OPTIONS is required.

SENTRY_OPTIONS       the dict that `sentry_options` returned and that was passed to `sentry_sdk.init`
ENVIRONMENT          where the site runs, such as "production"; default: the environment in SENTRY_OPTIONS
ENVIRONMENTS         the valid environments; without this setting, every name is accepted
ENV_FILE             the file with the variables, named in messages
APP_PORT             the port on which the site listens on this machine
GLITCHTIP_API_TOKEN  a token for GlitchTip's API, used to find the issue of an event
"""

from typing import Any

from django.conf import settings


def options() -> dict[str, Any]:
    """Return the arguments of `sentry_sdk.init`."""
    return settings.SENTRY_OPTIONS


def environment() -> str:
    """Return the name of the environment in which the site runs."""
    return str(getattr(settings, "ENVIRONMENT", options()["environment"]))


def environments() -> tuple[str, ...]:
    """Return the valid environments; empty if every name is valid."""
    return tuple(getattr(settings, "ENVIRONMENTS", ()))


def app_port() -> int | None:
    """Return the port on which the site listens on this machine, or None if APP_PORT is not set."""
    return getattr(settings, "APP_PORT", None)


def api_token() -> str:
    """Return the token for GlitchTip's API, or "" if it is not set."""
    return str(getattr(settings, "GLITCHTIP_API_TOKEN", ""))


def where() -> str:
    """Return the place where variables are set, as the end of a message."""
    file = getattr(settings, "ENV_FILE", None)
    return f"in {file} or in the environment" if file else "in your settings"
