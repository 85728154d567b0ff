"""Fixtures for all tests."""

from collections.abc import Iterator

import pytest
import sentry_sdk
from django.conf import settings
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport
from sentry_sdk.types import Event


class MemoryTransport(Transport):
    """Keeps envelopes in a list instead of sending them."""

    def __init__(self) -> None:
        """Start with an empty list."""
        super().__init__()
        self.events: list[Event] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        """Keep the error event of `envelope`, if it contains one."""
        if event := envelope.get_event():
            self.events.append(event)


@pytest.fixture
def sentry_events() -> Iterator[list[Event]]:
    """Yield the events that the site would have sent, from a real SDK with the site's options."""
    transport = MemoryTransport()
    options = {**settings.SENTRY_OPTIONS, "dsn": "http://key@tracker.invalid/1", "transport": transport}
    sentry_sdk.init(**options)
    yield transport.events
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)
