"""Finds secrets whose values are known, such as SECRET_KEY, in every form in which they are written."""

from collections.abc import Iterable
from urllib.parse import quote, quote_plus

FILTERED = "[Filtered]"
SHORTEST_SECRET = 6  # characters: a shorter value would be found in ordinary words


class Known:
    """Secrets whose values are known, in the forms in which Python, JSON and URLs write them."""

    def __init__(self, values: Iterable[str]) -> None:
        """Ignore values that are shorter than `SHORTEST_SECRET`."""
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
