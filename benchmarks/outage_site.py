"""A site for `benchmarks.outage`, which starts this module in the folder of a baked project.

    python -m benchmarks.outage_site DSN SPOOL_FOLDER MEGABYTES

An empty SPOOL_FOLDER selects the SDK's own transport. The site reads one command per line and prints a line of JSON for
each:

- `crash COUNT SECONDS`: raise errors in WSGI requests, spread over that time; prints their event ids and the seconds
  that each request took;
- `visit`: make one request without an error;
- `log COUNT`: log COUNT errors, each with its own text; prints their event ids.

At the end of its input, or on SIGTERM, it exits like a gunicorn worker.
"""

import json
import os
import signal
import sys
import time
import warnings
from pathlib import Path


def main() -> None:
    """Set up the site, then run the commands."""
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
        """Return the event id of a response, or "", and how long the request took."""
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
