"""Turns EMAIL_URL, ADMINS and DEFAULT_FROM_EMAIL into Django's mail settings."""

from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

import django
import environ
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

SCHEMES = ("smtp", "smtp+tls", "smtp+ssl")
SECONDS = 10  # after which a mail server that does not respond is given up


def email_url(url: str) -> str:
    """Return the URL of a mail server, or "" for none.

    Raises:
        ValueError: if the URL cannot be parsed. The message does not contain it, because it holds a password.
    """
    if url in ("", "consolemail://"):
        return ""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in SCHEMES and parts.hostname and parts.port and not (parts.path.strip("/") or parts.query)
    except ValueError:
        valid = False
    if not valid:
        raise ValueError(
            "must look like smtp+tls://USER:PASSWORD@HOST:587, smtp+ssl://USER:PASSWORD@HOST:465 or smtp://HOST:25,"
            " with each part percent-encoded"
        )
    return url


def mail_settings(url: str) -> dict[str, Any]:
    """Return MAILERS for a URL that `email_url` accepts; before Django 6.1, EMAIL_*. Without a URL, mail is printed."""
    backend, options = "django.core.mail.backends.console.EmailBackend", {}
    if url:
        config = environ.Env.email_url_config(url)  # GlitchTip reads the same URL with the same function
        backend = config["EMAIL_BACKEND"]
        options = {
            "host": config["EMAIL_HOST"],
            "port": config["EMAIL_PORT"],
            "username": config["EMAIL_HOST_USER"] or "",
            "password": config["EMAIL_HOST_PASSWORD"] or "",
            "use_tls": config.get("EMAIL_USE_TLS", False),
            "use_ssl": config.get("EMAIL_USE_SSL", False),
            "timeout": SECONDS,
        }
    if django.VERSION >= (6, 1):
        return {"MAILERS": {"default": {"BACKEND": backend, "OPTIONS": options}}}
    names = {"username": "EMAIL_HOST_USER", "password": "EMAIL_HOST_PASSWORD"}
    return {
        "EMAIL_BACKEND": backend,
        **{names.get(name, f"EMAIL_{name.upper()}"): value for name, value in options.items()},
    }


def sender(value: str) -> str:
    """Return an e-mail address, which may have a name: Shop <shop@example.com>.

    Raises:
        ValueError: if it is anything else.
    """
    try:
        validate_email(parseaddr(value)[1])
    except ValidationError:
        raise ValueError("must be an e-mail address, such as shop@example.com or Shop <shop@example.com>") from None
    return value


def addresses(value: str) -> list[str]:
    """Return the e-mail addresses of a comma-separated list.

    Raises:
        ValueError: if one of them is not an e-mail address.
    """
    found = [address.strip() for address in value.split(",") if address.strip()]
    try:
        for address in found:
            validate_email(address)
    except ValidationError:
        raise ValueError("must be e-mail addresses, separated by commas") from None
    return found


def admins(found: list[str]) -> list[Any]:
    """Return the value of Django's ADMINS: addresses, or pairs of name and address before Django 6.0."""
    return [*found] if django.VERSION >= (6, 0) else [("", address) for address in found]
