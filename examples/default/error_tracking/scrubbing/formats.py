"""Finds secrets in data formats and program messages that write names and values in their own way."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from error_tracking.scrubbing.assigned import QUOTED, Span
from error_tracking.scrubbing.names import Names, words
from error_tracking.scrubbing.values import is_harmless, is_plain

MOST_SPANS = 300  # in one text
LITERAL = re.compile(rf"{QUOTED}|\\.")  # an escaped quote does not open a literal
SQL_LITERAL = re.compile(r"'(?>(?:[^']|'')*)'")


class Format(NamedTuple):
    """A pattern that matches only texts that contain `hint`."""

    hint: str
    pattern: re.Pattern[str]


def form(hint: str, pattern: str, flags: int = 0) -> Format:
    """Return a format; whitespace in the pattern is ignored."""
    return Format(hint, re.compile(pattern, flags | re.VERBOSE))


#: The name decides whether the value is private.
NAMED = [
    # Command-line options, also in the repr of a list
    form(
        "-",
        r"""-(?<![\w-]-)-?(?P<name>[A-Za-z][\w-]{1,60}+)['"]?,?\s{1,4}(?P<value>'[^'\n]*'|"[^"\n]*"|[^\s'"-][^\s'"]*)""",
    ),
    # XML: elements, also escaped, and CDATA (https://www.w3.org/TR/xml/#sec-cdata-sect)
    form(
        "/",
        r"(?:<|&lt;)(?:[\w-]{1,30}+:)?(?P<name>[\w.-]{1,60}+)(?:\s[^<>\n]{0,200})?(?:>|&gt;)(?P<value>(?>(?:(?!&lt;)[^<]){1,4000}))(?:<|&lt;)/",
    ),
    form(
        "CDATA[",
        r"<(?:[\w-]{1,30}+:)?(?P<name>[\w.-]{1,60}+)(?:\s[^<>\n]{0,200})?><!\[CDATA\[(?P<value>[^\]]{1,4000}+)\]",
    ),
    # multipart/form-data, RFC 7578, also in a repr
    form(
        "name=",
        r"""name=\\?["'](?P<name>[^"'\\]{1,100})\\?["'](?:;[^\r\n\\]{0,200})?(?P<line>(?:\\r)?\\n|\r?\n)
        (?:[\w-]{1,40}:[^\r\n\\]{0,200}(?P=line)){0,5}(?P=line)(?P<value>.*?)(?=(?P=line)--|\Z)""",
        re.DOTALL,
    ),
    # {"name": "token", "value": "x"}, <input name="token" value="x">, - name: TOKEN, value: x in YAML
    form(
        "alue",
        r"""(?:[Nn]ame|[Kk]ey|[Ff]ield|[Hh]eader|[Pp]aram|[Pp]arameter|[Pp]ath|[Ii]d)\\?["']?\s?[:=]\s?\\?["']?/?(?P<name>[\w.-]{1,60}+)\\?["']?
        (?:[^<>{}()\n]{0,60}?|\s{1,20})\b\w{0,20}[vV]alue\\?["']?\s?[:=]\s?(?P<value>\\?"(?>(?:[^"\\]|\\(?!"))*)|'[^'\n]*+|[^\s<"'\\,}]+)""",
    ),
    # Property lists and XML-RPC
    form(
        "<string>",
        r"<(?:key|name)>(?P<name>[\w.-]{1,60}+)</(?:key|name)>\s{0,20}(?:<value>)?<string>(?P<value>[^<]{1,4000}+)",
    ),
    # YAML: lists and blocks (https://yaml.org/spec/1.2.2/#81-block-scalar-styles)
    form(
        "-", r"^[\ \t]*+(?:-\ )?(?P<name>[\w.-]{1,60}+):[\ \t]*\n(?P<value>(?:[\ \t]*-\ [^\n]*(?:\n|$))+)", re.MULTILINE
    ),
    form(
        "|",
        r"^(?P<indent>[\ \t]*+)(?P<name>[\w.-]{1,60}+):[\ \t]*\|[+-]?\n(?P<value>(?:(?P=indent)[\ \t]+[^\n]*(?:\n|$))+)",
        re.MULTILINE,
    ),
    form(
        ">",
        r"^(?P<indent>[\ \t]*+)(?P<name>[\w.-]{1,60}+):[\ \t]*>[+-]?\n(?P<value>(?:(?P=indent)[\ \t]+[^\n]*(?:\n|$))+)",
        re.MULTILINE,
    ),
    # Pydantic's ValidationError, graphql-core's values_of_correct_type, botocore's ParamValidator
    form(
        "input_value=",
        r"^(?P<name>[\w.]{1,100}+)\n\ {2}[^\n]{1,300}?\[type=(?!missing)\w{1,60},\ input_value=(?P<value>"
        + QUOTED
        + r"|[^,\n]+),\ input_type",
        re.MULTILINE,
    ),
    form("invalid", r"""'\$?(?P<name>[\w.]{1,100}+)'\ got\ invalid\ value\ (?P<value>[^;\n]{1,1000}+)"""),
    form("value:", r"parameter\ (?P<name>[\w.\[\]]{1,100}+),\ value:\ (?P<value>[^\n]{1,200}?),\ (?:type|valid)"),
]
#: URI, RFC 3986, section 3.2.1: the user and the password
USERINFO = re.compile(r"""(?<=://)[^/\s'"<>@?#]{1,300}+(?:@[^/\s'"<>@?#]{1,100}+)?(?=@[\w.\[%-])""")
#: Formats without a name: the value is always a secret, unless it is an ordinary word.
UNNAMED = [
    # SMTP (RFC 4954; the challenge means "Password:"), POP3 (RFC 1939), IMAP (RFC 9051), FTP (RFC 959), RESP
    form("AUTH", r"""\bAUTH"?\s(?:(?:PLAIN|LOGIN|XOAUTH2|default)\s)?(?:"\w+"\s)?"?(?P<value>[^\s'"\\)(]{4,}+)"""),
    form("PASS", r"""\bPASS\s(?P<value>[^\s'"\\]{4,}+)"""),
    form("LOGIN", r"""\bLOGIN\s[^\s"]{1,100}\s"?(?P<value>[^\s"\\]{4,}+)"""),
    form("UGFzc3dvcmQ6", r"""UGFzc3dvcmQ6\W{1,20}r?\W{0,4}n?\W{0,4}(?:send:\ )?\W{0,4}(?P<value>[\w+/=]{4,}+)"""),
    # netrc(5), and a password after the word "password" at the end of a line
    form("assw", r"""\b[Pp]ass(?:word|wd)\s(?P<value>[^\s'"\\]{6,}+)(?=\\?["']|\\n|\n|$)"""),
    # PostgreSQL's ExecConstraints: all columns of a row
    form(
        "Failing", r"Failing\ row\ contains\ \((?!(?:null(?:,\ )?)+\))(?P<value>(?:(?!Failing\ row)[^\n]){1,10000})\)"
    ),
    # LDAP: the second argument of python-ldap's simple_bind
    form("simple_bind", rf"simple_bind(?:_s)?\(\s?{QUOTED}\s?,\s?(?P<value>{QUOTED})"),
    # MySQL and Oracle: CREATE USER … IDENTIFIED BY
    form("IDENTIFIED", rf"\bIDENTIFIED\s(?:WITH\s\S+\s)?(?:BY|AS)\s(?P<value>{QUOTED})"),
]
#: The name is a list of columns; the value contains one value for each.
COLUMNS = [
    # PostgreSQL's _bt_check_unique: Key (email, token)=(ada, x) already exists.
    form(
        "Key",
        r"Key\ \((?P<name>(?>(?:[^()\n]|\([^()\n]*+\)){1,300}))\)=\((?P<value>(?:(?!Key\ \()[^\n]){0,500}?)\)(?=\ (?:already|is\ |conflicts|exists)|\W*$)",
        re.MULTILINE,
    ),
    # MySQL's ER_DUP_ENTRY: Duplicate entry 'x' for key 'user.api_token'
    form(
        "Duplicate",
        r"Duplicate\ entry\ (?P<value>'(?:(?!Duplicate\ entry)[^\n]){0,300}?')\ for\ key\ '(?P<name>[^']{1,200})'",
    ),
    form(
        "(",
        r"""\((?P<name>[\w\s"`,.\[\]]{1,1000}+)\)\s{0,10}VALUES\s{0,10}
        (?P<value>(?:\((?>(?:[^()']|'(?>(?:[^']|'')*)'|\([^()']*\))*)\)(?:\s?,\s?)?)+)""",
        re.IGNORECASE,
    ),
]
#: The parameters after a statement, in SQLAlchemy's StatementError and Django's DEBUG log
SQL_PARAMETERS = re.compile(rf"(?:parameters:\s|;\sargs=|params=)(?P<value>[(\[\x7b](?>(?:[^()\n'\"]|{QUOTED})*))")
STATEMENT = re.compile(r"\b(?:INSERT|UPDATE|SELECT|DELETE|WITH)\s[^\n]{1,4000}")
NAME = re.compile(r"[\w.]+")


def find_formats(text: str, names: Names) -> list[Span]:
    """Return the positions of secrets in `text`; after more than `MOST_SPANS`, also the span from the first on."""
    spans = []
    for span in spans_in_formats(text, names):
        spans.append(span)
        if len(spans) > MOST_SPANS:
            return [*spans, (min(spans)[0], len(text))]
    return spans


def spans_in_formats(text: str, names: Names) -> Iterator[Span]:
    """Return the positions of secrets in `text`, format by format."""
    if "://" in text:
        yield from (match.span() for match in USERINFO.finditer(text))
    for pattern in (pattern for hint, pattern in NAMED if hint in text):
        for match in pattern.finditer(text):
            if is_named(match["name"], names) and not is_harmless(match["value"].strip("\\\"' ")):
                yield inner(match)
    for pattern in (pattern for hint, pattern in UNNAMED if hint in text):
        yield from (inner(match) for match in pattern.finditer(text) if is_secret(match["value"].strip("'\"")))
    for pattern in (pattern for hint, pattern in COLUMNS if hint in text):
        for match in pattern.finditer(text):
            if has_column(match["name"], names):
                yield from literals(match)
    if "param" in text or "args=" in text:
        statement = STATEMENT.search(text)
        if statement and has_column(statement[0], names):
            for match in SQL_PARAMETERS.finditer(text):
                yield from literals(match)


def is_named(name: str, names: Names) -> bool:
    """Return whether a name is sensitive; options such as -storepass are, too."""
    return names.sensitive(name) or name.lower().endswith(("storepass", "keypass", "userpass"))


def has_column(text: str, names: Names) -> bool:
    """Return whether one of the columns, or one of the words of a statement, is sensitive."""
    return any(is_column(word, names) for word in NAME.findall(text))


def is_column(name: str, names: Names) -> bool:
    """Return whether a column, or an index named after one, is sensitive: user_token_key."""
    found = words(name)
    return any(names.sensitive(" ".join(found[:end])) for end in range(1, len(found) + 1))


def is_secret(value: str) -> bool:
    """Return whether a value without a name is private: not an ordinary word, a placeholder or a message."""
    return not (is_plain(value) or is_harmless(value))


def inner(match: re.Match[str]) -> Span:
    """Return the position of the value of a match, without its quotes."""
    value = match["value"]
    start = match.start("value") + len(value) - len(value.lstrip("\\\"'"))
    return start, max(start, match.end("value") - (len(value) - len(value.rstrip("\"'\n"))))


def literals(match: re.Match[str]) -> list[Span]:
    """Return the positions of the values of columns: the texts in quotes, or everything."""
    start, end = match.span("value")
    if match["value"][:1] not in ("(", "[", "{", "'"):
        return [(start, end)]
    found = LITERAL.finditer(match.string, start, end)
    return [(literal.start() + 1, literal.end() - 1) for literal in found if literal[0][0] != "\\"]
