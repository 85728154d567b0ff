"""What the start page shows: what is wired to what, read live, and where an event is in the tracker."""

import contextlib
import http.client

from django.conf import settings
from sentry_sdk.utils import Dsn

from error_tracking.spool.transport import backlog
from error_tracking.tracker_api import get_json, issue_url, tracker_address, tracker_name


def wiring(*, just_sent: bool = False) -> dict[str, str]:
    """Return what the start page shows, a label and a text each; the tracker is asked who it is.

    What was just sent to a tracker that answers is on its way, and no backlog.
    """
    options = settings.SENTRY_OPTIONS
    rows = {"Environment": options["environment"], "Release": options["release"]}
    if not options["dsn"]:
        return {**rows, "DSN": f"none: set SENTRY_DSN in {settings.ENV_FILE} and start the site anew"}
    dsn = Dsn(options["dsn"])
    rows["DSN"] = f"{dsn.scheme}://****@{dsn.netloc}{dsn.path}{dsn.project_id}"
    address = tracker_address(dsn)
    name = tracker_name(address)
    rows["Tracker"] = f"{name} at {address}" if name else f"nothing answers at {address}"
    if not (just_sent and name) and (waiting := backlog(options)):
        rows["Spool"] = waiting
    return rows


def event_url(event_id: str) -> str:
    """Return the page that shows an event, or the tracker's front page where there is none, or none yet."""
    address, url = tracker_address(Dsn(settings.SENTRY_OPTIONS["dsn"])), ""
    with contextlib.suppress(OSError, ValueError, LookupError, http.client.HTTPException):
        if tracker_name(address).startswith("GlitchTip"):
            url = issue_url(address, settings.GLITCHTIP_API_TOKEN, event_id)
        else:
            url = embedded_event_url(address, event_id)
    public = settings.TRACKER_URL or address
    return url.replace(address, public, 1) or public


def embedded_event_url(address: str, event_id: str) -> str:
    """Return the page of an event in the embedded tracker, which gives events ids of its own, or "".

    Raises:
        OSError: if there is no answer.
        ValueError: if the answer is not JSON.
    """
    for listed in reversed(get_json(f"{address}api/eventlist/")["events"]):
        page = f"{address}api/event/{listed['event_id']}"
        if (get_json(page)["payload"].get("body") or {}).get("event_id") == event_id:
            return page
    return ""
