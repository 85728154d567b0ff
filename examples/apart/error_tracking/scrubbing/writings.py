"""Finds a value as written by Python, JSON, JavaScript, URLs, HTML, SQL, shells and base64, also escaped twice."""

import itertools
import re
from base64 import b64encode
from html.entities import codepoint2name

BACKSLASHES = r"\\{1,8}+"
PERCENT = "%(?:25){0,4}"
AMPERSAND = "&(?:amp;){0,4}"
ZEROS = "0{0,4}"
SPECIAL = {" ": "[ +]", "\\": r"\\", "\n": r"\n|\\{1,8}+n", "\t": r"\t|\\{1,8}+t", "'": r"'\"'\"'|(?:\\{1,8}+)?'"}


def written(value: str) -> re.Pattern[str]:
    """Return a pattern for a text as it is, and as written by Python, JSON, JavaScript, URLs, HTML, SQL and shells.

    Each run of a character is an atomic group with bounded repetitions, so that the time of a search grows linearly.
    """
    pieces = [(letter, len(list(run))) for letter, run in itertools.groupby(value)]
    return re.compile("".join(piece(letter, count) for letter, count in pieces), re.IGNORECASE)


def piece(letter: str, count: int) -> str:
    """Return a pattern for `count` repetitions of a character, which escaping may double."""
    if letter.isascii() and letter.isalnum():
        return letter * count
    code = ord(letter)
    codes = f"u{code:04x}|x{code:02x}|U{code:08x}"
    data = letter.encode(errors="replace")
    forms = ["".join(f"{BACKSLASHES}x{byte:02x}" for byte in data), rf"(?:{BACKSLASHES}|%5c)(?:{codes})"]
    forms.append("".join(f"{PERCENT}{byte:02x}" for byte in data))
    if code > 0xFFFF:
        forms.append("".join(f"{BACKSLASHES}u{half:04x}" for half in surrogates(letter)))
    elif 0x7F < code < 0x100:
        forms.append(f"{PERCENT}{code:02x}")
    forms.append(f"{AMPERSAND}(?:#{ZEROS}{code}|#x{ZEROS}{code:x}|{codepoint2name.get(code, 'apos')});")
    forms.append(SPECIAL.get(letter, rf"(?:{BACKSLASHES})?{re.escape(letter)}"))
    most = count * (8 if letter == "\\" else 2 if letter in "'\"" else 1)
    return "".join(["(?>(?:", "|".join(forms), "){", f"{count},{most}", "})"])


def surrogates(letter: str) -> tuple[int, int]:
    """Return the surrogate pair of a character in UTF-16."""
    code = ord(letter) - 0x10000
    return 0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF)


def latin(value: str) -> bytes:
    """Return a text, decoded from bytes that are not UTF-8, in Latin-1; b"" if it contains other characters."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return b""


def base64_forms(value: bytes) -> set[str]:
    """Return the forms of `value` within a longer base64 text, which depend on the number of bytes before it."""
    found = set()
    for before in range(3):
        encoded = b64encode(b"\0" * before + value).decode().rstrip("=")
        start = (0, 2, 3)[before]
        end = len(encoded) - bool((before + len(value)) % 3)  # the last character depends on what follows
        form = encoded[start:end]
        found |= {form, form.replace("+", "-").replace("/", "_")}
    return found
