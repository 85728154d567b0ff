"""`manage.py check_tracker`: checks that errors of this site reach its tracker, and that somebody is notified."""

import time
import urllib.error
from collections.abc import Callable
from functools import partial
from secrets import token_hex
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from sentry_sdk.utils import Dsn

from error_tracking import conf, mailpit
from error_tracking.alert_rules import find_project, matching_rules
from error_tracking.checks import is_local
from error_tracking.probe import reach, send
from error_tracking.spool.transport import backlog
from error_tracking.tracker_api import API_ERRORS, find_issue, tracker_address, tracker_name

READ_BACK_SECONDS = 30
ALERT_SECONDS = 150  # GlitchTip looks for new issues once a minute
LOOK_SECONDS = 1  # between two requests


class Command(BaseCommand):
    """Sends an event, prints a line for each step, and exits with 0 only if the tracker accepts the event."""

    help = "Send a test event to the tracker and report the result."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --read-back and --alert."""
        parser.add_argument("--read-back", action="store_true", help="also find the event as an issue in GlitchTip")
        parser.add_argument("--alert", action="store_true", help="send a new error, and report who is notified of it")

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
        reach(dsn)
        self.stdout.write(f"Server    {dsn.netloc} answers")
        address, marker = tracker_address(dsn), token_hex(6)
        event: dict[str, Any] = {"message": "check_tracker: sent on purpose", "level": "info"}
        mail = False
        if options["alert"]:  # a fingerprint of its own makes the event the first one of a new issue
            mail = self.show_rules(address, dsn.project_id)
            event = {"message": f"check_tracker --alert {marker}", "level": "error", "fingerprint": [marker]}
        event_id = send(event)
        self.stdout.write(self.style.SUCCESS(f"Event     accepted, ID {event_id}"))
        if options["read_back"] or options["alert"]:
            self.read_back(address, event_id)
        if mail:
            self.wait_for_mail(dsn, marker)

    def read_back(self, address: str, event_id: str) -> None:
        """Wait until GlitchTip shows the event, which its worker may fail to store after its web process accepts it.

        Raises:
            CommandError: if the event is not shown within `READ_BACK_SECONDS`, or GlitchTip cannot be queried.
        """
        token = self.token(address, "Issue     ", "search that tracker for the event's ID")
        issue = self.wait(
            f"Issue     searching {tracker_name(address)} ",
            READ_BACK_SECONDS,
            lambda: find_issue(address, token, event_id),
        )
        if not issue:
            raise CommandError(
                f" no issue after {READ_BACK_SECONDS} s: the event was accepted but not stored. Check that the"
                " worker is running and that migrations have been applied; see GlitchTip's log"
            )
        self.stdout.write(self.style.SUCCESS(f" found: {conf.public_url(issue['url'], address)}"))

    def token(self, address: str, label: str, otherwise: str) -> str:
        """Return the token for GlitchTip's API. The message for another tracker says what to do `otherwise`.

        Raises:
            CommandError: if the tracker is not GlitchTip, or there is no token.
        """
        if not tracker_name(address).startswith("GlitchTip"):
            raise CommandError(f"{label}{address} is not GlitchTip: {otherwise}")
        if not conf.api_token():
            raise CommandError(f"{label}GLITCHTIP_API_TOKEN is empty: set it {conf.where()}")
        return conf.api_token()

    def wait(self, label: str, seconds: float, find: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Print `label`, and a dot for each try, until `find` returns something or the time is over; return it.

        Raises:
            CommandError: if a request fails.
        """
        self.stdout.write(label, ending="")
        found: dict[str, Any] = {}
        deadline = time.monotonic() + seconds
        while not found and time.monotonic() < deadline:
            self.stdout.write(".", ending="")
            self.stdout.flush()
            found = self.ask(find)
            time.sleep(0 if found else LOOK_SECONDS)
        return found

    def ask(self, query: Callable[[], Any]) -> Any:
        """Return the result of a query to an API.

        Raises:
            CommandError: if the request fails.
        """
        try:
            return query()
        except urllib.error.HTTPError as error:
            error.close()
            hint = "check GLITCHTIP_API_TOKEN" if error.code in (401, 403) else "check the log of that server"
            raise CommandError(f"{error.url} answered {error.code}: {hint}") from None
        except API_ERRORS as error:
            raise CommandError(f"the API cannot be read ({error!r}): check the log of that server") from None

    def show_rules(self, address: str, project_id: str) -> bool:
        """Print the rules that a single error triggers, and whom they notify; return whether one sends mail.

        Raises:
            CommandError: if nobody would be notified.
        """
        token = self.token(address, "Rule      ", "check the alerts in that tracker")
        project = self.ask(lambda: find_project(address, token, project_id))
        if not project:
            raise CommandError(
                f"Rule      the account of GLITCHTIP_API_TOKEN cannot see project {project_id}: use the token of a member"
            )
        rules = self.ask(lambda: matching_rules(address, token, project, conf.options()["environment"]))
        for rule in rules:
            notified = [*(f"{email} by mail" for email in rule.mailed), *rule.webhooks]
            self.stdout.write(f"Rule      {rule.name or '(unnamed)'}: notifies {', '.join(notified) or 'nobody'}")
        if not any(rule.mailed or rule.webhooks for rule in rules):
            reason = "the rules notify nobody" if rules else "no rule is triggered by one event"
            raise CommandError(
                f"Rule      {reason}: open the project's alerts in GlitchTip, and the members of its team"
            )
        return any(rule.mailed for rule in rules)

    def wait_for_mail(self, dsn: Dsn, marker: str) -> None:
        """Wait until Mailpit has the mail about the event, if Mailpit runs; otherwise, print that it was not checked.

        Raises:
            CommandError: if the mail does not come within `ALERT_SECONDS`, or no mail is sent.
        """
        if not mailpit.is_running(conf.mailpit()):
            if is_local(dsn.host) and not conf.has_mail_server():  # the GlitchTip in compose has the site's EMAIL_URL
                raise CommandError(f"Mail      EMAIL_URL is empty, so GlitchTip prints its mail: set it {conf.where()}")
            self.stdout.write("Mail      not checked: look into the inbox of those who are notified within two minutes")
            return
        find = partial(mailpit.find_message, conf.mailpit(), marker)
        mail = self.wait("Mail      waiting in Mailpit ", ALERT_SECONDS, find)
        if not mail:
            raise CommandError(
                f" none after {ALERT_SECONDS} s: check that GlitchTip's worker runs, and its EMAIL_URL; see GlitchTip's log"
            )
        to = ", ".join(recipient["Address"] for recipient in mail["To"])
        self.stdout.write(self.style.SUCCESS(f" found: {mail['Subject']}, to {to}"))
