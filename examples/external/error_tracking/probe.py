"""Reaches the tracker and sends one event, for `check_tracker`: each failure is one line that says what to do."""

import http.client
import time
import urllib.error
import urllib.request
from typing import Any, cast

import sentry_sdk
from django.core.management.base import CommandError
from sentry_sdk.transport import HttpTransport
from sentry_sdk.types import Event
from sentry_sdk.utils import Dsn

from error_tracking import conf
from error_tracking.tracker_api import SECONDS, tracker_address

WAYS_OUT = {
    "network": f"no response within {SECONDS} s, or a broken connection: check the logs of the tracker and any proxy",
    "status_400": "the tracker cannot read the event (400): SENTRY_DSN must point to a Sentry-compatible tracker",
    "status_401": "the key is rejected (401): copy the DSN again from the project's settings in the tracker",
    "status_403": "the key is rejected (403): copy the DSN again from the project's settings in the tracker;"
    " after a wrong key, GlitchTip also rejects the right one for 30 seconds",
    "status_404": "not found (404): check the host, port and project number in SENTRY_DSN",
    "status_413": "the event is too large (413): raise the limit of the tracker, or of the proxy in front of it",
    "status_429": "the rate limit is exceeded (429): wait, or raise the project's limit in the tracker",
}


class ReportingTransport(HttpTransport):
    """The SDK's own transport, which also records why an event was dropped."""

    TIMEOUT = SECONDS

    def __init__(self, options: dict[str, Any]) -> None:
        """Accept the options that every transport accepts."""
        super().__init__(options)
        self.dropped: list[str] = []

    def on_dropped_event(self, reason: str) -> None:
        """Record `reason`, such as "network" or "status_403"."""
        self.dropped.append(reason)


def reach(dsn: Dsn) -> None:
    """Request the server's front page; any response is accepted.

    Raises:
        CommandError: if there is no response.
    """
    try:
        urllib.request.urlopen(tracker_address(dsn), timeout=SECONDS).close()
    except urllib.error.HTTPError as answer:
        answer.close()
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ConnectionRefusedError):
            problem = "refused the connection: start the tracker, or correct the port in SENTRY_DSN"
        elif isinstance(reason, TimeoutError):
            problem = f"did not respond within {SECONDS} s: check the tracker's load, and any firewall in between"
        else:
            problem = f"cannot be reached ({reason}): check the scheme and host in SENTRY_DSN"
        raise CommandError(f"Server    {dsn.netloc} {problem}") from None


def send(event: dict[str, Any]) -> str:
    """Send an event with the options from the settings, and return its ID.

    Raises:
        CommandError: if the tracker does not accept the event.
    """
    client = sentry_sdk.Client(**{**conf.options(), "transport": ReportingTransport})
    transport = cast(ReportingTransport, client.transport)
    started = time.monotonic()
    event_id = client.capture_event(cast(Event, {**event, "tags": {"check_tracker": "true"}}))
    patience = 5 * SECONDS  # the transport may connect four times
    client.close(timeout=patience)
    if transport.dropped:
        reason = transport.dropped[0]
        raise CommandError(f"Event     {WAYS_OUT.get(reason, f'the tracker failed ({reason}): check its log')}")
    if event_id is None or time.monotonic() - started >= patience:
        raise CommandError("Event     not sent in time: check the tracker's log")
    return event_id
