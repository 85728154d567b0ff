"""Serve the embedded tracker: `python -m development.tracker.server PORT NAME`. Exits when standard input closes."""

import contextlib
import io
import logging
import os
import sys
import threading

import click
from werkzeug.serving import make_server

from development.tracker.events import Event, Events
from development.tracker.pages import create_app

COLOURS = {"fatal": "red", "error": "red", "warning": "yellow"}


def end_with_parent() -> None:
    """Exit when the parent process exits for any reason, which closes its end of the pipe."""
    sys.stdin.read()
    os._exit(0)


def main(port: int, project_name: str) -> None:
    """Serve on a local port, and print a line for each event that arrives."""
    address = f"http://localhost:{port}/"

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # an event's text may not fit the terminal's encoding

    def announce(event: Event) -> None:
        level = click.style(event.level.upper(), fg=COLOURS.get(event.level))
        with contextlib.suppress(OSError):  # the terminal may have been closed
            click.echo(f"{level} {event.summary}  {address}events/{event.event_id}/")

    app = create_app(Events(announce), project_name)
    logging.disable(logging.CRITICAL)  # kent logs five lines per event, and a traceback for what is not an envelope
    server = make_server("127.0.0.1", port, app, threaded=True)
    threading.Thread(target=end_with_parent, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
