"""The scrubber's work grows linearly with the text: the steps of each pattern are counted on hard texts for it."""

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from error_tracking import scrubbing
from tests.scrubbing.steps import steps

SHORT, LONG = 150, 300  # characters
#: The limit when the text doubles: 2, plus a margin for the start. A quadratic search needs 4 times as many steps.
GROWTH = 2.6
PIECES = [
    "a",
    " ",
    "a ",
    "'",
    '"',
    "\\",
    "=",
    ": ",
    "\n",
    "(",
    "a=1 ",
    "a: b\n",
    "4 ",
    "%22",
    "é",
    "%5c",
    "&amp;",
    "zqzq\\\\",
    "zqzq''",
    '\\"',
    "''",
]


def patterns(value: Any, depth: int = 3) -> Iterator[re.Pattern[str]]:
    """Yield the patterns in a module's variable, such as a table."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, list | tuple) and depth:
        for one in value:
            yield from patterns(one, depth - 1)


def modules() -> Iterator[Any]:
    """Yield the modules of the scrubber."""
    for module in pkgutil.iter_modules(scrubbing.__path__, "error_tracking.scrubbing."):
        yield importlib.import_module(module.name)


#: These are not searched for in a text. Each is tried at one position, on a short piece, or within a match.
TRIED = """
    OPENING BARE ENCODED REST_OF_LINE REST_OF_HEADER AUTH_PARAMETERS BRACKET OBJECT ITEM BRACED IN_PAIR KEY_VALUE_LINE DEFINITION
    NEIGHBOUR SPACED_WORDS BEFORE PLAIN SENTENCE PLACEHOLDER ADDRESSES PORT SIMPLE REFERENCE WORDS
""".split()
PATTERNS = {
    pattern.pattern: (pattern, name in TRIED)
    for module in modules()
    for name, value in vars(module).items()
    for pattern in patterns(value)
}
PATTERNS["assignment"] = (importlib.import_module("error_tracking.scrubbing.texts").assignment("token"), False)
for secret in ("zqzq\\\\\\!a", "zqzq''''!a", "abcd@e !x", "ü&<\n"):
    PATTERNS[secret] = (importlib.import_module("error_tracking.scrubbing.writings").written(secret), False)


def literals(tree: Any) -> Iterator[str]:
    """Return the runs of literal characters in a pattern, each of which the text may repeat."""
    run = ""
    for kind, value in tree:
        if kind is sre.LITERAL:
            run += chr(value)
            continue
        if run:
            yield run
            run = ""
        nested = value if isinstance(value, tuple | list) else [value]
        for part in nested:
            for inner in part if isinstance(part, list) else [part]:
                if isinstance(inner, parser.SubPattern):
                    yield from literals(inner)
    if run:
        yield run


@pytest.mark.parametrize(
    ("pattern", "anchored"), PATTERNS.values(), ids=[str(number) for number in range(len(PATTERNS))]
)
def test_twice_the_text_takes_twice_the_steps(pattern: re.Pattern[str], *, anchored: bool) -> None:
    sys.setrecursionlimit(20_000)
    own = list(dict.fromkeys(literals(parser.parse(pattern.pattern, pattern.flags))))[:12]
    for piece in filter(None, [*PIECES, *own, *(f"{literal}a " for literal in own), "".join(own)[:40]]):
        start = "" if anchored else "token "
        short, long = (f"{start}{piece * (size // len(piece) + 1)}"[:size] for size in (SHORT, LONG))
        few, many = steps(pattern, short, anchored=anchored), steps(pattern, long, anchored=anchored)
        assert many < GROWTH * few + 500, f"{pattern.pattern!r} takes {few} and {many} steps for {piece!r}"
