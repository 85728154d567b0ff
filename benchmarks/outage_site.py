"""One site of `benchmarks.outage`, which starts this in the folder of a baked project.

    python -m benchmarks.outage_site DSN SPOOL_FOLDER MEGABYTES

An empty SPOOL_FOLDER stands for the SDK's own transport. It reads commands, a line each, and prints a line of JSON for each:

- `crash COUNT SECONDS`: raise errors by WSGI, spread over that time; prints the ids of their events and how long each
  request took, in seconds;
- `visit`: one request without an error;
- `log COUNT`: log as many errors, each with its own text; prints the ids of their events.

At the end of its input, or at SIGTERM, it exits as a worker of gunicorn does.
"""

import json
import os
import signal
import sys
import time
import warnings
from pathlib import Path


def main() -> None:
    """Set the site up, then do what is asked for."""
    dsn, folder, megabytes = sys.argv[1:]
    warnings.simplefilter("ignore")  # no static files are collected here
    os.environ.update(DJANGO_SETTINGS_MODULE="config.settings", DEBUG="False", SENTRY_DSN=dsn)
    os.environ.update(SENTRY_SPOOL_DIR=folder, SENTRY_SPOOL_MAX_MB=megabytes)
    sys.path.insert(0, str(Path.cwd()))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

    import sentry_sdk
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.test import RequestFactory

    settings.ALLOWED_HOSTS = ["testserver"]
    application, factory = get_wsgi_application(), RequestFactory()

    def get(path: str) -> tuple[str, float]:
        """Return the event id of an answer, or "", and how long it took."""
        headers: dict[str, str] = {}
        environ = factory.get(path).environ
        started = time.perf_counter()
        response = application(environ, lambda _, found: headers.update(found))
        b"".join(response)
        response.close()
        return headers.get("X-Event-ID", ""), time.perf_counter() - started

    for line in sys.stdin:
        command, *numbers = line.split()
        answer: object = None
        if command == "crash":
            count, spread = int(numbers[0]), float(numbers[1])
            started, ids, seconds = time.monotonic(), [], []
            for number in range(count):
                event_id, took = get("/glitchtip-debug/")
                ids.append(event_id)
                seconds.append(took)
                time.sleep(max(0.0, started + spread * (number + 1) / count - time.monotonic()))
            answer = {"ids": ids, "seconds": seconds}
        elif command == "visit":
            get("/")
        elif command == "log":
            answer = {"ids": [sentry_sdk.capture_message(f"rare {'!' * n}", "error") for n in range(int(numbers[0]))]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
