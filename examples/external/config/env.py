"""Reads variables from the environment and an env file, and says clearly which one is wrong."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.views.debug import SafeExceptionReporterFilter

BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


def boolean(value: str) -> bool:
    """Return True or False; ValueError for any other word."""
    try:
        return BOOLEANS[value.strip().lower()]
    except KeyError:
        raise ValueError("it is neither True nor False") from None


def number(value: str) -> int:
    """Return a whole number that is not negative; ValueError for anything else."""
    if not (value.isascii() and value.isdecimal()):
        raise ValueError("it is not a whole number")
    return int(value)


def secret(value: str) -> str:
    """Return a text; ValueError if nothing is in it."""
    if not value.strip():
        raise ValueError("it is empty")
    return value


def words(value: str) -> list[str]:
    """Return what stands between commas."""
    return [word.strip() for word in value.split(",") if word.strip()]


def database(url: str) -> dict[str, Any]:
    """Return Django's settings for a database URL, such as postgres://USER:PASSWORD@HOST:5432/NAME."""
    example = "postgres://USER:PASSWORD@HOST:5432/NAME, each part percent-encoded"
    if url.split("://")[0] not in environ.Env.DB_SCHEMES:
        raise ValueError(f"it does not look like {example}")
    try:
        config: dict[str, Any] = environ.Env.db_url_config(url)
    except ValueError:  # its text may hold a part of the password
        raise ValueError(f"it does not look like {example}") from None
    return config


class Env:
    """The variables: every error names the variable and the file, and repeats no value, which may be secret."""

    REQUIRED = object()

    def __init__(self, file: Path) -> None:
        """Read `file` with django-environ if it exists; a variable that is set already wins.

        Raises:
            ImproperlyConfigured: if the file cannot be read, or holds a line that is not KEY=value.
        """
        self.file = file
        try:
            text = file.read_text(encoding="utf-8-sig") if file.exists() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(f"{file} cannot be read: {error}") from error
        for number_of_line, line in enumerate(text.splitlines(), start=1):
            if line.strip() and not line.startswith("#") and "=" not in line:
                raise ImproperlyConfigured(f"{file}, line {number_of_line}: this is not KEY=value")
        environ.Env.read_env(io.StringIO(text))

    def secrets(self) -> list[str]:
        """Return the values of all variables whose names Django takes for those of secrets, such as *_PASSWORD."""
        names = SafeExceptionReporterFilter.hidden_settings
        return [value for name, value in os.environ.items() if names.search(name)]

    def __call__(self, variable: str, cast: Callable[[str], Any] = str, default: Any = REQUIRED) -> Any:
        """Return what `cast` makes of a variable, or `default` if it is not set.

        Raises:
            ImproperlyConfigured: if the variable is not set and has no default, or `cast` refuses its value.
        """
        where = f"set it in {self.file} or in the environment"
        value = os.environ.get(variable)
        if value is None:
            if default is not self.REQUIRED:
                return default
            made = "" if self.file.exists() else " (python .envs/create.py makes that file)"
            raise ImproperlyConfigured(f"{variable} is missing: {where}{made}")
        try:
            return cast(value)
        except ValueError as error:
            raise ImproperlyConfigured(f"{variable} is wrong: {error}; {where}") from error
