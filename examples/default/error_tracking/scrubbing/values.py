"""Finds secrets whose values are known, as written by Python, JSON, URLs, HTML and base64."""

from __future__ import annotations

import contextlib
import html
import json
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote, unquote_plus

from error_tracking.scrubbing.writings import base64_forms, latin, written

FILTERED = "[Filtered]"
SOURCES = 512  # pieces of source code whose analysis is cached, because they do not change
SHORTEST_SECRET = 6  # letters: shorter values occur in ordinary words
SHORTEST_NUMBER = 4  # characters, if not all are letters, as in a PIN
SCHEMES = ("basic", "bearer", "digest", "token", "negotiate", "apikey")
#: Characters that can be written in several ways: if a value has more, only some ways are searched for.
MOST_SPECIAL = 60
MOST_PATTERNS = 30  # values per event that are searched for in all ways of writing
MOST_ENCODED = 30  # values per event that are searched for in base64
LONGEST_READ = 10_000  # characters: longer values are searched for only as they are
#: Ordinary words and identifiers: required, InvalidToken, invalid_grant, django.contrib.auth, SHA.
PLAIN = re.compile(r"(?:[A-Z]?[a-z]++|[A-Z]++(?![a-z]))(?>(?:[._]?[A-Z]?[a-z]{2,}+|[._][A-Z]++)*)[.,:;!?]*", re.ASCII)
SENTENCE = re.compile(r"""[A-ZÀ-Þ¡¿"'“«„][^ \n]* [^ \n][^\n]*[.!?…]""")
NOTHING = r"None|True|False|true|false|null|undefined|yes|no|on|off|\[Filtered\]"
#: Text in place of a value: None, %s, ${VARIABLE}, {variable}, <type>, ****, get_token(request), self.token
PLACEHOLDER = re.compile(
    "(?:"
    + NOTHING
    + r"""|nil|NaN|self|lambda|function|await|new|not|\*+|\.+|x{3,}|X{3,}|-+|_+|…
    |%[sdr]|%\(\w*\)s|\?|\$\d+|:[a-z_]+|\$\{[^\s]*|\$(?:[A-Z_][A-Z0-9_]*|[a-z_]+)|\{+[\s\w.%|:!-]*\}*|<[^>]*>?|\[\w+\]|\(\w+\)
    |[A-Za-z_]\w*(?:\.\w+)*[\[(].*|[a-z_]+(?:\.[A-Za-z_]+)+|[\W_]*)[\])},;:.]*""",
    re.VERBOSE | re.DOTALL,
)
ATTRIBUTES = ("host", "proto", "path", "domain", "expires", "samesite", "max-age")  # of Forwarded and Set-Cookie
#: Not a value: nothing, a truth value, or a reference to a value: ${VARIABLE}, $VARIABLE, %(name)s, <type>
REFERENCE = re.compile(
    NOTHING + r"|[01]|\[\]|\{\}|\(\)|\$\{\w+[^}]*\}|\$[A-Z_][A-Z0-9_]*"
    r"|\{\{2}[^}]*\}\}|%\(\w+\)s|%s|<[^>]*>|\*+|"
)
FOLDERS = ("PWD", "OLDPWD")  # POSIX: the working directories
ADDRESSES = re.compile(r"[\da-fA-F:.\[\], ]+")
PORT = re.compile(r"(?<=\d):\d+$|\]:\d+$|^\[")
LOOPBACK = ("127.", "::1")
#: Text that Python, JSON, URLs and HTML write in the same way.
SIMPLE = re.compile(r"[\w.~-]+", re.ASCII)


def is_plain(text: str) -> bool:
    """Return whether a value is an ordinary word or identifier, or too short to search for."""
    return len(text) < SHORTEST_SECRET or PLAIN.fullmatch(text) is not None


def is_sentence(text: str) -> bool:
    """Return whether a value is a message, such as that of a form field: "This field is required."."""
    return SENTENCE.fullmatch(text) is not None


def is_harmless(value: str) -> bool:
    """Return whether a value is empty, a placeholder, or a message to people."""
    return PLACEHOLDER.fullmatch(value) is not None or is_sentence(value)


def is_reference(text: str) -> bool:
    """Return whether a value is empty, a truth value, or a reference to another value."""
    return REFERENCE.fullmatch(text) is not None


def is_folder(name: str, value: str) -> bool:
    """Return whether a variable is a working directory. In ODBC, PWD is a password."""
    return name in FOLDERS and value.startswith("/")


def readings(value: str) -> Iterator[str]:
    """Return the parts of a value that may be private: decoded, without a scheme, and each cookie in a list."""
    yield value
    if len(value) > LONGEST_READ:
        return
    if "%" in value:
        yield unquote_plus(value)
    if "://" in value:
        password = value.partition("://")[2].rpartition("@")[0].partition(":")[2]
        yield password
        yield unquote(password)
    if "&" in value:
        yield html.unescape(value)
    if "\\" in value:
        with contextlib.suppress(ValueError):
            yield str(json.loads(f'"{value}"', strict=False))
    scheme, _, credentials = value.partition(" ")
    if scheme.lower() in SCHEMES:
        yield credentials
        with contextlib.suppress(ValueError):
            yield b64decode(credentials).decode().partition(":")[2]
    if ":" in value:
        yield value.partition(":")[2]
    if "=" in value:
        for pair in re.split("[;&,] ?", value):
            name, _, cookie = pair.partition("=")
            if name.lower() not in ATTRIBUTES:
                yield cookie
                yield unquote_plus(cookie)
    if ADDRESSES.fullmatch(value):  # X-Forwarded-For: the client, then the proxies
        yield PORT.sub("", value.partition(",")[0])


class Known:
    """Secrets whose values are known, with a pattern for each that is a word or can be written in several ways."""

    def __init__(self, values: Iterable[str]) -> None:
        """Search for all `values` that are long enough, and for the first `MOST_ENCODED` of them in base64, too."""
        #: By value: a text that every way of writing it contains, and a pattern; None if there is only that text.
        self.forms: dict[str, tuple[str, re.Pattern[str] | None]] = {}
        self.special: dict[str, str] = {}  # by value: a part of it that is always written in the same way
        for number, value in enumerate(values):
            self.add(value, encoded=number < MOST_ENCODED)

    def add(self, value: str, *, encoded: bool = True) -> None:
        """Search for `value`: as a whole word if it is one, and anywhere if it cannot be part of another word.

        If `encoded`, search for it in base64, too.
        """
        value = value.strip()
        shortest = SHORTEST_SECRET if value.isalpha() else SHORTEST_NUMBER
        if len(value) < shortest or FILTERED in value:
            return
        if len(value) > LONGEST_READ:
            self.look_for(value)
            return
        if value.isdecimal() or is_plain(value) or len(value) < SHORTEST_SECRET:
            self.forms[value] = (value, whole_word(value))
        elif SIMPLE.fullmatch(value):
            self.look_for(value)
        elif sum(not letter.isalnum() for letter in value) <= MOST_SPECIAL and len(self.special) < MOST_PATTERNS:
            self.special[value] = max(re.split(r"[^A-Za-z0-9]+", value), key=len)
        else:
            url = quote(value, errors="replace")
            self.look_for(value, repr(value)[1:-1], json.dumps(value)[1:-1], html.escape(value))
            self.look_for(url, url.replace("/", "%2F"))
        if encoded:
            for text in {value.encode(errors="replace"), json.dumps(value)[1:-1].encode(), latin(value)}:
                if len(text) >= SHORTEST_SECRET:
                    self.look_for(*base64_forms(text))

    def look_for(self, *texts: str) -> None:
        """Search for exactly these texts."""
        self.forms |= {text: (text, None) for text in texts}

    def within(self, text: str, more: Known) -> Known:
        """Return the secrets of this object and of `more` that may occur in `text`."""
        found = Known([])
        for known in (self, more):
            found.forms |= {value: form for value, form in known.forms.items() if form[0] in text}
            for value, part in known.special.items():
                pattern = written(value) if part in text else None
                if pattern and pattern.search(text):
                    found.forms[value] = (part, pattern)
        found.forms = dict(sorted(found.forms.items(), key=lambda form: len(form[0]), reverse=True))
        return found

    def sub(self, text: str) -> str:
        """Return `text` without the secrets."""
        for part, pattern in self.forms.values():
            if part in text:
                text = pattern.sub(FILTERED, text) if pattern else text.replace(part, FILTERED)
        return text


def whole_word(text: str) -> re.Pattern[str]:
    """Return a pattern that finds `text` except within a longer word, number or date; it may follow an escape, \\n."""
    before, after = (r"(?<!\d[.:/-])", r"(?![.:/-]?\d)") if text.isdecimal() else ("", "")
    return re.compile(rf"(?:(?<!\w)|(?<=\\[nrt])){before}{re.escape(text)}(?!\w){after}")
