"""Read what the start page shows: where errors go, the checklist, and the event that was just sent."""

import contextlib
import re
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from sentry_sdk.utils import Dsn

from error_tracking import conf, mailpit
from error_tracking.spool.transport import backlog
from error_tracking.tracker_api import API_ERRORS, find_issue, get_json, tracker_address, tracker_name


class Row(NamedTuple):
    """A line of the table "Where errors go"."""

    label: str
    text: str
    url: str = ""


class Step(NamedTuple):
    """A line of the checklist: a label, whether the step is done, and the command or setting that completes it."""

    label: str
    done: bool
    how: str


def address() -> str:
    """Return the address of the DSN's tracker, or "" without a DSN."""
    dsn = settings.SENTRY_OPTIONS["dsn"]
    return tracker_address(Dsn(dsn)) if dsn else ""


def wiring(tracker: str, *, just_sent: bool = False) -> list[Row]:
    """Return where errors go; `tracker` is the name of the tracker that responds at the DSN's address, or "".

    With `just_sent`, the spool is not shown if the tracker responds, because the event is still being sent.
    """
    options = settings.SENTRY_OPTIONS
    rows = [Row("Environment", options["environment"]), Row("Release", options["release"])]
    if mailpit.is_running(settings.MAILPIT_URL):
        rows.append(Row("Mail", "Mailpit", f"http://localhost:{settings.MAILPIT_PORT}/"))
    if not options["dsn"]:
        return [*rows, Row("DSN", f"None. Set SENTRY_DSN in {settings.ENV_FILE} and restart the site.")]
    dsn = Dsn(options["dsn"])
    rows.append(Row("DSN", f"{dsn.scheme}://****@{dsn.netloc}{dsn.path}{dsn.project_id}"))
    rows.append(
        Row(
            "Tracker", tracker or "Not responding. Events are kept in the spool.", conf.public_url(address(), address())
        )
    )
    if not (just_sent and tracker) and (waiting := backlog(options)):
        rows.append(Row("Spool", waiting))
    return rows


def checklist(tracker: str) -> list[Step]:
    """Return the steps from the first error to production."""
    folder = settings.BASE_DIR
    production = folder / ".envs" / "production.env"
    if (folder / "glitchtip").is_dir():
        step = Step("GlitchTip", tracker.startswith("GlitchTip"), "make tracker")
    else:
        step = Step("Production DSN", has_variable(production, "SENTRY_DSN"), "SENTRY_DSN in .envs/production.env")
    return [
        Step("First error", bool(arrived(tracker)), "make trigger"),
        step,
        Step("Mail", has_variable(production, "EMAIL_URL"), "EMAIL_URL in .envs/production.env"),
        Step("Backup", any((folder / "backups").glob("*.tar*")), "make backup"),
    ]


def has_variable(file: Path, name: str) -> bool:
    """Return whether an env file sets a variable to something."""
    try:
        return bool(re.search(rf"^{name}=\S", file.read_text(encoding="utf-8"), re.MULTILINE))
    except (OSError, UnicodeDecodeError):
        return False


def tracker_here() -> str:
    """Return the name of the tracker that responds at the DSN's address, or "" if nothing responds."""
    return tracker_name(address()) if address() else ""


def arrived(tracker: str, event_id: str = "") -> dict[str, str]:
    """Return the title and URL of an event in the tracker (any event by default), or {} if it has not arrived."""
    if not tracker:
        return {}
    found: dict[str, str] = {}
    with contextlib.suppress(*API_ERRORS):
        if tracker.startswith("GlitchTip"):
            found = find_issue(address(), settings.GLITCHTIP_API_TOKEN, event_id)
        else:
            events = get_json(f"{address()}api/eventlist/")["events"]
            event = [event for event in events if event_id in ("", event["event_id"])][-1]
            found = {"title": event["summary"], "url": f"{address()}events/{event['event_id']}/"}
    return {**found, "url": conf.public_url(found["url"], address())} if found else {}
