"""Cleans JSON data at any depth, and log messages with their arguments."""

from collections.abc import Collection
from typing import Any

from error_tracking.scrubbing.names import sensitive
from error_tracking.scrubbing.texts import clean_query, clean_text
from error_tracking.scrubbing.values import FILTERED, Known

QUERIES = {"query_string", "http.query", "url.query"}


def clean(value: Any, known: Known, hidden: Collection[str] = ()) -> Any:
    """Return a copy of JSON data without what is private at any depth, nor the values of `hidden` names."""
    if isinstance(value, str):
        return clean_text(value, known)
    if isinstance(value, dict):
        return {known.sub(name): clean_item(name, item, known, hidden) for name, item in value.items()}
    if isinstance(value, list):
        return clean_list(value, known, hidden)
    if isinstance(value, int) and clean_text(str(value), known) != str(value):
        return FILTERED
    return value


def clean_item(name: str, item: Any, known: Known, hidden: Collection[str]) -> Any:
    """Return the value of a dictionary as it is sent."""
    if (name in hidden or sensitive(name)) and item not in (None, "", [], {}):
        return FILTERED
    if name in QUERIES and isinstance(item, str):
        return clean_query(item, known)
    return clean(item, known, hidden)


def clean_list(items: list[Any], known: Known, hidden: Collection[str]) -> list[Any]:
    """Return a list as it is sent. It may be a pair of name and value, such as a header, or a command line."""
    match items:
        case [str(name), _] if sensitive(name):
            return [name, FILTERED]
    before = ["", *items]
    return [
        FILTERED if is_sensitive_flag(previous) else clean(item, known, hidden)
        for previous, item in zip(before, items, strict=False)
    ]


def is_sensitive_flag(word: Any) -> bool:
    """Return whether the next word of a command line is private, as after --api-key."""
    return isinstance(word, str) and word.strip("'").startswith("-") and "=" not in word and sensitive(word)


def clean_message(message: str, params: dict[Any, Any], known: Known) -> tuple[str, dict[Any, Any]]:
    """Return a log message and its arguments, by name or number, without those that the message must not show."""
    for name, value in params.items():
        if sensitive(str(name)) and str(value):
            message = message.replace(str(value), FILTERED)
    message = clean_text(message, known)
    return message, {name: clean(value, known) if str(value) in message else FILTERED for name, value in params.items()}
