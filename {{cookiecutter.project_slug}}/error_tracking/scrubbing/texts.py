"""Cleans free text: values behind a sensitive name, known secrets, and what looks like a secret."""

import re
from urllib.parse import parse_qsl, urlencode

from error_tracking.scrubbing.names import NAME, hinted, sensitive
from error_tracking.scrubbing.shapes import without_shapes, without_userinfo
from error_tracking.scrubbing.values import FILTERED, Known

# A value in a text is quoted, in brackets, or ends at a space.
QUOTED = r"""[bruf]{0,2}(?P<quote>\\{0,4}["'])(?:(?!(?P=quote)).)*(?:(?P=quote)|$)"""
VALUE = f"(?:{QUOTED}" + r"""|[\[({][^\])}]*|(?:(?:bearer|basic|digest)\s)?[^\s&;,)\]}'"\\]+)"""
# name=value, "name": "value", ('name', 'value') and --name value
SIGN = r"""(?:\\{0,4}["']?\]?\s{0,4}[=:]\s{0,4}|\\{0,4}["'],\s{0,4})"""
FLAG = r"(?<![\w-])--?[\w-]{0,40}?" + NAME + r"\s{1,4}"
ASSIGNED = re.compile(f"({NAME}{SIGN}|{FLAG}){VALUE}", re.I | re.S)
# In a line of source code only a literal is a value.
LITERAL = re.compile(rf"""({NAME}["']?\]?\s?[=:]\s?|["']{NAME}["'],\s?){QUOTED}""", re.I)
SQL_LITERAL = re.compile(r"'(?:[^']|'')*'")


def clean_text(text: str, known: Known) -> str:
    """Return `text` without the `known` secrets and without what looks like one."""
    text = known.sub(text)
    if hinted(text):
        text = ASSIGNED.sub(rf"\1{FILTERED}", text)
    return without_shapes(text)


def clean_source(code: str, known: Known) -> str:
    """Return lines of source code without secrets in them; `request.POST["password"]` stays readable."""
    code = known.sub(code)
    if hinted(code):
        code = LITERAL.sub(rf"\1{FILTERED}", code)
    return without_userinfo(code)


def clean_query(query: str, known: Known) -> str:
    """Return a query string without the values of sensitive names."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode(
        [(name, FILTERED if sensitive(name) else clean_text(value, known)) for name, value in pairs], safe="[]"
    )


def clean_sql(statement: str) -> str:
    """Return an SQL statement without its string literals."""
    return SQL_LITERAL.sub(FILTERED, statement)
