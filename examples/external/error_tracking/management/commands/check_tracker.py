"""`manage.py check_tracker`: does an error of this site reach its tracker?"""

import http.client
import time
import urllib.error
import urllib.request
from typing import Any, cast

import sentry_sdk
from django.core.management.base import BaseCommand, CommandError, CommandParser
from sentry_sdk.transport import HttpTransport
from sentry_sdk.utils import Dsn

from error_tracking import conf
from error_tracking.spool.transport import backlog
from error_tracking.tracker_api import SECONDS, issue_url, tracker_address, tracker_name

READ_BACK_SECONDS = 30
LOOK_SECONDS = 1  # between two looks
WAYS_OUT = {
    "network": f"the connection broke, or no answer came within {SECONDS} s: look at the tracker's log, or at a proxy between",
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

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --read-back."""
        parser.add_argument("--read-back", action="store_true", help="look for the event's issue in GlitchTip too")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the steps; the first that fails ends the command with the way out."""
        if not conf.options()["dsn"]:
            raise CommandError(f"DSN       SENTRY_DSN is empty: set it {conf.where()}")
        dsn = Dsn(conf.options()["dsn"])
        self.stdout.write(f"DSN       project {dsn.project_id} at {tracker_address(dsn)}")
        if waiting := backlog(conf.options()):
            self.stdout.write(f"Spool     {waiting}")
        self.reach(dsn)
        self.stdout.write(f"Server    {dsn.netloc} answers")
        event_id = self.send()
        self.stdout.write(self.style.SUCCESS(f"Event     accepted, its id is {event_id}"))
        if options["read_back"]:
            self.read_back(tracker_address(dsn), event_id)

    def reach(self, dsn: Dsn) -> None:
        """Ask the server for its front page: any answer will do.

        Raises:
            CommandError: if there is none.
        """
        try:
            urllib.request.urlopen(tracker_address(dsn), timeout=SECONDS).close()
        except urllib.error.HTTPError as answer:
            answer.close()
        except (OSError, http.client.HTTPException) as error:
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
        client = sentry_sdk.Client(**{**conf.options(), "transport": ReportingTransport})
        transport = cast(ReportingTransport, client.transport)
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

    def read_back(self, address: str, event_id: str) -> None:
        """Wait until GlitchTip shows the event: what its web process accepts, its worker may never store.

        Raises:
            CommandError: if the event is not shown within `READ_BACK_SECONDS`, or cannot be looked for.
        """
        name = tracker_name(address)
        if not name.startswith("GlitchTip"):
            raise CommandError(f"Issue     {address} is not GlitchTip: look for the event's id in its own pages")
        if not conf.api_token():
            raise CommandError(f"Issue     GLITCHTIP_API_TOKEN is empty: set it {conf.where()}")
        self.stdout.write(f"Issue     asking {name} ", ending="")
        url = ""
        deadline = time.monotonic() + READ_BACK_SECONDS
        while not url and time.monotonic() < deadline:
            self.stdout.write(".", ending="")
            self.stdout.flush()
            try:
                url = issue_url(address, conf.api_token(), event_id)
            except urllib.error.HTTPError as error:
                raise CommandError(f"its API answers {error.code}: does GLITCHTIP_API_TOKEN belong to it?") from None
            except (OSError, ValueError, http.client.HTTPException) as error:
                raise CommandError(f"its API gives no answer: {error}") from None
            time.sleep(0 if url else LOOK_SECONDS)
        if not url:
            raise CommandError(
                f" no issue after {READ_BACK_SECONDS} s: accepted and never stored. Is a worker running, are the"
                " migrations done? Look at GlitchTip's log"
            )
        self.stdout.write(self.style.SUCCESS(f" found: {url}"))
