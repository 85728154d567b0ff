"""Count the steps of a regular expression on a text, because run times depend on the machine.

This is a backtracking matcher for the syntax trees of Python's own parser. It has none of the shortcuts of `re`, such
as searching for a literal first, so it needs at least as many steps.
"""

import itertools
import re
from collections.abc import Callable, Iterator
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

LETTERS = (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN)
REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
#: A repetition of at most CONSTANT is a constant factor in the work. SHRUNK replaces it, to show other growth.
CONSTANT, SHRUNK = 400, 10
CATEGORIES: dict[Any, Callable[[str], bool]] = {
    sre.CATEGORY_DIGIT: str.isdecimal,
    sre.CATEGORY_SPACE: str.isspace,
    sre.CATEGORY_WORD: lambda letter: letter.isalnum() or letter == "_",
}
OPPOSITES = {
    sre.CATEGORY_NOT_DIGIT: sre.CATEGORY_DIGIT,
    sre.CATEGORY_NOT_SPACE: sre.CATEGORY_SPACE,
    sre.CATEGORY_NOT_WORD: sre.CATEGORY_WORD,
}


def steps(pattern: re.Pattern[str], text: str, *, anchored: bool = False) -> int:
    """Return the number of steps to find all matches of `pattern` in `text`, or only a match at its start."""
    matcher = Matcher(pattern, text)
    at = 0
    if anchored:
        next(matcher.ends(matcher.tree, 0, at), None)
        return matcher.steps
    while at <= len(text):
        end = next(matcher.ends(matcher.tree, 0, at), None)
        at = end if end is not None and end > at else at + 1
    return matcher.steps


class Matcher:
    """Match one pattern on one text."""

    def __init__(self, pattern: re.Pattern[str], text: str) -> None:
        """Parse the pattern."""
        self.tree = list(parser.parse(pattern.pattern, pattern.flags))
        self.ignore_case = bool(pattern.flags & re.IGNORECASE)
        self.dot_all, self.multiline = bool(pattern.flags & re.DOTALL), bool(pattern.flags & re.MULTILINE)
        self.text = text.lower() if self.ignore_case else text
        self.groups: dict[int, tuple[int, int]] = {}
        self.steps = 0

    def ends(self, items: list[Any], index: int, at: int) -> Iterator[int]:
        """Return where a match of `items[index:]` at `at` may end, in the order in which `re` tries them."""
        if index == len(items):
            yield at
            return
        for end in self.one(items[index], at):
            yield from self.ends(items, index + 1, end)

    def one(self, item: Any, at: int) -> Iterator[int]:
        """Return where a match of one item may end."""
        kind, value = item
        self.steps += 1
        if kind in LETTERS:
            if at < len(self.text) and self.is_letter(kind, value, self.text[at]):
                yield at + 1
        elif kind in REPEATS:
            yield from self.repeat(kind, value, at)
        elif kind is sre.BRANCH:
            for branch in value[1]:
                yield from self.ends(list(branch), 0, at)
        elif kind is sre.SUBPATTERN:
            for end in self.ends(list(value[-1]), 0, at):
                self.groups[value[0]] = (at, end)
                yield end
        elif kind is sre.ATOMIC_GROUP:
            yield from itertools.islice(self.ends(list(value), 0, at), 1)
        else:
            yield from self.without_letters(kind, value, at)

    def without_letters(self, kind: Any, value: Any, at: int) -> Iterator[int]:
        """Return where a match of a position, a lookaround or a group reference ends."""
        if kind is sre.GROUPREF:
            start, end = self.groups.get(value, (0, 0))
            if self.text.startswith(self.text[start:end], at):
                yield at + end - start
        elif kind is sre.AT:
            if self.is_at(value, at):
                yield at
        else:
            direction, items = value
            start = at if direction > 0 else at - items.getwidth()[0]
            found = start >= 0 and next(self.ends(list(items), 0, start), None) is not None
            if found == (kind is sre.ASSERT):
                yield at

    def repeat(self, kind: Any, value: Any, at: int) -> Iterator[int]:
        """Return where a repetition may end."""
        least, most, items = value[0], value[1], list(value[2])
        if most <= CONSTANT:
            least, most = min(least, SHRUNK), min(most, SHRUNK)
        if kind is sre.POSSESSIVE_REPEAT:
            count, end = 0, at
            while count < most and (found := next(self.ends(items, 0, end), end)) > end:
                count, end = count + 1, found
            if count >= least:
                yield end
            return
        if len(items) == 1 and items[0][0] in LETTERS:
            longest = at
            while longest - at < most and next(self.one(items[0], longest), None):
                longest += 1
            ends = range(at + least, longest + 1)
            for end in ends if kind is sre.MIN_REPEAT else reversed(ends):
                self.steps += 1
                yield end
        elif kind is sre.MIN_REPEAT:
            yield from self.shortest_first(items, least, most, at)
        else:
            yield from self.longest_first(items, least, most, at)

    def longest_first(self, items: list[Any], least: int, most: int, at: int) -> Iterator[int]:
        """Return where a greedy repetition may end."""
        if most:
            for end in self.ends(items, 0, at):
                if end > at:
                    yield from self.longest_first(items, max(least - 1, 0), most - 1, end)
        if not least:
            yield at

    def shortest_first(self, items: list[Any], least: int, most: int, at: int) -> Iterator[int]:
        """Return where a lazy repetition may end."""
        if not least:
            yield at
        if most:
            for end in self.ends(items, 0, at):
                if end > at:
                    yield from self.shortest_first(items, max(least - 1, 0), most - 1, end)

    def is_letter(self, kind: Any, value: Any, letter: str) -> bool:
        """Return whether an item matches one character."""
        if kind is sre.ANY:
            return self.dot_all or letter != "\n"
        if kind is sre.IN:
            return any(self.is_in(one, what, letter) for one, what in value if one is not sre.NEGATE) != (
                value[0][0] is sre.NEGATE
            )
        return (letter == self.lower(value)) == (kind is sre.LITERAL)

    def is_in(self, kind: Any, value: Any, letter: str) -> bool:
        """Return whether a part of a character set contains a character."""
        if kind is sre.RANGE:
            return value[0] <= ord(letter) <= value[1] or (
                self.ignore_case and value[0] <= ord(letter.upper()) <= value[1]
            )
        if kind is sre.CATEGORY:
            return not CATEGORIES[OPPOSITES[value]](letter) if value in OPPOSITES else CATEGORIES[value](letter)
        return letter == self.lower(value)

    def lower(self, code: int) -> str:
        """Return a literal, in lower case if case is ignored."""
        return chr(code).lower() if self.ignore_case else chr(code)

    def is_at(self, where: Any, at: int) -> bool:
        """Return whether a position is of the given kind, such as the start of a line."""
        before, after = self.text[at - 1 : at] if at else "", self.text[at : at + 1]
        if where in (sre.AT_BOUNDARY, sre.AT_NON_BOUNDARY):
            is_word = CATEGORIES[sre.CATEGORY_WORD]
            return (bool(before and is_word(before)) != bool(after and is_word(after))) == (where is sre.AT_BOUNDARY)
        if where is sre.AT_BEGINNING:
            return not before or (self.multiline and before == "\n")
        if where is sre.AT_END:
            return not after or (self.multiline and after == "\n")
        return not before if where is sre.AT_BEGINNING_STRING else not after
