"""The stand-in's server: kent receives the events; we serve the GlitchTip pages that a project requests."""

import os
import threading

import django
from kent.app import EventManager, create_app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glitchtip.settings")
django.setup()

from alerting import keep_alerting  # noqa: E402
from api import api  # noqa: E402
from django.db import connections  # noqa: E402

EventManager.MAX_EVENTS = 10_000  # instead of 100
app = create_app()
app.register_blueprint(api)


@app.route("/_health/")
def health():
    """Answer 200 while the process runs."""
    return "ok"


@app.route("/api/settings/")
def settings():
    """Return the version; this needs no token."""
    return {"version": "6.2.3"}


@app.teardown_request
def disconnect(_):
    """Close the database connection of the thread, which serves one request."""
    connections.close_all()


threading.Thread(target=keep_alerting, daemon=True).start()
app.run(host="0.0.0.0", port=int(os.environ.get("PORT", "8000")), threaded=True)
