"""`manage.py check_tracker`: does an error of this site reach its tracker?"""

import time
import urllib.error
import urllib.request
from typing import Any

import sentry_sdk
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from sentry_sdk.transport import HttpTransport
from sentry_sdk.utils import Dsn

SECONDS = 5
WAYS_OUT = {
    "network": "the connection broke while the event was sent: look at the tracker's log, or at a proxy between",
    "status_400": "the tracker cannot read the event (400): is this address a tracker that speaks Sentry's protocol?",
    "status_401": "the key is refused (401): copy the DSN from the tracker's project settings again",
    "status_403": "the key is refused (403): copy the DSN from the tracker's project settings again; GlitchTip refuses"
    " the right key too for 30 seconds after a wrong one",
    "status_404": "nothing is at this path (404): check host, port and project number of the DSN",
    "status_413": "the tracker finds the event too large (413): raise its limit, or that of the proxy before it",
    "status_429": "the tracker limits its rate (429): wait, or raise the limit of the project",
}


class ReportingTransport(HttpTransport):
    """The SDK's own transport, which remembers why an event was dropped."""

    TIMEOUT = SECONDS

    def __init__(self, options: dict[str, Any]) -> None:
        """Take the options that every transport takes."""
        super().__init__(options)
        self.dropped: list[str] = []

    def on_dropped_event(self, reason: str) -> None:
        """Remember `reason`, such as "network" or "status_403"."""
        self.dropped.append(reason)


class Command(BaseCommand):
    """Walks the way of an event, a line a step, and exits with 0 only if the tracker has accepted one."""

    help = "Sends a marked event to the tracker and says what happened."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the steps; the first that fails ends the command with the way out."""
        if not settings.SENTRY_DSN:
            raise CommandError(f"DSN       SENTRY_DSN is empty: set it in {settings.ENV_FILE} or in the environment")
        dsn = Dsn(settings.SENTRY_DSN)
        self.stdout.write(f"DSN       project {dsn.project_id} at {dsn.scheme}://{dsn.netloc}{dsn.path}")
        self.reach(dsn)
        self.stdout.write(f"Server    {dsn.netloc} answers")
        event_id = self.send()
        self.stdout.write(self.style.SUCCESS(f"Event     accepted, its id is {event_id}"))

    def reach(self, dsn: Dsn) -> None:
        """Ask the server for its front page: any answer will do.

        Raises:
            CommandError: if there is none.
        """
        try:
            urllib.request.urlopen(f"{dsn.scheme}://{dsn.netloc}{dsn.path}", timeout=SECONDS).close()
        except urllib.error.HTTPError as answer:
            answer.close()
        except (OSError, urllib.error.URLError) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, ConnectionRefusedError):
                problem = "refuses the connection: start the tracker, or correct the DSN's port"
            elif isinstance(reason, TimeoutError):
                problem = f"does not answer within {SECONDS} s: is the tracker overloaded, or a firewall between?"
            else:
                problem = f"cannot be reached ({reason}): check the DSN's scheme and host"
            raise CommandError(f"Server    {dsn.netloc} {problem}") from None

    def send(self) -> str:
        """Send one event, with the options of the settings, and return its id.

        Raises:
            CommandError: if the tracker has not accepted it.
        """
        client = sentry_sdk.Client(**{**settings.SENTRY_OPTIONS, "transport": ReportingTransport})
        transport = client.transport
        started = time.monotonic()
        event_id = client.capture_event(
            {"message": "check_tracker: sent on purpose", "level": "info", "tags": {"check_tracker": "true"}}
        )
        patience = 5 * SECONDS  # the transport may connect four times
        client.close(timeout=patience)
        if transport.dropped:
            reason = transport.dropped[0]
            raise CommandError(f"Event     {WAYS_OUT.get(reason, f'the tracker fails ({reason}): look at its log')}")
        if event_id is None or time.monotonic() - started >= patience:
            raise CommandError("Event     not sent in time: look at the tracker's log")
        return event_id
