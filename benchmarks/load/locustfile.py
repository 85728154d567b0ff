"""What each of Locust's users does: it sends the recorded events, each with a new ID, and spread over a number of issues.

It is configured by the environment variables of __main__.py, which runs it.
"""

import gzip
import json
import os
import random
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

from locust import FastHttpUser, constant_throughput, task

DSN = urlsplit(os.environ["LOAD_DSN"])
PATH, _, PROJECT = DSN.path.rpartition("/")
RATE, ISSUES = float(os.environ["LOAD_RATE_OF_USER"]), int(os.environ["LOAD_ISSUES"])
EVENTS = [
    json.loads(line) for line in Path(__file__).with_name("envelopes.jsonl").read_text(encoding="utf-8").splitlines()
]
HEADERS = {
    "Content-Type": "application/x-sentry-envelope",
    "Content-Encoding": "gzip",
    "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_client=load/1, sentry_key={DSN.username}",
}


def envelope() -> bytes:
    """Return an envelope with one of the recorded events, compressed as the SDK does."""
    event = random.choice(EVENTS)  # noqa: S311
    number = random.randrange(ISSUES)  # noqa: S311
    event_id, now = uuid.uuid4().hex, time.time()
    new = {"event_id": event_id, "timestamp": now, "transaction": f"{event['transaction']}_{number}"}
    item = json.dumps({**event, **new}).encode()
    lines = [
        json.dumps({"event_id": event_id}).encode(),
        json.dumps({"type": "event", "length": len(item)}).encode(),
        item,
    ]
    return gzip.compress(b"\n".join(lines) + b"\n", 6)


class Site(FastHttpUser):  # type: ignore[misc]
    """Sends an event, waits for the answer, and sends the next, at most `RATE` a second; 0 means without a pause."""

    host = f"{DSN.scheme}://{DSN.hostname}:{DSN.port or (443 if DSN.scheme == 'https' else 80)}"
    if RATE:
        wait_time = constant_throughput(RATE)

    @task  # type: ignore[untyped-decorator]
    def send(self) -> None:
        """Send one event."""
        self.client.post(f"{PATH}/api/{PROJECT}/envelope/", data=envelope(), headers=HEADERS, name="envelope")
        self.client.client.clientpool.close()  # GlitchTip 5.2 closes each connection without saying so (uWSGI)
