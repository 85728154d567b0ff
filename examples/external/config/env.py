"""Reads variables from the environment and an env file, and says clearly which one is wrong."""

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


def port(value: str) -> int:
    """Return a port; ValueError for anything else."""
    if not (value.isascii() and value.isdecimal() and 1 <= int(value) <= 65535):
        raise ValueError("it is not a port, a whole number from 1 to 65535")
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


def line_problem(line: str) -> str:
    """Return what is wrong with a line of an env file, "" for nothing: what django-environ would leave out or misread."""
    if not line.strip() or line.lstrip().startswith("#"):
        return ""
    if "\0" in line:
        return "this is not text: save the file as UTF-8"
    if not (found := LINE.fullmatch(line)):
        return "this is not KEY=value, with no space before KEY and around ="
    value = found["value"]
    if not VALUE.fullmatch(value):
        return "what is in quotes must end with the same quote, and with the line"
    if " #" in value and value[0] not in "\"'":
        return "a comment stands on a line of its own; put a value that holds # in quotes"
    return ""


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
            text = file.read_bytes().decode("utf-8-sig") if file.exists() else ""
        except OSError as error:
            problem = f"{file} cannot be read ({error.strerror}): it must be a file that this user can read"
            raise ImproperlyConfigured(problem) from None
        except UnicodeDecodeError as error:
            line_number = error.object.count(b"\n", 0, error.start) + 1
            raise ImproperlyConfigured(f"{file}, line {line_number}: this is not UTF-8: save it as UTF-8") from None
        lines = text.splitlines()
        for line_number, line in enumerate(lines, start=1):
            if problem := line_problem(line):
                raise ImproperlyConfigured(f"{file}, line {line_number}: {problem}")
        environ.Env.read_env(io.StringIO("\n".join(line for line in lines if LINE.match(line))))

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
            made = "" if self.file.exists() else " (python scripts/create_env_files.py makes that file)"
            raise ImproperlyConfigured(f"{variable} is missing: {where}{made}")
        try:
            return cast(value)
        except ValueError as error:
            raise ImproperlyConfigured(f"{variable} is wrong: {error}; {where}") from error
