"""Finds where an assigned value begins and ends, and whether it is private: in quotes, in brackets, or bare.

Only a limited text around a value is read, so that the time grows linearly with the text.
"""

import re
from typing import NamedTuple
from urllib.parse import unquote

from error_tracking.scrubbing.context import begins, is_code_line, is_first_of_line, is_whole_line
from error_tracking.scrubbing.names import is_chosen, words
from error_tracking.scrubbing.values import (
    SCHEMES,
    SHORTEST_NUMBER,
    is_folder,
    is_harmless,
    is_plain,
    is_reference,
    is_sentence,
)

Span = tuple[int, int]


class Assignment(NamedTuple):
    """A sensitive name in a text, and the sign after it. The name begins at `begin`, its value at `start`."""

    text: str
    name: str
    begin: int
    start: int
    close: str  # the quote after the name
    sign: str  # such as "=", or "," between the quoted items of a pair, or "" between a name and a quote


OPENING = re.compile(r"[bruBRU]{0,2}(?P<quote>\\{0,15}(?:\"{3}|'{3}|[\"'`]))")
#: Up to a space or delimiter. Delimiters within a word belong to it, as in p@ss,w(rd).
BARE = re.compile(
    r"(?:(?:"
    + "|".join([*SCHEMES, "aws4-hmac-sha256"])
    + r""")\s{1,4})?
    (?>(?:[^\s&;,"'`<>()\[\]{}\\]|,(?![\s]|$|[\w.-]{1,40}[=:])|[)\]}>"'`(\[{<](?=[\w!@#$%^*?-])(?<=[^\s=:]['")\]}>(\[{<`])
    |\\(?!\\{0,15}[nrt"']|u00)|&(?=[\s\#])){1,10000})""",
    re.IGNORECASE | re.VERBOSE,
)
ENCODED = re.compile(r"(?>(?:[^\s%&\"'<>]|%(?!26|3[Bb]|0[AaDd]|22|7[Dd]|2[Cc])[0-9A-Fa-f]{2}){1,10000})")
REST_OF_LINE = re.compile(r"(?>(?:[^\r\n\\]|\\(?!\\{0,15}[rn])){1,400})")
REST_OF_HEADER = re.compile(r"(?>(?:[^\r\n\\\"']|\\(?!\\{0,15}[rn\"'])){1,10000})")
AUTH_PARAMETERS = re.compile(
    r"""\w{1,30}\s(?>(?:\s?,?\s?[\w-]{1,40}=(?:\\?"[^"\n]{0,2000}"|[^\s,"]{1,2000})){1,100})"""
)
QUOTED = r"""(?:"(?>(?:[^"\\]|\\.)*)"|'(?>(?:[^'\\]|\\.)*)')"""
BRACKET = re.compile(rf"""[(\[](?>(?:[^()\[\]"']|\((?>(?:[^()\[\]"']|{QUOTED})*)\)|{QUOTED})*)[)\]]?""")
OBJECT = re.compile(rf"""\x7b(?>(?:[^\x7b\x7d"']|{QUOTED})*)\x7d?""")
ITEM = re.compile(r"\"((?>(?:[^\"\\]|\\.)*))\"|'((?>(?:[^'\\]|\\.)*))'|([^\s,=:(){}\[\]\"']+)")
BRACED = re.compile(r"\{(?>(?:[^{}\"':\n]|\}\}){1,200})\}")  # ODBC: PWD={x;y}
IN_PAIR = re.compile(r"[(\[]b?\\{0,15}['\"]\Z")
NEIGHBOUR = re.compile(r"(?<!\w)\w{1,40}:[^\s:]{1,60} \Z")  # Go: {User:ada Password:x}
MOST_QUOTES = 20  # searched for the end of a value


def assigned_value(assignment: Assignment, *, in_source: bool) -> Span | None:
    """Return the position of the value of an assignment, or None if it is not a secret."""
    text, start = assignment.text, assignment.start
    if opening := OPENING.match(text, start):
        return quoted_value(assignment, opening)
    if assignment.sign in ("", ","):
        return None
    first = text[start : start + 1]
    if first in ("[", "(") or first == "{" and assignment.close:
        return bracketed(assignment)
    if first == "{":
        found = BRACED.match(text, start)
        return (start + 1, found.end() - 1) if found and not is_harmless(found[0]) else None
    if in_source and is_code_line(text, assignment.begin):
        return None
    return bare_value(assignment)


def quoted_value(assignment: Assignment, opening: re.Match[str]) -> Span | None:
    """Return the position of a value in quotes, or None if it is a message or part of prose."""
    text, begin, sign = assignment.text, assignment.begin, assignment.sign
    start, end = quoted(text, opening)
    value = text[start:end]
    if is_reference(value) or is_sentence(value):
        return None
    if sign == ",":
        after = end + len(opening["quote"])
        is_item = IN_PAIR.search(text[max(0, begin - 20) : begin]) and text[after : after + 1] in (")", "]")
        return (start, end) if is_item and not is_plain(value) else None
    in_prose = not (assignment.close or sign.endswith(("=", "=>")) or begins(text, begin))
    if not sign or in_prose:
        return None if all(map(is_plain, value.split())) else (start, end)
    return start, end


def quoted(text: str, opening: re.Match[str]) -> Span:
    """Return the span between an opening quote and its closing quote, or up to the end of the line without one."""
    mark, start = opening["quote"], opening.end()
    at = start
    for _ in range(MOST_QUOTES):
        if (at := text.find(mark, at)) < 0:
            break
        before = text[max(start, at - 20) : at]
        backslashes = len(before) - len(before.rstrip("\\"))
        after = text[at + len(mark) : at + len(mark) + 1]
        doubled = after == mark and at > start  # SQL and YAML escape a quote in this way
        if not (backslashes % 2 or mark[0] == "\\" and backslashes or after.isalnum() or doubled):
            return start, at
        at += 2 * len(mark) if doubled else len(mark)
    end = text.find("\n", start)
    return start, end if end >= 0 else len(text)


def bracketed(assignment: Assignment) -> Span | None:
    """Return the position of the items of a list or object, or None if they are messages or names."""
    is_object = assignment.text[assignment.start] == "{"
    found = (OBJECT if is_object else BRACKET).match(assignment.text, assignment.start)
    if not found:
        return None
    values = ["".join(item) for item in ITEM.findall(found[0])]
    if all(is_harmless(value) or is_plain(value) for value in values) and (
        is_object or not assignment.close or any(map(is_harmless, values))
    ):
        return None
    return found.start() + 1, found.end() - (found[0][-1] in ")]}")


def bare_value(assignment: Assignment) -> Span | None:
    """Return the position of a value without quotes, or None if it is a placeholder or prose."""
    text, name, begin, start, close, sign = assignment
    if sign.startswith("%"):
        found = ENCODED.match(text, start)
        return found.span() if found and not is_harmless(unquote(found[0])) else None
    if sign == ":" and not close and (last := words(name)[-1]) in ("cookie", "authorization"):
        return header_value(text, start, last)
    found = BARE.match(text, start)
    if not found:
        return None
    value = found[0].rstrip(".:!?")
    end = start + len(value)
    is_call = text[end : end + 1] in ("(", "[") and value.replace(".", "").isidentifier()
    if is_harmless(value) or is_call or is_folder(name, value):
        return None
    line = (REST_OF_LINE.match(text, start) or found)[0]
    first_of_line = not close and is_first_of_line(text, begin)
    if first_of_line and is_whole_line(text, begin, start, sign, line):
        return start, start + max(len(line.split(" #")[0].rstrip()), len(value))
    after_space = text[start - 1].isspace()
    if sign.endswith(("=", "=>")):
        in_prose = after_space and is_plain(value) and " " in line.strip() and not first_of_line
        return None if in_prose else (start, end)
    if close:
        return (start, end) if value.isdecimal() or not is_plain(value) else None
    if not after_space and NEIGHBOUR.search(text[max(0, begin - 100) : begin]):
        return start, end
    in_structure = is_chosen(name) or text[max(0, begin - 9) : begin].rstrip(" ")[-1:] in ("{", ",", "'", '"')
    return (start, end) if is_telling(value) or in_structure and "-" in value else None


def header_value(text: str, start: int, name: str) -> Span | None:
    """Return the position of a header's value, the rest of its line or quoted text, or None if it is not private."""
    found = AUTH_PARAMETERS.match(text, start) or REST_OF_HEADER.match(text, start)
    if not found:
        return None
    is_private = "=" in found[0] if name == "cookie" else is_credential(found[0])
    return found.span() if is_private else None


def is_credential(header: str) -> bool:
    """Return whether a header's value is a credential: a token that is not a word, with or without a scheme."""
    first, *rest = header.split(maxsplit=2) or [""]
    if first.lower() in SCHEMES:
        return bool(rest) and not is_plain(rest[0]) and not is_harmless(rest[0])
    return any(is_telling(word) and not is_harmless(word) for word in (first, *rest[:1]))


def is_telling(value: str) -> bool:
    """Return whether a word after a colon is not prose: it contains a digit, or is not an ordinary word."""
    if value.isdecimal():
        return len(value) >= SHORTEST_NUMBER
    has_digit = any(letter.isdigit() for letter in value[:100])
    return has_digit and len(value) >= SHORTEST_NUMBER or not all(map(is_plain, value.split("-")))
