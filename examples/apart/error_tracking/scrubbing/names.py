"""Decides by its name whether a value is private: `db_password` is, `author` is not."""

import re
from functools import lru_cache

# Parts of a name that make it sensitive wherever they stand, and words that must stand alone: "auth", but not "author".
FRAGMENTS = [
    "access_key",
    "api_key",
    "authoris",
    "authoriz",
    "card_num",
    "client_ip",
    "connecting_ip",
    "cookie",
    "credential",
    "credit_card",
    "csrf",
    "cvc",
    "cvv",
    "email",
    "forwarded",
    "iban",
    "ip_address",
    "passphrase",
    "passw",
    "private_key",
    "real_ip",
    "remote_addr",
    "remote_host",
    "remote_user",
    "secret",
    "security_code",
    "session_id",
    "session_key",
    "signature",
    "token",
    "xsrf",
]
WORDS = ["auth", "card", "dsn", "jwt", "otp", "pass", "pin", "pwd", "session", "ssn"]
#: A sensitive name as a regular expression. Each repetition is bounded, so that the time grows linearly with the text.
NAME = (
    f"(?:{'|'.join(FRAGMENTS).replace('_', '[ _.-]?')}|(?<![^\\W_])(?:{'|'.join(WORDS)})(?![^\\W_]))" + r"[\w.-]{0,40}"
)
SENSITIVE = re.compile(NAME, re.I)
CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Searching for plain text is ten times as fast as matching a pattern: without one of these, no name is sensitive.
HINTS = sorted({max(fragment.split("_"), key=len) for fragment in FRAGMENTS} | set(WORDS))


@lru_cache
def sensitive(name: str) -> bool:
    """Return whether the value under `name` is private: db_password, X-Api-Key, cardNumber; not author or keyboard."""
    return bool(SENSITIVE.search(CAMEL_CASE.sub("_", name)))


def hinted(text: str) -> bool:
    """Return whether a sensitive name may be in `text`."""
    lower = text.lower()
    return any(hint in lower for hint in HINTS)
