"""Finds secrets by what they look like, whatever their name: keys, tokens, card numbers, e-mail addresses."""

import re

from stdnum import iban, luhn

from error_tracking.scrubbing.values import FILTERED

# Each repetition is bounded, or starts at a literal, so that the time grows linearly with the text.
USERINFO = re.compile(r"""(?<=://)[^/\s'"]*@""")
BEARER = re.compile(r"\b(bearer|basic)\s(?=\S{0,40}[\d=._-]|\S{20})[\w.~+/=-]{6,}", re.I)
JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|$)", re.S)
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
CARD = re.compile(r"(?<![\w.])[2-6](?:[ -]?\d){11,18}(?!\d)")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){2,7}(?: ?[A-Z\d]{1,3})?\b", re.I)
DIGITS = re.compile(r"\d[\d -]{2}")  # in every card number and IBAN


def without_userinfo(text: str) -> str:
    """Return `text` without user names and passwords in URLs."""
    return USERINFO.sub(f"{FILTERED}@", text) if "://" in text else text


def without_shapes(text: str) -> str:
    """Return `text` without what looks like a secret."""
    text = without_userinfo(text)
    if "@" in text:
        text = EMAIL.sub(FILTERED, text)
    if " " in text:
        text = BEARER.sub(rf"\1 {FILTERED}", text)
    if "eyJ" in text:
        text = JWT.sub(FILTERED, text)
    if "-----BEGIN" in text:
        text = PRIVATE_KEY.sub(FILTERED, text)
    if DIGITS.search(text):
        text = IBAN.sub(without_iban, CARD.sub(without_card, text))
    return text


def without_card(match: re.Match[str]) -> str:
    """Return a number unchanged, unless its check digit makes it a card number (ISO/IEC 7812-1)."""
    return FILTERED if luhn.is_valid(re.sub(r"\D", "", match[0])) else match[0]


def without_iban(match: re.Match[str]) -> str:
    """Return a text unchanged, unless its check digits make it, or the words it begins with, an IBAN (ISO 13616)."""
    words = match[0].split(" ")
    for end in range(len(words), 0, -1):
        if iban.is_valid("".join(words[:end])):
            return " ".join([FILTERED, *words[end:]])
    return match[0]
