"""Make the template's error_tracking importable, for tests that need packages that a project does not install."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from django.conf import settings
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from tests.conftest import TEMPLATE

sys.path.append(str(TEMPLATE / "{{cookiecutter.project_slug}}"))
if not settings.configured:
    settings.configure()


class Payloads(Transport):
    """A transport that keeps the payloads as bytes."""

    def __init__(self) -> None:
        """Start with nothing."""
        super().__init__()
        self.sent: list[bytes] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        """Keep the payload of the only item of an envelope."""
        [item] = envelope.items
        self.sent.append(item.get_bytes())


@pytest.fixture(scope="module")
def sent() -> Iterator[list[bytes]]:
    """Yield what the SDK would have sent with the options of a project."""
    from error_tracking.options import sentry_options

    transport = Payloads()
    options: dict[str, Any] = sentry_options(
        dsn="http://key@tracker.invalid/1", environment="tests", release="shop@1.2"
    )
    sentry_sdk.init(**{**options, "transport": transport})
    yield transport.sent
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)
