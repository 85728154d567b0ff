"""`manage.py trigger_error`: raise an error in the running site, and print the event's ID and link."""

import http.client
import time
import urllib.error
import urllib.request
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from development.start_page import arrived, tracker_here

SECONDS = 15  # to wait for the event to arrive


class Command(BaseCommand):
    """Request the view that divides by zero."""

    help = "Raises an error in the running site and prints the event's ID and link."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the event's ID and link.

        Raises:
            CommandError: if the site is not running or sends no event, or if the event does not arrive.
        """
        url = f"http://localhost:{settings.APP_PORT}{reverse('glitchtip-debug')}"
        try:
            urllib.request.urlopen(url, timeout=SECONDS).close()
            event_id = ""
        except urllib.error.HTTPError as answer:
            event_id = answer.headers.get("X-Event-ID", "")
            answer.close()
        except (OSError, http.client.HTTPException) as error:
            if isinstance(getattr(error, "reason", error), ConnectionRefusedError):
                line = f"The site is not running on port {settings.APP_PORT}. Start it with make run."
            else:
                line = f"{url} did not respond ({error}). Check which program uses the port."
            raise CommandError(line) from None
        if not event_id:
            raise CommandError(
                f"{url} sent no event. Check SENTRY_DSN in {settings.ENV_FILE},"
                " and check that no other program uses the port."
            )
        self.stdout.write(f"Event {event_id}")
        deadline = time.monotonic() + SECONDS
        while not (event := arrived(tracker_here(), event_id)) and time.monotonic() < deadline:
            time.sleep(0.1)
        if not event:
            raise CommandError("The event has not arrived yet. Check the start page for waiting events.")
        self.stdout.write(f"{event['title']}  {event['url']}")
