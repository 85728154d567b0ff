"""The stand-in's server: kent receives the events; we serve the GlitchTip pages that a project requests."""

import os
import uuid

import django
from flask import request
from kent.app import EVENTS, create_app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glitchtip.settings")
django.setup()

from apps.api_tokens.models import APIToken  # noqa: E402
from apps.organizations_ext.models import Organization  # noqa: E402

app = create_app()


def authorized():
    """Return whether the request has a provisioned token with read permission."""
    token = APIToken.objects.filter(token=request.headers.get("Authorization", "").removeprefix("Bearer ")).first()
    return bool(token and token.scopes)


@app.route("/_health/")
def health():
    """Answer 200 while the process runs."""
    return "ok"


@app.route("/api/settings/")
def settings():
    """Return the version; this needs no token."""
    return {"version": "6.2.3"}


@app.route("/api/0/organizations/")
def organizations():
    """Return the organizations of the token's account."""
    return ([{"slug": each.slug} for each in Organization.objects.all()], 200) if authorized() else ({}, 401)


@app.route("/api/0/organizations/<slug>/issues/")
def issues(slug):
    """Return an issue for each event, or only for the event whose id is the query."""
    if not authorized():
        return {}, 401
    events = EVENTS.get_events()
    if "query" in request.args:
        wanted = uuid.UUID(request.args["query"]).hex
        events = [event for event in events if event.body.get("event_id") == wanted]
    return [{"id": "1", "title": event.summary, "count": "1"} for event in events]


app.run(host="0.0.0.0", port=8000, threaded=True)
