"""Finds secrets in environment variables."""

from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

from error_tracking.scrubbing.names import Names
from error_tracking.scrubbing.values import is_folder, is_plain


def secrets_in(variables: Mapping[str, str], sensitive_names: Iterable[str] = ()) -> list[str]:
    """Return the values of variables with sensitive names, and the passwords in URLs, such as the one in DATABASE_URL.

    Ordinary words are left out: filtering the password "postgres" would make messages about PostgreSQL unreadable.
    """
    names = Names(sensitive_names)
    found = []
    for name, value in variables.items():
        if "://" in value:
            found.append(password_in(value))
        elif names.sensitive(name) and not is_folder(name, value):
            found.append(value)
    return [value for value in found if not is_plain(value)]


def password_in(url: str) -> str:
    """Return the password in a URL, or "" if the URL does not contain one."""
    try:
        return unquote(urlsplit(url).password or "")
    except ValueError:  # not a URL
        return ""
