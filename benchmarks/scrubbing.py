"""Count the secrets removed and the ordinary texts kept, by our scrubber, the SDK's, and a secret detector.

Each case of tests/corpus goes through the real SDK. detect-secrets (https://github.com/Yelp/detect-secrets) finds
secrets in files, so each event is given to it as a log file.
"""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sentry_sdk
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings
from django.conf import settings
from sentry_sdk.envelope import Envelope
from sentry_sdk.scrubber import EventScrubber
from sentry_sdk.transport import Transport

from scripts.demo import TEMPLATE
from tests.internals.cases import cases, report, strings, told

NO_SCRUBBER = {"event_scrubber": EventScrubber(denylist=[], pii_denylist=[])}


@dataclass(frozen=True)
class Score:
    """The result of a scrubber on the corpus: secrets removed, and ordinary cases left intact, each with the total."""

    label: str
    removed: int
    secrets: int
    intact: int
    ordinary: int

    def line(self) -> str:
        """Return the row of a Markdown table."""
        removed, intact = self.removed / self.secrets, self.intact / self.ordinary
        return f"| {self.label} | {removed:.1%} of {self.secrets} | {intact:.1%} of {self.ordinary} |"


class Memory(Transport):
    """A transport that keeps events."""

    events: list[Any]

    def capture_envelope(self, envelope: Envelope) -> None:
        """Keep the event of an envelope."""
        self.events.append(told(envelope.get_event()))


def texts(folder: str, options: dict[str, Any]) -> list[str]:
    """Return the texts of the events of a folder's cases, sent with these SDK options."""
    transport = Memory()
    transport.events = []
    sentry_sdk.init(**{**options, "dsn": "http://key@tracker.invalid/1", "transport": transport})
    for case in cases(folder).values():
        report(case)
    return ["\n".join(strings(event)) for event in transport.events]


def without_detected(text: str) -> str:
    """Return a text without the secrets that detect-secrets finds in it, read as a log file."""
    with tempfile.NamedTemporaryFile("w", suffix=".log", encoding="utf-8", errors="replace") as file:
        file.write(text)
        file.flush()
        for found in scan_file(file.name):
            text = text.replace(found.secret_value or "\0", "[Filtered]")
    return text


def score(label: str, options: dict[str, Any], after: Callable[[str], str] = str) -> Score:
    """Run all cases with one scrubber.

    A case counts as one secret, however often it contains it, and as intact if no text has changed.
    """
    secrets = [case["secrets"] for case in cases("secrets").values()]
    sent = zip(secrets, map(after, texts("secrets", options)), strict=True)
    removed = sum(not any(secret in text for secret in case) for case, text in sent)
    ordinary = texts("ordinary", NO_SCRUBBER)
    intact = sum(text == after(own) for text, own in zip(ordinary, texts("ordinary", options), strict=True))
    return Score(label, removed, len(secrets), intact, len(ordinary))


def measure() -> list[Score]:
    """Return the score of each scrubber."""
    sys.path.append(str(TEMPLATE / "{{cookiecutter.project_slug}}"))
    from error_tracking.options import sentry_options

    if not settings.configured:
        settings.configure()
    ours = sentry_options(dsn="", environment="benchmark", release="shop@1.2")
    with default_settings():
        detected = score("detect-secrets", NO_SCRUBBER, without_detected)
    return [score("django-glitchtip", ours), score("the SDK's own scrubber", {}), detected]


if __name__ == "__main__":
    print("\n".join(one.line() for one in measure()))
