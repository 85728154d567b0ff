"""Reads and changes envelopes on disk: lines of JSON, one for the envelope and two for its item (Sentry, "Envelopes")."""

import json
from datetime import UTC, datetime

from sentry_sdk.utils import format_timestamp


def security_report(body: bytes) -> bytes:
    """Return the report in an envelope if it is for the security endpoint (an item `raw_security`, as in Relay), or b""."""
    _, item, report = body.split(b"\n", 2)
    return report if json.loads(item)["type"] == "raw_security" else b""


def stamped(body: bytes, dropped: int = 0) -> bytes:
    """Return an envelope with the time of sending, which trackers use to correct for the site's clock.

    If repetitions were `dropped` before the event, their number is added to its context "spool".

    Raises:
        ValueError: if the envelope has another format.
    """
    try:
        header, item, event = body.split(b"\n", 2)
        headers, items = json.loads(header), json.loads(item)
        length = items["length"]
        whole = "event_id" in headers and event[length : length + 1] in (b"\n", b"") and len(event) >= length
        if whole and dropped and items["type"] == "event":
            content = json.loads(event[:length])
            rest = event[length:]
            content["contexts"] = {**(content.get("contexts") or {}), "spool": {"dropped_repetitions": dropped}}
            event = json.dumps(content).encode()
            item = json.dumps({**items, "length": len(event)}).encode()
            event += rest
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise ValueError("it is incomplete, or not an envelope")
    header = json.dumps({**headers, "sent_at": format_timestamp(datetime.now(UTC))}).encode()
    return b"\n".join((header, item, event))
