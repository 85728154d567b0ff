"""Decides which items of dictionaries and lists in JSON data are private, and under which names they are."""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from error_tracking.scrubbing.names import Names
from error_tracking.scrubbing.values import is_folder, is_harmless, is_plain, is_reference, is_sentence

#: Endings of keys whose values are names, as in {"name": "token", "value": "x"}.
NAMES = ("name", "key", "field", "header", "path")
#: Keys under which a private object contains the private value itself.
VALUES = {"value", "raw", "plain", "current", "data", "text"}
KEY = "private key"
LONGEST_INTEGER = 10_000  # bits: `str` raises ValueError for more than 4,300 digits
WORDS = re.compile(r"[A-Za-z_. -]*")


#: The dictionary or list that contains a value, the key, the name or "", and the value.
Item = tuple[Any, Any, str, Any]


class Slot(NamedTuple):
    """A text, its position, and its kind: "text", "source", "query", "repr", "bytes", "number" or "key"."""

    holder: Any
    key: Any
    text: str
    kind: str

    @property
    def what(self) -> tuple[str, str]:
        """Return the text and how it is cleaned: as "source" or "query", and as "text" for all other kinds."""
        return self.text, self.kind if self.kind in ("source", "query") else "text"


def items(container: dict[str, Any] | list[Any]) -> list[Item]:
    """Return the items of a dictionary or list. In a list, a name may be in a pair, or in the option before a value."""
    if isinstance(container, dict):
        if told := described_name(container):
            return [(container, key, told if is_value_key(key) else key, value) for key, value in container.items()]
        return [(container, key, key, value) for key, value in container.items()]
    if is_pair(container) and not is_plain(unquoted(str(container[1]))):
        return [(container, 0, "", container[0]), (container, 1, unquoted(container[0]), container[1])]
    if len(container) > 1 and all(map(is_pair, container)):
        pairs = [((pair, 0, "", pair[0]), (pair, 1, unquoted(pair[0]), pair[1])) for pair in container]
        return [item for pair in pairs for item in pair]
    before, found = "", []
    for number, value in enumerate(container):
        found.append((container, number, before, value))
        before = name_of_next(value, before)
    return found


@lru_cache(maxsize=4096)
def is_word(key: str) -> bool:
    """Return whether a key consists only of words, so that it is not a secret."""
    return WORDS.fullmatch(key) is not None


@lru_cache(maxsize=4096)
def is_value_key(key: str) -> bool:
    """Return whether another key may contain the name of the value under this key."""
    return key[-5:].lower() == "value"


def described_name(container: dict[str, Any]) -> str:
    """Return the name that one item of a dictionary gives to another, or "" if it does not name one."""
    if not any(map(is_value_key, container)):
        return ""
    told = (item for key, item in container.items() if isinstance(item, str) and key.lower().endswith(NAMES))
    return unquoted(next(told, ""))


def name_of_next(item: Any, before: str) -> str:
    """Return the name that a list item gives to the next: an option such as --api-key, or KEY in a private key."""
    word = unquoted(item) if isinstance(item, str) else ""
    if word.startswith("-----BEGIN") and "PRIVATE KEY" in word and "\n" not in word:
        return KEY
    if before == KEY and not word.startswith("-----END"):
        return KEY
    return word if word.startswith("-") and "=" not in word else ""


def is_pair(item: Any) -> bool:
    """Return whether an item is a list of a name and a value, such as a header."""
    return (
        isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and not isinstance(item[1], dict | list)
    )


def unquoted(text: str) -> str:
    """Return the text or the decoded bytes that a repr represents, or `text` itself if it is not a repr."""
    if len(text) < 2 or text[-1] not in "'\"" or text[0] not in "'\"b" or text[:-1].endswith("..."):
        return text
    if "\\" not in text and text[0] != "b":
        return text[1:-1] if text[0] == text[-1] else text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def as_text(number: int) -> str:
    """Return a large integer as text. JSON parsers reject it, and `str` raises ValueError for the largest."""
    return str(number) if number.bit_length() < LONGEST_INTEGER else f"<integer of {number.bit_length()} bits>"


def leaves(value: Any) -> Iterator[str]:
    """Return the texts in a value, and its numbers as texts."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from leaves(one)
    elif value is not None and not isinstance(value, bool):
        yield unquoted(str(value))


def is_private(name: str, value: Any) -> bool:
    """Return whether a value under a sensitive name is private, which an empty value, reference or message is not."""
    if isinstance(value, list):
        return not any(isinstance(one, dict) for one in value) and any(
            not isinstance(one, str) or is_private(name, one) for one in value
        )
    if not isinstance(value, str):
        return not isinstance(value, dict)
    text = unquoted(value)
    return not (is_folder(name, text) or is_sentence(text) or is_reference(text))


def is_private_inside(name: str, value: Any, names: Names) -> bool:
    """Return whether a value within a private object is private itself; in a session, the currency is not."""
    if isinstance(value, dict | list):
        return False
    if name in VALUES:
        return is_private(name, value)
    text = unquoted(str(value))
    return not (is_plain(text) or is_harmless(text) or names.sensitive(text))


def write(slot: Slot, text: str) -> None:
    """Replace the text of a slot with a cleaned text."""
    if slot.kind == "key":
        others = sum(key.startswith(text) for key in slot.holder)
        slot.holder[f"{text} {others + 1}" if others else text] = slot.holder.pop(slot.text, None)
    elif slot.kind == "bytes":
        slot.holder[slot.key] = f"b{text!r}"
    else:
        slot.holder[slot.key] = repr(text) if slot.kind == "repr" else text
