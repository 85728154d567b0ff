"""The SDK's transport with a spool in front of it, and the functions that create and start it."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import sentry_sdk
from sentry_sdk.consts import VERSION, EndpointType
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import HttpTransport
from sentry_sdk.utils import Dsn
from urllib3.exceptions import ProtocolError

from error_tracking.spool.alarm import Alarm
from error_tracking.spool.envelopes import security_report
from error_tracking.spool.files import NAME, Spool
from error_tracking.spool.kinds import kind_from_visitor, kind_of
from error_tracking.spool.sender import CONNECTIONS, Sender
from error_tracking.spool.thread import SenderThread

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager


class SpoolTransport(HttpTransport):
    """The SDK's own transport, except that error events are written to the spool first and sent from there."""

    LOOK_PAUSE = 15.0  # seconds between two checks for events of other processes

    root: Path
    bounds: dict[str, int]
    alert_seconds: int

    def __init__(self, options: dict[str, Any]) -> None:
        """Set up the spool of the DSN; nothing is started yet."""
        super().__init__(options)
        self.spool = self.spool_of(options["dsn"])
        self.auth = cast(Dsn, self.parsed_dsn).to_auth(f"sentry.python/{VERSION}")
        self.renew()
        if hasattr(os, "register_at_fork"):
            renew = weakref.WeakMethod(self.renew)
            os.register_at_fork(after_in_child=lambda: (method := renew()) and method())

    @classmethod
    def spool_of(cls, dsn: str) -> Spool:
        """Return the spool of a DSN. Each DSN has its own folder."""
        parsed = Dsn(dsn)
        name = re.sub(r"[^\w.-]", "_", f"{parsed.host}-{parsed.project_id}")
        return Spool(cls.root / f"{name}-{hashlib.sha256(str(parsed).encode()).hexdigest()[:8]}", **cls.bounds)

    def renew(self) -> None:
        """Replace the thread and the connections after a fork, because the parent process may hold their locks."""
        self.thread = SenderThread(Sender(self.spool, self.post), Alarm(self.spool, self.alert_seconds))
        self.connections = connections(self.options)
        self.next_look, self.bypassed = 0.0, False

    def capture_envelope(self, envelope: Envelope) -> None:
        """Write an error event to the spool. Send anything else, and events that cannot be written, as the SDK does."""
        event: Any = envelope.get_event()
        if event is None or not self.keep(envelope, kind_of, event):
            self.bypassed = True
            super().capture_envelope(envelope)

    def capture_from_visitor(self, envelope: Envelope) -> None:
        """Write an item that a visitor has sent to the spool. It is dropped if it cannot be written."""
        self.keep(envelope, kind_from_visitor, envelope.items[0].type)

    def keep(self, envelope: Envelope, kind: Callable[[Any], str], item: Any) -> bool:
        """Write an envelope to the spool and wake the thread; return False if it cannot be written."""
        try:
            self.spool.put(str(envelope.headers["event_id"]), kind(item), envelope.serialize())
        except Exception as error:
            reason = getattr(error, "strerror", None) or repr(error)
            self.spool.warn(
                "The spool %s cannot be written (%s): events are sent without it", self.spool.folder, reason
            )
            return False
        self.thread.wake()
        return True

    def post(self, body: bytes) -> BaseHTTPResponse:
        """Send an envelope, and return the response. If the connection is closed, retry once on a new one."""
        url = self.auth.get_api_url(EndpointType.ENVELOPE)
        headers = {"User-Agent": str(self.auth.client), "X-Sentry-Auth": self.auth.to_header()}
        if report := security_report(body):
            url, body = url.removesuffix("envelope/") + "security/", report
            headers["Content-Type"] = "application/csp-report"
        else:
            body = gzip.compress(body, 6)
            headers |= {"Content-Type": "application/x-sentry-envelope", "Content-Encoding": "gzip"}
        options: dict[str, Any] = {"body": body, "retries": False, "redirect": False}
        try:
            return self.connections.request("POST", url, headers=headers, **options)
        except ProtocolError:  # the server has closed this connection, and possibly all other kept ones
            return connections(self.options).request("POST", url, headers=headers, **options)

    def resume(self) -> None:
        """Send the events that other processes left, unless that was checked a moment ago."""
        now = time.monotonic()
        if now >= self.next_look:
            self.next_look = now + self.LOOK_PAUSE
            if self.spool.waiting():
                self.thread.wake()

    def flush(self, timeout: float, callback: Any = None) -> None:
        """Wait until nothing more can be sent now; the rest stays on disk.

        The SDK's `callback` is not called, because it reports pending events even if there are none.
        """
        end = time.monotonic() + timeout
        self.thread.wait(timeout)
        if self.bypassed:
            super().flush(max(0.0, end - time.monotonic()))

    def kill(self) -> None:
        """End the thread; waiting events stay on disk."""
        self.thread.stop()
        super().kill()


def connections(options: dict[str, Any]) -> PoolManager:
    """Return the SDK's connection pool, with its proxies and certificates, for several requests at once.

    `_pool` is the only private name of the SDK that the spool uses.
    """
    pool = HttpTransport(options)._pool  # noqa: SLF001
    pool.connection_pool_kw["maxsize"] = CONNECTIONS
    return pool


def spool_transport(
    folder: str, *, max_megabytes: int, max_days: int, alert_minutes: int = 15
) -> type[SpoolTransport] | None:
    """Return a transport class for a folder, as `sentry_sdk.init` expects it, or None if `folder` is empty.

    If an event waits longer than `alert_minutes`, ADMINS are notified; with 0, never.
    """
    if not folder:
        return None

    class ConfiguredSpoolTransport(SpoolTransport):
        root = Path(folder)
        bounds = {"max_bytes": max_megabytes * 1_000_000, "max_seconds": max_days * 86400}
        alert_seconds = alert_minutes * 60

    return ConfiguredSpoolTransport


def resume_spool(**_: Any) -> None:
    """Send the events that other processes left; called for each request, and when a gunicorn worker starts."""
    transport = sentry_sdk.get_client().transport
    if isinstance(transport, SpoolTransport):
        transport.resume()


def spool_class(options: dict[str, Any]) -> type[SpoolTransport] | None:
    """Return the transport class of the options of `sentry_sdk.init`, or None without a DSN or a spool."""
    transport = options["transport"]
    spools = isinstance(transport, type) and issubclass(transport, SpoolTransport)
    return cast(type[SpoolTransport], transport) if options["dsn"] and spools else None


def all_waiting(transport: type[SpoolTransport]) -> list[str]:
    """Return the names of the waiting files of all DSNs."""
    return [file.name for file in transport.root.glob("*/*.envelope") if NAME.fullmatch(file.name)]


def backlog(options: dict[str, Any]) -> str:
    """Return a one-line summary of the events in the spool, or "" if it is empty or turned off."""
    transport = spool_class(options)
    if transport is None:
        return ""
    own = transport.spool_of(options["dsn"])
    others = {file.parent for file in own.folder.parent.glob("*/*.envelope")} - {own.folder}
    return "; ".join(filter(None, [str(own), *(f"events of another DSN in {folder}" for folder in sorted(others))]))
