"""`manage.py check_tracker`: checks that errors of this site reach its tracker."""

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
from error_tracking.tracker_api import SECONDS, find_issue, tracker_address, tracker_name

READ_BACK_SECONDS = 30
LOOK_SECONDS = 1  # between two requests
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


class Command(BaseCommand):
    """Sends an event, prints a line for each step, and exits with 0 only if the tracker accepts the event."""

    help = "Send a test event to the tracker and report the result."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --read-back."""
        parser.add_argument("--read-back", action="store_true", help="also find the event as an issue in GlitchTip")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the steps.

        Raises:
            CommandError: if a step fails; the message says what to do.
        """
        if not conf.options()["dsn"]:
            raise CommandError(f"DSN       SENTRY_DSN is empty: set it {conf.where()}")
        dsn = Dsn(conf.options()["dsn"])
        self.stdout.write(f"DSN       project {dsn.project_id} at {tracker_address(dsn)}")
        if waiting := backlog(conf.options()):
            self.stdout.write(f"Spool     {waiting}")
        self.reach(dsn)
        self.stdout.write(f"Server    {dsn.netloc} answers")
        event_id = self.send()
        self.stdout.write(self.style.SUCCESS(f"Event     accepted, ID {event_id}"))
        if options["read_back"]:
            self.read_back(tracker_address(dsn), event_id)

    def reach(self, dsn: Dsn) -> None:
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

    def send(self) -> str:
        """Send one event with the options from the settings, and return its ID.

        Raises:
            CommandError: if the tracker does not accept the event.
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
            raise CommandError(f"Event     {WAYS_OUT.get(reason, f'the tracker failed ({reason}): check its log')}")
        if event_id is None or time.monotonic() - started >= patience:
            raise CommandError("Event     not sent in time: check the tracker's log")
        return event_id

    def read_back(self, address: str, event_id: str) -> None:
        """Wait until GlitchTip shows the event, which its worker may fail to store after its web process accepts it.

        Raises:
            CommandError: if the event is not shown within `READ_BACK_SECONDS`, or GlitchTip cannot be queried.
        """
        name = tracker_name(address)
        if not name.startswith("GlitchTip"):
            raise CommandError(f"Issue     {address} is not GlitchTip: search that tracker for the event's ID")
        if not conf.api_token():
            raise CommandError(f"Issue     GLITCHTIP_API_TOKEN is empty: set it {conf.where()}")
        self.stdout.write(f"Issue     searching {name} ", ending="")
        issue: dict[str, str] = {}
        deadline = time.monotonic() + READ_BACK_SECONDS
        while not issue and time.monotonic() < deadline:
            self.stdout.write(".", ending="")
            self.stdout.flush()
            try:
                issue = find_issue(address, conf.api_token(), event_id)
            except urllib.error.HTTPError as error:
                raise CommandError(f"its API answered {error.code}: check GLITCHTIP_API_TOKEN") from None
            except (OSError, ValueError, http.client.HTTPException) as error:
                raise CommandError(f"its API does not respond: {error}") from None
            time.sleep(0 if issue else LOOK_SECONDS)
        if not issue:
            raise CommandError(
                f" no issue after {READ_BACK_SECONDS} s: the event was accepted but not stored. Check that the"
                " worker is running and that migrations have been applied; see GlitchTip's log"
            )
        self.stdout.write(self.style.SUCCESS(f" found: {issue['url']}"))
