"""Takes out of an event what is private, before it leaves."""

import os
import re
import traceback
from collections.abc import Collection, Iterator
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

from django.conf import settings
from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter
from sentry_sdk.scrubber import EventScrubber
from sentry_sdk.utils import iter_event_frames
from stdnum import iban, luhn

FILTERED = "[Filtered]"
SHORTEST_SECRET = 6  # characters: a shorter value would be found in innocent words
# Django's filter takes these settings for secrets by their names; they hold classes and a model.
OPEN_SETTINGS = {"AUTHENTICATION_BACKENDS", "AUTH_PASSWORD_VALIDATORS", "AUTH_USER_MODEL", "PASSWORD_HASHERS"}

# What makes a name sensitive wherever it stands in it, and words that must stand alone: "auth", but not "author".
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
# Every repetition below is bounded: a long text must not take longer than its length says.
NAME = (
    f"(?:{'|'.join(FRAGMENTS).replace('_', '[ _.-]?')}|(?<![^\\W_])(?:{'|'.join(WORDS)})(?![^\\W_]))" + r"[\w.-]{0,40}"
)
# A search for plain text is ten times as fast as one for a pattern: where none of these is, no name is sensitive.
HINTS = sorted({max(fragment.split("_"), key=len) for fragment in FRAGMENTS} | set(WORDS))
SENSITIVE = re.compile(NAME, re.I)
CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

# A value in a text is quoted, in brackets, or ends at a space.
QUOTED = r"""[bruf]{0,2}(?P<quote>\\{0,4}["'])(?:(?!(?P=quote)).)*(?:(?P=quote)|$)"""
VALUE = f"(?:{QUOTED}" + r"""|[\[({][^\])}]*|(?:(?:bearer|basic|digest)\s)?[^\s&;,)\]}'"\\]+)"""
# name=value, "name": "value", ('name', 'value') and --name value
SIGN = r"""(?:\\{0,4}["']?\]?\s{0,4}[=:]\s{0,4}|\\{0,4}["'],\s{0,4})"""
FLAG = r"(?<![\w-])--?[\w-]{0,40}?" + NAME + r"\s{1,4}"
ASSIGNED = re.compile(f"({NAME}{SIGN}|{FLAG}){VALUE}", re.I | re.S)
# In a line of source code only a literal is a value.
LITERAL = re.compile(rf"""({NAME}["']?\]?\s?[=:]\s?|["']{NAME}["'],\s?){QUOTED}""", re.I)
USERINFO = re.compile(r"""(?<=://)[^/\s'"]*@""")
BEARER = re.compile(r"\b(bearer|basic)\s(?=\S{0,40}[\d=._-]|\S{20})[\w.~+/=-]{6,}", re.I)
JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|$)", re.S)
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
CARD = re.compile(r"(?<![\w.])[2-6](?:[ -]?\d){11,18}(?!\d)")
DIGITS = re.compile(r"\d[\d -]{2}")  # in each card and IBAN
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){2,7}(?: ?[A-Z\d]{1,3})?\b", re.I)
SQL_LITERAL = re.compile(r"'(?:[^']|'')*'")
PARTS = {"breadcrumbs", "contexts", "extra", "fingerprint", "message", "request", "spans", "tags", "transaction"}
QUERIES = {"query_string", "http.query", "url.query"}


class HonestFilter(SafeExceptionReporterFilter):
    """Django's filter of error reports, which with DEBUG would filter nothing."""

    def is_active(self, request: HttpRequest | None) -> bool:
        """Filter always."""
        return True


@lru_cache
def sensitive(name: str) -> bool:
    """Say whether the value under `name` is private: db_password, X-Api-Key, cardNumber; not author, nor keyboard."""
    return bool(SENSITIVE.search(CAMEL_CASE.sub("_", name)))


def strings(value: Any) -> Iterator[str]:
    """Yield each text in dicts, lists, tuples and sets."""
    if isinstance(value, str | bytes):
        yield value if isinstance(value, str) else value.decode(errors="replace")
    elif isinstance(value, dict):
        yield from strings(list(value.values()))
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from strings(item)


def secret_values(name: str, value: Any) -> Iterator[str]:
    """Yield the texts that Django hides on its debug page (`SafeExceptionReporterFilter.cleanse_setting`)."""
    if SafeExceptionReporterFilter.hidden_settings.search(str(name)):
        yield from strings(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from secret_values(key, item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from secret_values("", item)


class Known:
    """Secrets whose values are known, in the forms in which Python, JSON and URLs write them."""

    def __init__(self, values: Collection[str]) -> None:
        """Leave out what is shorter than `SHORTEST_SECRET`."""
        forms = set()
        for value in values:
            if len(value) >= SHORTEST_SECRET:
                escaped = value.replace("\\", "\\\\")
                forms |= {value, escaped, escaped.replace('"', '\\"'), escaped.replace("'", "\\'")}
                forms |= {quote(value), quote(value, ""), quote_plus(value)}
        self.forms = sorted(forms, key=len, reverse=True)

    def sub(self, text: str) -> str:
        """Return `text` without the secrets."""
        for form in self.forms:
            if form in text:
                text = text.replace(form, FILTERED)
        return text


def without_card(match: re.Match[str]) -> str:
    """Return a number as it is, unless its check digit makes it that of a card (ISO/IEC 7812-1)."""
    return FILTERED if luhn.is_valid(re.sub(r"\D", "", match[0])) else match[0]


def without_iban(match: re.Match[str]) -> str:
    """Return a text as it is, unless its check digits make it, or the words that it begins with, an IBAN (ISO 13616)."""
    words = match[0].split(" ")
    for end in range(len(words), 0, -1):
        if iban.is_valid("".join(words[:end])):
            return " ".join([FILTERED, *words[end:]])
    return match[0]


def hinted(text: str) -> bool:
    """Say whether a sensitive name may be in `text`."""
    lower = text.lower()
    return any(hint in lower for hint in HINTS)


def clean_text(text: str, known: Known) -> str:
    """Return `text` without the `known` secrets and without what looks like one."""
    text = known.sub(text)
    if hinted(text):
        text = ASSIGNED.sub(rf"\1{FILTERED}", text)
    if "://" in text:
        text = USERINFO.sub(f"{FILTERED}@", text)
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


def clean_source(code: str, known: Known) -> str:
    """Return lines of source code without secrets in them; `request.POST["password"]` stays readable."""
    code = known.sub(code)
    if hinted(code):
        code = LITERAL.sub(rf"\1{FILTERED}", code)
    return USERINFO.sub(f"{FILTERED}@", code) if "://" in code else code


def clean_query(query: str, known: Known) -> str:
    """Return a query string without the values of sensitive names."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode(
        [(name, FILTERED if sensitive(name) else clean_text(value, known)) for name, value in pairs], safe="[]"
    )


def clean(value: Any, known: Known, hidden: Collection[str] = ()) -> Any:
    """Return a copy of JSON data without what is private at any depth, nor the values of `hidden` names."""
    if isinstance(value, str):
        return clean_text(value, known)
    if isinstance(value, dict):
        cleaned = {}
        for name, item in value.items():
            if (name in hidden or sensitive(name)) and item not in (None, "", [], {}):
                item = FILTERED
            elif name in QUERIES and isinstance(item, str):
                item = clean_query(item, known)
            else:
                item = clean(item, known, hidden)
            cleaned[known.sub(name)] = item
        return cleaned
    if isinstance(value, list):
        match value:
            case [str(name), _] if sensitive(name):  # a pair, such as a header
                return [name, FILTERED]
        before = ["", *value]
        return [
            FILTERED
            if isinstance(name, str) and name.strip("'").startswith("-") and "=" not in name and sensitive(name)
            else clean(item, known, hidden)
            for name, item in zip(before, value, strict=False)
        ]
    if isinstance(value, int) and clean_text(str(value), known) != str(value):
        return FILTERED
    return value


def clean_message(message: str, params: dict[Any, Any], known: Known) -> tuple[str, dict[Any, Any]]:
    """Return a log message and its arguments, by name or number, without those that the message must not show."""
    for name, value in params.items():
        if sensitive(str(name)) and str(value):
            message = message.replace(str(value), FILTERED)
    message = clean_text(message, known)
    return message, {name: clean(value, known) if str(value) in message else FILTERED for name, value in params.items()}


def sensitive_variables(error: BaseException | None) -> dict[tuple[str, str], set[str]]:
    """Return, by file and function, the names that Django's `sensitive_variables` hides in the frames of an error."""
    names: dict[tuple[str, str], set[str]] = {}
    reporter, waiting, seen = HonestFilter(), [error], set()
    while waiting:
        error = waiting.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        waiting += [error.__cause__, error.__context__, *getattr(error, "exceptions", ())]
        for frame, _ in traceback.walk_tb(error.__traceback__):
            where = (os.path.abspath(frame.f_code.co_filename), frame.f_code.co_name)
            for name, value in reporter.get_traceback_frame_variables(None, frame):
                if value is reporter.cleansed_substitute:
                    names.setdefault(where, set()).add(name)
    return names


class Scrubber(EventScrubber):
    """Replaces what is private with "[Filtered]".

    The SDK calls `scrub_event` while the event holds the site's own objects: changing those would change the site's
    data, and their `repr` is not written yet. So `scrub` does the work, on what is ready to be sent.
    """

    packages: dict[str, str] | None = None  # versions by name

    def scrub_event(self, event: Any) -> None:
        """Drop the variables of all code but the site's own: little use, much room, and often a whole request.

        Serializing is most of the work of an event. So the versions of the installed packages, always the same, are put
        aside until it is done, and lines of source code become one text.
        """
        if "modules" in event:
            self.packages = event.pop("modules")
        for frame in iter_event_frames(event):
            if not frame.get("in_app"):
                frame.pop("vars", None)
            for part in ("pre_context", "post_context"):
                frame[part] = "\n".join(frame.get(part) or [])

    @cached_property
    def secrets(self) -> set[str]:
        """The values of the settings that Django itself treats as secret, among them those of the env file."""
        own = {name: getattr(settings, name) for name in dir(settings) if name.isupper() and name not in OPEN_SETTINGS}
        return set(secret_values("", own))

    @cached_property
    def known(self) -> Known:
        """What finds `secrets`."""
        return Known(self.secrets)

    def known_in(self, request: HttpRequest | None) -> Known:
        """Return what finds `secrets` and those in the request's path, such as the token of a password reset."""
        route = getattr(request, "resolver_match", None)
        in_route = {str(value) for name, value in (route.kwargs if route else {}).items() if sensitive(name)}
        return Known(self.secrets | in_route) if in_route else self.known

    def scrub(self, event: Any, request: HttpRequest | None, error: BaseException | None) -> None:
        """Clean a serialized event or transaction in place.

        `request` names the POST parameters that Django's `sensitive_post_parameters` hides.
        """
        known = self.known_in(request)
        if self.packages and event.get("type") != "transaction":
            event["modules"] = self.packages
        hidden = getattr(request, "sensitive_post_parameters", ())
        if hidden == "__ALL__":
            data = event.get("request", {}).get("data")
            hidden = set(data) if isinstance(data, dict) else ()
        if "data" in event.get("request", {}):
            event["request"]["data"] = clean(event["request"]["data"], known, hidden)
        for crumb in (event.get("breadcrumbs") or {}).get("values", []):
            if crumb.get("category") == "query" and crumb.get("message"):
                crumb["message"] = SQL_LITERAL.sub(FILTERED, crumb["message"])
        for span in event.get("spans") or []:
            if str(span.get("op")).startswith("db") and span.get("description"):
                span["description"] = SQL_LITERAL.sub(FILTERED, span["description"])
        for part in PARTS & event.keys():
            event[part] = clean(event[part], known)
        if "logentry" in event:
            event["logentry"] = self.scrub_log_entry(event["logentry"], known)
        variables = sensitive_variables(error)
        for part in ("exception", "threads"):
            for value in event.get(part, {}).get("values", []):
                if value.get("value"):
                    value["value"] = clean_text(value["value"], known)
                for frame in (value.get("stacktrace") or {}).get("frames", []):
                    self.scrub_frame(frame, known, hidden, variables)

    def scrub_log_entry(self, entry: dict[str, Any], known: Known) -> dict[str, Any]:
        """Return a log entry without what is private; its arguments are those that the clean message still shows."""
        params = entry.get("params")
        message, named = clean_message(
            entry.get("formatted") or "", params if isinstance(params, dict) else dict(enumerate(params or [])), known
        )
        return {
            **entry,
            "message": clean_text(entry.get("message") or "", known),
            "formatted": message,
            "params": named if isinstance(params, dict) else list(named.values()),
        }

    def scrub_frame(
        self,
        frame: dict[str, Any],
        known: Known,
        hidden: Collection[str],
        variables: dict[tuple[str, str], set[str]],
    ) -> None:
        """Clean one frame in place."""
        if frame.get("vars"):
            secret = variables.get((str(frame.get("abs_path")), str(frame.get("function"))), set())
            own = {name: FILTERED if name in secret else value for name, value in frame["vars"].items()}
            frame["vars"] = clean(own, known, hidden)
        for part in ("pre_context", "context_line", "post_context"):
            code = clean_source(frame.get(part) or "", known)
            frame[part] = code if part == "context_line" else code.split("\n") if code else []
