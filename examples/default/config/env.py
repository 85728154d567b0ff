"""Reads variables from the environment and an env file, and names the variable or the line that is not valid."""

import io
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

LINE = re.compile(r"(export )?\w+=(?P<value>(?!\s).*)", re.ASCII)
VALUE = re.compile(r""" "(\\.|[^"\\])*" | '[^']*' | ([^"'].*)? """, re.VERBOSE)
BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


def boolean(value: str) -> bool:
    """Return True or False.

    Raises:
        ValueError: if the value is neither.
    """
    try:
        return BOOLEANS[value.strip().lower()]
    except KeyError:
        raise ValueError("must be True or False") from None


def number(value: str) -> int:
    """Return a whole number, 0 or more.

    Raises:
        ValueError: if the value is anything else.
    """
    if not (value.isascii() and value.isdecimal()):
        raise ValueError("must be a whole number, 0 or more")
    return int(value)


def port(value: str) -> int:
    """Return a port.

    Raises:
        ValueError: if the value is not a whole number from 1 to 65535.
    """
    if not (value.isascii() and value.isdecimal() and 1 <= int(value) <= 65535):
        raise ValueError("must be a port, a whole number from 1 to 65535")
    return int(value)


def secret(value: str) -> str:
    """Return the value unchanged.

    Raises:
        ValueError: if it is empty or only spaces.
    """
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def words(value: str) -> list[str]:
    """Return the words of a comma-separated list, without empty ones."""
    return [word.strip() for word in value.split(",") if word.strip()]


def database(url: str) -> dict[str, Any]:
    """Return Django's settings for a database URL, such as postgres://USER:PASSWORD@HOST:5432/NAME.

    Raises:
        ValueError: if the URL cannot be parsed. The message does not contain it, because it holds a password.
    """
    example = "postgres://USER:PASSWORD@HOST:5432/NAME, with each part percent-encoded"
    if url.split("://")[0] not in environ.Env.DB_SCHEMES:
        raise ValueError(f"must look like {example}")
    try:
        config: dict[str, Any] = environ.Env.db_url_config(url)
    except ValueError:  # its message may contain part of the password
        raise ValueError(f"must look like {example}") from None
    return config


def line_problem(line: str) -> str:
    """Return the problem with a line that django-environ would skip or misread, or "" if the line is valid."""
    if not line.strip() or line.lstrip().startswith("#"):
        return ""
    if "\0" in line:
        return "contains null characters; save the file as UTF-8"
    if not (found := LINE.fullmatch(line)):
        return "must be KEY=value, without spaces before KEY or around ="
    value = found["value"]
    if not VALUE.fullmatch(value):
        return "a quoted value must end with the same quote, at the end of the line"
    if " #" in value and value[0] not in "\"'":
        return "put the comment on its own line; if # is part of the value, put the value in quotes"
    return ""


class Env:
    """The variables. Errors name the variable and the file, but never the value, which may be secret."""

    REQUIRED = object()

    def __init__(self, file: Path) -> None:
        """Read `file` with django-environ if it exists. Variables that are already set take precedence.

        Raises:
            ImproperlyConfigured: if the file cannot be read, or a line is not valid.
        """
        self.file = file
        try:
            text = file.read_bytes().decode("utf-8-sig") if file.exists() else ""
        except OSError as error:
            problem = f"{file} cannot be read ({error.strerror}): make it a file that this user can read"
            raise ImproperlyConfigured(problem) from None
        except UnicodeDecodeError as error:
            line_number = error.object.count(b"\n", 0, error.start) + 1
            raise ImproperlyConfigured(f"{file}, line {line_number}: not UTF-8; save the file as UTF-8") from None
        lines = text.splitlines()
        for line_number, line in enumerate(lines, start=1):
            if problem := line_problem(line):
                raise ImproperlyConfigured(f"{file}, line {line_number}: {problem}")
        environ.Env.read_env(io.StringIO("\n".join(line for line in lines if LINE.match(line))))

    def __call__(self, variable: str, cast: Callable[[str], Any] = str, default: Any = REQUIRED) -> Any:
        """Return a variable converted by `cast`, or `default` if it is not set.

        Raises:
            ImproperlyConfigured: if the variable is not set and has no default, or `cast` rejects its value.
        """
        where = f"set it in {self.file} or in the environment"
        value = os.environ.get(variable)
        if value is None:
            if default is not self.REQUIRED:
                return default
            how = "" if self.file.exists() else " (to create the file, run python scripts/create_env_files.py)"
            raise ImproperlyConfigured(f"{variable} is missing: {where}{how}")
        try:
            return cast(value)
        except ValueError as error:
            raise ImproperlyConfigured(f"{variable} is not valid: {error}; {where}") from error
