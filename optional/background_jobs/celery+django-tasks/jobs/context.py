"""Describes a job in its events."""

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from typing import Any

from sentry_sdk.utils import safe_repr

LONGEST = 1_000


def arguments(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return a job's arguments by name, so that those with sensitive names are removed from events.

    If they do not fit the function, because another version of the code queued the job, only their values are missing.
    """
    try:
        return dict(signature(function).bind(*args, **kwargs).arguments)
    except TypeError:
        return {"args": f"{len(args)} values that do not fit the function", **kwargs}


def job_context(name: str, job_id: str, named_arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the context `job` of an event: the job's dotted name, its ID and its arguments. Long ones are cut."""
    return {"name": name, "id": job_id, "arguments": {key: cut(value) for key, value in named_arguments.items()}}


def cut(value: Any, levels: int = 5) -> Any:
    """Return a value with at most `LONGEST` characters or items in each of its parts: trackers reject large events."""
    if isinstance(value, (str, bytes)):
        return value[:LONGEST]
    if isinstance(value, dict) and levels:
        return {key: cut(part, levels - 1) for key, part in list(value.items())[:LONGEST]}
    if isinstance(value, (list, tuple)) and levels:
        return [cut(part, levels - 1) for part in value[:LONGEST]]
    return value if isinstance(value, (int, float, bool, type(None))) else safe_repr(value)[:LONGEST]
