"""The settings that the checks and commands read. Only SENTRY_OPTIONS is required.

SENTRY_OPTIONS       the dict that `sentry_options` returned and that was passed to `sentry_sdk.init`
ENVIRONMENT          where the site runs, such as "production"; default: the environment in SENTRY_OPTIONS
ENVIRONMENTS         the valid environments; without this setting, every name is accepted
ENV_FILE             the file with the variables, named in messages
APP_PORT             the port on which the site listens on this machine
GLITCHTIP_API_TOKEN  a token for GlitchTip's API, used to find issues, alert rules and heartbeat monitors
TRACKER_URL          the address at which people open the tracker, if it is not that of the DSN
HEARTBEATS           for each monitored job, the seconds between two heartbeats, or the URL that receives them
MAILPIT_URL          the address of a Mailpit that receives all mail of this machine, used to wait for an alert
ADMINS, MAILERS, EMAIL_BACKEND, EMAIL_HOST  Django's own: who is notified of waiting events, and how
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


def heartbeats() -> dict[str, int | str]:
    """Return the monitored jobs: the seconds between two heartbeats, or the URL that receives them."""
    return dict(getattr(settings, "HEARTBEATS", {}))


def mailpit() -> str:
    """Return the address of Mailpit, or "" if MAILPIT_URL is not set."""
    return str(getattr(settings, "MAILPIT_URL", ""))


def has_mail_server() -> bool:
    """Return whether mail leaves this machine, as far as the settings say."""
    if mailers := getattr(settings, "MAILERS", None):  # since Django 6.1, which warns if the others are read
        backend = mailers.get("default", {}).get("BACKEND", "")
    elif settings.is_overridden("EMAIL_BACKEND"):  # type: ignore[misc]  # django-stubs lacks it
        backend = settings.EMAIL_BACKEND
    else:
        backend = "smtp" if settings.is_overridden("EMAIL_HOST") else ""  # type: ignore[misc]
    silent = ("", "console.EmailBackend", "dummy.EmailBackend", "filebased.EmailBackend", "locmem.EmailBackend")
    return backend.removeprefix("django.core.mail.backends.") not in silent


def sends_mail() -> bool:
    """Return whether the site can mail ADMINS."""
    return bool(settings.ADMINS) and has_mail_server()


def public_url(url: str, address: str) -> str:
    """Return the URL of a page of the tracker at `address`, as people open it (TRACKER_URL, if set)."""
    return url.replace(address, str(getattr(settings, "TRACKER_URL", "")) or address, 1)


def where() -> str:
    """Return the place where variables are set, as the end of a message."""
    file = getattr(settings, "ENV_FILE", None)
    return f"in {file} or in the environment" if file else "in your settings"
