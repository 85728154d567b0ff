"""Reads variables from the environment and an env file, and says clearly which one is wrong."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


def boolean(value: str) -> bool:
    """Return True or False; ValueError for any other word, where django-environ would take it for False."""
    try:
        return BOOLEANS[value.strip().lower()]
    except KeyError:
        raise ValueError("it is neither True nor False") from None


def number(value: str) -> int:
    """Return a whole number that is not negative."""
    if not value.isdecimal():
        raise ValueError("it is not a whole number")
    return int(value)


def database(url: str) -> dict[str, Any]:
    """Return Django's settings for a database URL, such as postgres://USER:PASSWORD@HOST:5432/NAME."""
    example = "postgres://USER:PASSWORD@HOST:5432/NAME, each part percent-encoded"
    if url.split("://")[0] not in environ.Env.DB_SCHEMES:
        raise ValueError(f"it does not look like {example}")
    try:
        return environ.Env.db_url_config(url)
    except ValueError:  # its text may hold a part of the password
        raise ValueError(f"it does not look like {example}") from None


class Env(environ.Env):
    """django-environ, strict: every error names the variable and the file, and repeats no value, which may be secret."""

    def __init__(self, file: Path) -> None:
        """Read `file` if it exists; a variable that is set already wins.

        Raises:
            ImproperlyConfigured: if the file cannot be read, or holds a line that is not KEY=value.
        """
        super().__init__()
        self.file = file
        try:
            text = file.read_text(encoding="utf-8-sig") if file.exists() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(f"{file} cannot be read: {error}") from error
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip() and not line.startswith("#") and "=" not in line:
                raise ImproperlyConfigured(f"{file}, line {number}: this is not KEY=value")
        self.read_env(io.StringIO(text))

    def get_value(
        self, var: str, cast: Callable | None = None, default: Any = environ.Env.NOTSET, **options: Any
    ) -> Any:
        """Return the value of a variable.

        Raises:
            ImproperlyConfigured: if the variable is missing and has no default, or `cast` refuses its value.
        """
        where = f"set it in {self.file} or in the environment"
        if var not in self.ENVIRON and default is self.NOTSET:
            made = "" if self.file.exists() else " (python .envs/create.py makes that file)"
            raise ImproperlyConfigured(f"{var} is missing: {where}{made}")
        try:
            return super().get_value(var, cast=cast, default=default, **options)
        except (ValueError, TypeError) as error:
            raise ImproperlyConfigured(f"{var} is wrong: {error}; {where}") from error
