"""Finds secrets in free text by their assignment: password=x, "token": "x", <pin>x</pin>, Key (token)=(x).

Prose is not an assignment: "password: this field is required" and "Unexpected token: <" contain nothing private.
"""

import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from urllib.parse import unquote

from error_tracking.scrubbing.assigned import OPENING, Assignment, Span, assigned_value, quoted
from error_tracking.scrubbing.formats import find_formats
from error_tracking.scrubbing.names import Names, folded
from error_tracking.scrubbing.values import FILTERED, SOURCES, is_harmless

#: The sign between a name and its value: = : => := and, next to quotes, a comma or only a space.
SIGN = r"""(?P<rest>[\w.-]{0,100}+(?>(?:\s(?:id|no|number|code|key|address|addr|user|host|for|answer|response)\b)?))(?:
    (?P<close>(?>(?:\[\d{0,4}\])?)\\{0,15}+["'`]?+\]?+)\s{0,4}+
    (?P<sign>:\s[\w.\[\]|]{1,40}\s=(?=\s?[bru]?["'])|=>|:=|={1,2}|:{1,2}(?!//)|：|%3[AaDd](?:%20|\+)?)
    [^\S\n]{0,4}(?:\n\s{1,8}(?=(?:string\(\d{1,9}\)\s)?["']))?(?:string\(\d{1,9}\)\s)?
    |(?P<pair>\\{0,15}+["']),\s{0,4}+(?=[bru]?\\{0,15}["'])
    |(?P<told>\s(?:(?:is|was|of|to|as|by)\s)?)(?=["'`])
    )"""
BEFORE = re.compile(r"[\w.-]*+")  # a name, reversed
SPACED_WORDS = re.compile(r"(?:[^\W\d]{1,20} ){1,3}\Z")
WORD_WITH_PERCENT = re.compile(
    r"""(?<![^\s"'<>()\[\]{}&=?])[^\s"'<>()\[\]{}&=?%]{0,4000}+%[^\s"'<>()\[\]{}&=?]{1,4000}+"""
)
DELIMITERS = str.maketrans(dict.fromkeys("&;,\"'<>()[]{}|\\?", " "))
LONG_TEXT = 2000  # characters
LONG_WORD = 400  # characters
ASSIGNS = re.compile(r"""[=:<>%&'"\s]""")  # between a name and its value
#: A text with one of these may contain a secret without a name: see `formats`.
FORMAT_HINTS = ("@", "login", "identified", "simple_bind", "ugfzc3dvcmq6", "failing")
DEEPEST_ENCODING = 4  # times
MOST_ASSIGNMENTS = 300  # in one text: after these, the rest is filtered unread


@lru_cache(maxsize=1024)
def assignment(hint: str) -> re.Pattern[str]:
    """Return a pattern that finds assignments to names that contain a hint, in a lowercase text."""
    return re.compile(f"{re.escape(hint)}{SIGN}", re.VERBOSE)


def hints_in(vocabulary: str, names: Names) -> list[str]:
    """Return parts of names, one of which is in each sensitive name in `vocabulary`. Searching for them is fast."""
    lower = folded(vocabulary)
    return [hint for hint in (*names.hints, *FORMAT_HINTS) if hint in lower]


def is_hinted(text: str, hints: list[str]) -> bool:
    """Return whether `text`, a part of the text in which `hints` were found, may contain a secret."""
    if not hints or not ASSIGNS.search(text):
        return False
    lower = folded(text)
    return any(hint in lower for hint in hints)


def matches(text: str, hints: Iterable[str]) -> Iterator[re.Match[str]]:
    """Return the assignments in a text to names that contain one of `hints`, in order.

    Each hint has a pattern of its own: compiling one for each set of hints would take seconds for hostile texts.
    """
    lower = folded(text)
    found = [assignment(hint).finditer(lower) for hint in hints if hint in lower and hint not in FORMAT_HINTS]
    return found[0] if len(found) == 1 else heapq.merge(*found, key=re.Match[str].start)


def find(text: str, names: Names, hints: Iterable[str]) -> list[Span]:
    """Return the positions of private values of names that contain one of `hints`, in order and without overlaps."""
    spans = [*find_formats(text, names), *assignments(text, names, hints)]
    if "%22" in text or "%25" in text:
        spans += encoded(text, names)
    return merged(spans)


def encoded(text: str, names: Names) -> Iterator[Span]:
    """Return the percent-encoded words, encoded twice or with quotes, that contain a secret."""
    for seen, match in enumerate(WORD_WITH_PERCENT.finditer(text)):
        if seen > MOST_ASSIGNMENTS:
            yield match.start(), len(text)
            return
        decoded = match[0]
        for _ in range(DEEPEST_ENCODING):
            decoded = unquote(decoded)
        if decoded != match[0] and any(assignments(decoded, names, names.hints)):
            yield match.span()


def assignments(text: str, names: Names, hints: Iterable[str]) -> Iterator[Span]:
    """Return the positions of the private values that are assigned."""
    position = seen = 0
    in_source = 'File "' in text
    for match in matches(text, hints):
        if match.start() < position or not (found := named(text, match, names)):
            continue
        seen += 1
        if seen > MOST_ASSIGNMENTS:
            yield match.start(), len(text)
            return
        if not text.startswith(FILTERED, found.start) and (span := assigned_value(found, in_source=in_source)):
            yield span
            position = span[1]


def named(text: str, match: re.Match[str], names: Names) -> Assignment | None:
    """Return an assignment if its name is sensitive, either by itself or with the words before it; otherwise, None."""
    begin, end = match.start(), match.end("rest")
    begin -= BEFORE.match(text[max(0, begin - 100) : begin][::-1]).end()  # type: ignore[union-attr] # it always matches
    if text[begin] in "nrt" and text[begin - 1 : begin] == "\\":  # an escaped line end in a repr
        begin += 1
    name = text[begin:end]
    if not names.sensitive(name):
        if text[begin - 1 : begin] != " ":
            return None
        before = SPACED_WORDS.search(text[max(0, begin - 40) : begin])
        name = before[0] + name if before else ""
        if not names.sensitive(name):
            return None
    return Assignment(text, name, begin, match.end(), match["close"] or "", match["sign"] or "," * bool(match["pair"]))


@lru_cache(maxsize=SOURCES)
def find_in_source(code: str, names: Names) -> tuple[Span, ...]:
    """Return the positions of literals of sensitive names in source code; `request.POST["password"]` stays readable."""
    spans = []
    for match in matches(code, names.hints):
        opening = OPENING.match(code, match.end())
        if opening and match["told"] is None and named(code, match, names):
            start, end = quoted(code, opening)
            if not is_harmless(code[start:end]):
                spans.append((start, end))
    return tuple(merged(spans))


def merged(spans: list[Span]) -> list[Span]:
    """Return the spans in order, with overlapping ones merged."""
    result: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def without(text: str, spans: Sequence[Span]) -> str:
    """Return `text` with each of `spans` filtered."""
    pieces, position = [], 0
    for start, end in spans:
        pieces += [text[position:start], FILTERED]
        position = end
    return "".join([*pieces, text[position:]])


def vocabulary_of(text: str) -> str:
    """Return each word of a long text once: long texts repeat words, so their vocabulary is faster to search."""
    if len(text) < LONG_TEXT:
        return text
    found = set((text.translate(DELIMITERS) if text.isascii() else text).split())
    for word in [word for word in found if len(word) > LONG_WORD]:
        found.remove(word)
        found.update(word[start : start + LONG_WORD] for start in range(0, len(word), LONG_WORD * 3 // 4))
    return "\n".join(found)
