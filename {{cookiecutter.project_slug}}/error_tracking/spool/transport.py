"""The SDK's transport with a spool before it, and what starts it."""

from __future__ import annotations

import hashlib
import os
import re
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import sentry_sdk
from sentry_sdk.consts import VERSION, EndpointType
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import HttpTransport
from sentry_sdk.utils import Dsn
from urllib3.exceptions import ProtocolError

from error_tracking.spool.files import Spool
from error_tracking.spool.kinds import kind_of
from error_tracking.spool.sender import CONNECTIONS, Sender
from error_tracking.spool.thread import SenderThread

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager


class SpoolTransport(HttpTransport):
    """The SDK's own transport, except that an error event is written to the spool first and sent from there."""

    root: Path
    bounds: dict[str, int]

    def __init__(self, options: dict[str, Any]) -> None:
        """Start nothing yet."""
        super().__init__(options)
        self.spool = self.spool_of(options["dsn"])
        self.auth = cast(Dsn, self.parsed_dsn).to_auth(f"sentry.python/{VERSION}")
        self.renew()
        if hasattr(os, "register_at_fork"):
            renew = weakref.WeakMethod(self.renew)
            os.register_at_fork(after_in_child=lambda: (method := renew()) and method())

    @classmethod
    def spool_of(cls, dsn: str) -> Spool:
        """Return the spool of a DSN, whose folder no other DSN uses."""
        parsed = Dsn(dsn)
        name = re.sub(r"[^\w.-]", "_", f"{parsed.host}-{parsed.project_id}")
        return Spool(cls.root / f"{name}-{hashlib.sha256(str(parsed).encode()).hexdigest()[:8]}", **cls.bounds)

    def renew(self) -> None:
        """Forget the thread and the connections of the process that this one was forked from, whose locks may be held."""
        self.thread = SenderThread(Sender(self.spool, self.post))
        self.connections = connections(self.options)
        self.resumed = self.bypassed = False

    def capture_envelope(self, envelope: Envelope) -> None:
        """Write an error event to the spool; anything else, and an event that cannot be written, goes the SDK's usual way."""
        event: Any = envelope.get_event()
        if event is not None:
            try:
                self.spool.put(str(event["event_id"]), kind_of(event), envelope.serialize())
            except Exception as error:
                reason = getattr(error, "strerror", None) or repr(error)
                self.spool.warn(
                    "The spool %s cannot be written (%s): events are sent without it", self.spool.folder, reason
                )
            else:
                self.thread.wake()
                return
        self.bypassed = True
        super().capture_envelope(envelope)

    def post(self, body: bytes) -> BaseHTTPResponse:
        """Send a compressed envelope and return the tracker's answer; a closed connection is replaced once, at once."""
        headers = {
            "Content-Type": "application/x-sentry-envelope",
            "Content-Encoding": "gzip",
            "User-Agent": str(self.auth.client),
            "X-Sentry-Auth": self.auth.to_header(),
        }
        url = self.auth.get_api_url(EndpointType.ENVELOPE)
        options: dict[str, Any] = {"body": body, "retries": False, "redirect": False}
        try:
            return self.connections.request("POST", url, headers=headers, **options)
        except ProtocolError:  # the server has closed this connection, and perhaps all others that are kept
            return connections(self.options).request("POST", url, headers=headers, **options)

    def resume(self) -> None:
        """Send, once in a process, what others have left."""
        if not self.resumed:
            self.resumed = True
            if self.spool.waiting():
                self.thread.wake()

    def flush(self, timeout: float, callback: Any = None) -> None:
        """Wait until nothing is left that can be sent now; the rest is safe on disk.

        The SDK's own `callback` is not called: it prints that events are pending when none is.
        """
        end = time.monotonic() + timeout
        self.thread.wait(timeout)
        if self.bypassed:
            super().flush(max(0.0, end - time.monotonic()))

    def kill(self) -> None:
        """End the thread; what waits stays on disk."""
        self.thread.stop()
        super().kill()


def connections(options: dict[str, Any]) -> PoolManager:
    """Return connections as the SDK makes them, which know its proxies and certificates, for several requests at once.

    This is the only private name of the SDK that the spool uses.
    """
    pool = HttpTransport(options)._pool  # noqa: SLF001
    pool.connection_pool_kw["maxsize"] = CONNECTIONS
    return pool


def spool_transport(folder: str, *, max_megabytes: int, max_days: int) -> type[SpoolTransport] | None:
    """Return the transport for one folder as `sentry_sdk.init` expects it, a class; None without a folder."""
    if not folder:
        return None

    class ConfiguredSpoolTransport(SpoolTransport):
        root = Path(folder)
        bounds = {"max_bytes": max_megabytes * 1_000_000, "max_seconds": max_days * 86400}

    return ConfiguredSpoolTransport


def resume_spool(**_: Any) -> None:
    """Send what other processes have left: with the first request, or when a worker of gunicorn starts."""
    transport = sentry_sdk.get_client().transport
    if isinstance(transport, SpoolTransport):
        transport.resume()


def backlog(options: dict[str, Any]) -> str:
    """Return a one-line summary of the events in the spool, or an empty string if it is empty or turned off."""
    transport = options["transport"]
    if not options["dsn"] or not isinstance(transport, type) or not issubclass(transport, SpoolTransport):
        return ""
    own = transport.spool_of(options["dsn"])
    others = {file.parent for file in own.folder.parent.glob("*/*.envelope")} - {own.folder}
    return "; ".join(filter(None, [str(own), *(f"events of another DSN in {folder}" for folder in sorted(others))]))
