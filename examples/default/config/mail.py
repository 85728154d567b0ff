"""Turns EMAIL_URL, ADMINS and DEFAULT_FROM_EMAIL into Django's mail settings."""

from email import policy
from typing import Any
from urllib.parse import urlsplit

import django
import environ
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from config.env import words

SCHEMES = ("smtp", "smtp+tls", "smtp+ssl", "consolemail")
SECONDS = 10  # after which a mail server that does not respond is given up
OPTIONS = {
    "host": "EMAIL_HOST",
    "port": "EMAIL_PORT",
    "username": "EMAIL_HOST_USER",
    "password": "EMAIL_HOST_PASSWORD",
    "use_tls": "EMAIL_USE_TLS",
    "use_ssl": "EMAIL_USE_SSL",
}


def mail(url: str) -> dict[str, Any]:
    """Return MAILERS for the URL of a mail server; before Django 6.1, EMAIL_*. Without a URL, mail is printed.

    Raises:
        ValueError: if the URL cannot be parsed. The message does not contain it, because it holds a password.
    """
    url = url or "consolemail://"
    try:
        parts = urlsplit(url)
        server = parts.hostname and parts.port and not (parts.path.strip("/") or parts.query or parts.fragment)
        valid = parts.scheme in SCHEMES and (server or url == "consolemail://")
    except ValueError:
        valid = False
    if not valid:
        raise ValueError(
            "must look like smtp+tls://USER:PASSWORD@HOST:587, smtp+ssl://USER:PASSWORD@HOST:465 or smtp://HOST:25,"
            " with each part percent-encoded"
        )
    found = environ.Env.email_url_config(url)
    if not f"{found['EMAIL_HOST_USER']}{found['EMAIL_HOST_PASSWORD']}".isascii():
        raise ValueError("must have a user and a password in ASCII, because Python's SMTP login requires it")
    if django.VERSION < (6, 1):
        return {**found, "EMAIL_TIMEOUT": SECONDS}
    options = {option: found[name] for option, name in OPTIONS.items() if found.get(name)}
    timeout = {"timeout": SECONDS} if options else {}
    return {"MAILERS": {"default": {"BACKEND": found["EMAIL_BACKEND"], "OPTIONS": options | timeout}}}


def sender(value: str) -> str:
    """Return an e-mail address, which may have a name: Shop <shop@example.com>.

    Raises:
        ValueError: if it is anything else.
    """
    header = policy.default.header_factory("From", value) if value.isprintable() else None
    try:
        if header is None or header.defects or [group.display_name for group in header.groups] != [None]:
            raise ValidationError("")
        validate_email(header.addresses[0].addr_spec)
    except ValidationError:
        raise ValueError("must be an e-mail address, such as shop@example.com or Shop <shop@example.com>") from None
    return value


def admins(value: str) -> list[Any]:
    """Return ADMINS from a comma-separated list: addresses, or pairs of name and address before Django 6.0.

    Raises:
        ValueError: if one of them is not an e-mail address.
    """
    try:
        for address in words(value):
            validate_email(address)
    except ValidationError:
        raise ValueError("must be e-mail addresses, separated by commas") from None
    return words(value) if django.VERSION >= (6, 0) else [("", address) for address in words(value)]
