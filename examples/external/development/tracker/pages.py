"""The pages of the embedded tracker: the list of events, the page of an event, and the number of changes."""

import json
from pathlib import Path
from typing import Any

import kent.app
from flask import Blueprint, Flask, abort, render_template
from markupsafe import Markup, escape

from development.tracker.events import Events, as_list, values
from error_tracking.scrubbing.values import FILTERED

LARGEST_ENVELOPE = 20_000_000  # bytes; GlitchTip accepts less
DEEPEST = 6  # levels of a value that are shown as lists of names; deeper ones are shown as JSON


def marked(value: Any) -> Markup:
    """Return a value as HTML, with filtered parts marked."""
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return escape(text).replace(escape(FILTERED), Markup("<mark>{}</mark>").format(FILTERED))


def rows(value: Any) -> list[tuple[str, Any]]:
    """Return the names and values of a dict, or of the list of pairs that Sentry's protocol allows instead."""
    if isinstance(value, list):
        return [(str(pair[0]), pair[1]) for pair in value if isinstance(pair, list) and len(pair) == 2]
    items = value.items() if isinstance(value, dict) else ()
    return [(str(name), part) for name, part in items if part not in (None, "", [], {})]


def create_app(events: Events, project_name: str) -> Flask:
    """Return kent's app, which receives envelopes, with our own pages instead of its list."""
    kent.app.EVENTS = events
    app: Flask = kent.app.create_app()
    folder = Path(__file__).parent
    pages = Blueprint(
        "tracker",
        __name__,
        template_folder=folder / "templates",
        static_folder=folder.parent / "static" / "development",
        static_url_path="/development",
    )

    def index() -> str:
        with events.lock:
            groups = [(group, group.events[-1]) for group in reversed(events.groups.values())]
        return render_template("tracker/events.html", groups=groups)

    app.view_functions["index_view"] = index  # kent's page shows its own IDs, not the site's

    @pages.get("/events/<event_id>/")
    def event_page(event_id: str) -> str:
        with events.lock:
            event = events.get_event(event_id)
            if not event:
                abort(404, "This event was not received, or was deleted to make room for newer ones.")
            group = events.groups[event.kind]
            ids = [other.event_id for other in group.events]
        place = ids.index(event_id)
        return render_template(
            "tracker/event.html",
            event=event,
            data=event.data,
            breadcrumbs=values(event.data, "breadcrumbs"),
            feedback=events.feedback(event_id),
            filtered=json.dumps(event.body, default=str).count(FILTERED),
            number=group.count - len(ids) + place + 1,
            count=group.count,
            older=ids[place - 1] if place else "",
            newer=ids[place + 1] if place + 1 < len(ids) else "",
        )

    @pages.get("/changes/")
    def changes() -> str:
        """Return a number that changes with each event. Open pages request it, and refresh if it has changed."""
        return str(events.changes)

    app.config.update(TRUSTED_HOSTS=["localhost", "127.0.0.1"], MAX_CONTENT_LENGTH=LARGEST_ENVELOPE)
    app.jinja_env.filters.update(as_list=as_list, marked=marked, rows=rows)
    app.jinja_env.globals.update(project_name=project_name, deepest=DEEPEST)
    app.register_blueprint(pages)
    return app
