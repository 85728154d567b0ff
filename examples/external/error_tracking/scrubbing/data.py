"""Cleans JSON data at any depth, in place: first all data is searched for secrets, then each text is cleaned."""

from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from error_tracking.scrubbing.assigned import Span
from error_tracking.scrubbing.items import (
    Item,
    Slot,
    as_text,
    is_private,
    is_private_inside,
    is_word,
    items,
    leaves,
    unquoted,
    write,
)
from error_tracking.scrubbing.names import Names, is_chosen
from error_tracking.scrubbing.shapes import Shape, passwords_in_command, shapes_in, shapes_in_source
from error_tracking.scrubbing.texts import find, find_in_source, hints_in, is_hinted, vocabulary_of, without
from error_tracking.scrubbing.values import (
    FILTERED,
    LOOPBACK,
    SHORTEST_NUMBER,
    SHORTEST_SECRET,
    Known,
    is_plain,
    readings,
)

QUERIES = {"query_string", "http.query", "url.query"}
MOST_SECRETS, MOST_ASSIGNED = 300, 100  # per event: secrets to search for, and those of them that texts assign
LARGEST_INTEGER = 63  # bits: PostgreSQL and many JSON parsers do not accept larger integers


class Cleaning:
    """The cleaning of one event: `read` its parts, then `finish`. `failed` is True if a part was dropped."""

    def __init__(self, names: Names, known: Known) -> None:
        """Remove the values under sensitive `names`, and the `known` secrets."""
        self.names = names
        self.known = known
        self.secrets: dict[str, None] = {}
        self.slots: list[Slot] = []
        self.dicts: list[dict[str, Any]] = []
        self.failed = False
        # What `finish` finds in the event
        self.hints: list[str] = []
        self.present = known
        self.shapes: dict[str, list[Shape]] = {}

    def read(self, root: Any, kind: str = "text", hidden: Collection[str] = ()) -> None:
        """Filter the values under sensitive names and under names in `hidden`, at any depth, and collect all texts."""
        waiting: list[tuple[Any, bool]] = [(root, False)]
        while waiting:
            container, inside = waiting.pop()
            try:
                if isinstance(container, dict):
                    self.dicts.append(container)
                else:
                    self.secrets.update(dict.fromkeys(passwords_in_command(container)))
                for item in items(container):
                    try:
                        nested = self.read_item(item, kind, inside, hidden)
                    except Exception:
                        self.failed = True
                        item[0][item[1]] = FILTERED
                    else:
                        waiting += [nested] if nested else []
            except Exception:
                self.failed = True
                container.clear()

    def read_item(self, item: Item, kind: str, inside: bool, hidden: Collection[str]) -> tuple[Any, bool] | None:
        """Filter a private value, collect a text, or return a container and whether it is within a private one."""
        holder, key, name, value = item
        if value is None or value is True or value is False or value == "":
            return None
        named = bool(name) and self.names.sensitive(name)
        if isinstance(value, int) and value.bit_length() > LARGEST_INTEGER:
            value = holder[key] = as_text(value)
        if (
            name in hidden
            or (named and is_private(name, value))
            or (inside and is_private_inside(name, value, self.names))
        ):
            self.remember(name, value)
            holder[key] = FILTERED
        elif isinstance(value, dict | list):
            return value, named or inside
        elif isinstance(value, str):
            self.read_text(holder, key, name, value, kind)
        elif isinstance(value, int):
            self.slots.append(Slot(holder, key, str(value), "number"))
        return None

    def remember(self, name: str, value: Any) -> None:
        """Search for a private value in the whole event."""
        chosen = is_chosen(name)
        for text in leaves(value):
            is_open = text.startswith(LOOPBACK) or "://" in text and "@" not in text and "?" not in text
            if not is_open:
                shortest = SHORTEST_NUMBER if name else SHORTEST_SECRET
                self.secrets.update(
                    (reading, None)
                    for reading in readings(text)
                    if chosen or not is_plain(reading) or reading.isdecimal() and len(reading) >= shortest
                )

    def read_text(self, holder: Any, key: Any, name: str, value: str, kind: str) -> None:
        """Collect a text; for a repr, the text that it represents."""
        text = value
        if kind == "repr":
            text = unquoted(value)
            kind = "text" if text is value else "bytes" if value[0] == "b" else "repr"
        elif name in QUERIES:
            kind = "query"
            pairs = parse_qsl(text, keep_blank_values=True)
            for parameter, given in pairs:
                if self.is_private_parameter(parameter, pairs):
                    self.remember(parameter, given)
        self.slots.append(Slot(holder, key, text, kind))

    def is_private_parameter(self, name: str, pairs: list[tuple[str, str]]) -> bool:
        """Return whether a query parameter is private; in OAuth (RFC 6749, 4.1.2), a `code` with a `state` is."""
        return self.names.sensitive(name) or name == "code" and any(other == "state" for other, _ in pairs)

    def finish(self) -> None:
        """Remove from each text the secrets found anywhere, the assigned secrets, and what looks like a secret."""
        slots = [*self.slots, *self.keys()]  # keys last: the other slots use them
        texts = {slot.what for slot in slots}
        code = "\n".join([text for text, rule in texts if rule == "source"])
        others = "\n".join([text for text, rule in texts if rule != "source"])
        vocabulary = vocabulary_of(others)
        self.hints = hints_in(vocabulary, self.names)
        found = {what: spans for what in texts if (spans := self.find(*what))}
        assigned = [text[start:end] for (text, _), spans in found.items() for start, end in spans]
        for value in assigned[:MOST_ASSIGNED]:
            self.remember("", value)
        own = Known(list(self.secrets)[:MOST_SECRETS])
        self.present = self.known.within(f"{others}\n{code}", own)
        in_others = shapes_in(others, vocabulary)
        self.shapes = {"source": shapes_in_source(code), "text": in_others, "query": in_others}
        cleaned: dict[tuple[str, str], str] = {}
        for slot in slots:
            what = text, rule = slot.what
            if not (what in found or self.shapes[rule] or self.present.forms or rule == "query") and text.isascii():
                continue
            try:
                if what not in cleaned:
                    cleaned[what] = self.clean(text, rule, found.get(what, []))
                if cleaned[what] != text:
                    write(slot, cleaned[what])
            except Exception:
                self.failed = True
                write(slot, FILTERED)

    def keys(self) -> list[Slot]:
        """Return the keys that may be private: keys that are not only words, or all if a secret is only words."""
        some_are_words = any(map(is_word, self.secrets))
        return [
            Slot(found, key, key, "key") for found in self.dicts for key in found if some_are_words or not is_word(key)
        ]

    def find(self, text: str, rule: str) -> Sequence[Span]:
        """Return the positions of secrets in a text, or the whole text if the search fails."""
        try:
            if rule == "source":
                return find_in_source(text, self.names)
            return find(text, self.names, self.hints) if rule == "text" and is_hinted(text, self.hints) else ()
        except Exception:
            self.failed = True
            return [(0, len(text))]

    def clean(self, text: str, rule: str, spans: Sequence[Span]) -> str:
        """Return `text` without secrets."""
        if rule == "query":
            pairs = parse_qsl(text, keep_blank_values=True)
            clean = [(name, self.clean_parameter(name, value, pairs)) for name, value in pairs]
            if clean != pairs:
                return urlencode(clean, safe="[]", errors="replace")
        without_known = self.present.sub(text)
        if spans and without_known != text:
            spans = self.find(without_known, rule)
        text = without(without_known, spans)
        for shape in self.shapes[rule]:
            text = shape.sub(text)
        return text if text.isascii() else text.encode(errors="replace").decode()  # half a surrogate pair is not JSON

    def clean_parameter(self, name: str, value: str, pairs: list[tuple[str, str]]) -> str:
        """Return the value of a query parameter without secrets."""
        if value and self.is_private_parameter(name, pairs):
            return FILTERED
        return self.clean(value, "text", self.find(value, "text"))
