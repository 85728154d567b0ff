"""What is wired to what, read live for the start page of development."""

import contextlib
import http.client

from django.conf import settings
from sentry_sdk.utils import Dsn

from error_tracking.spool import backlog
from error_tracking.tracker_api import embedded_event_url, issue_url, tracker_address, tracker_name


def wiring(*, just_sent: bool = False) -> dict[str, str]:
    """Return what the start page shows, a label and a text each; the tracker is asked who it is.

    What was just sent to a tracker that answers is on its way, and no backlog.
    """
    options = settings.SENTRY_OPTIONS
    rows = {"Environment": options["environment"], "Release": options["release"]}
    if not settings.SENTRY_DSN:
        return {**rows, "DSN": f"none: set SENTRY_DSN in {settings.ENV_FILE} and start the site anew"}
    dsn = Dsn(settings.SENTRY_DSN)
    rows["DSN"] = f"{dsn.scheme}://****@{dsn.netloc}{dsn.path}{dsn.project_id}"
    address = tracker_address(dsn)
    name = tracker_name(address)
    rows["Tracker"] = f"{name} at {address}" if name else f"nothing answers at {address}"
    if not (just_sent and name) and (waiting := backlog(options["transport"])):
        rows["Spool"] = waiting
    return rows


def event_url(event_id: str) -> str:
    """Return the page that shows an event, or the tracker's front page where there is none, or none yet."""
    address, url = tracker_address(Dsn(settings.SENTRY_DSN)), ""
    with contextlib.suppress(OSError, ValueError, LookupError, http.client.HTTPException):
        if tracker_name(address).startswith("GlitchTip"):
            url = issue_url(address, settings.GLITCHTIP_API_TOKEN, event_id)
        else:
            url = embedded_event_url(address, event_id)
    public = settings.TRACKER_URL or address
    return url.replace(address, public, 1) or public
