"""The SDK's transport with a spool before it, and what starts it."""

from __future__ import annotations

import os
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sentry_sdk
from sentry_sdk.consts import EndpointType
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import HttpTransport, Transport

from error_tracking.spool.files import Spool
from error_tracking.spool.sender import Sender
from error_tracking.spool.thread import SenderThread

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse


class SpoolTransport(HttpTransport):
    """The SDK's own transport, except that an error event is written to the spool first and sent from there."""

    spool: Spool

    def __init__(self, options: dict[str, Any]) -> None:
        """Start nothing yet."""
        super().__init__(options)
        self.sender = Sender(self.spool, self.post)
        self.renew()
        if hasattr(os, "register_at_fork"):
            renew = weakref.WeakMethod(self.renew)
            os.register_at_fork(after_in_child=lambda: (method := renew()) and method())

    def renew(self) -> None:
        """Forget the thread and the connections of the process that this one was forked from."""
        self.thread = SenderThread(self.sender)
        self._resumed = False
        self._pool.clear()

    def capture_envelope(self, envelope: Envelope) -> None:
        """Write an error event to the spool; anything else, and an event that no disk takes, goes the SDK's usual way."""
        event = envelope.get_event()
        if event is None:
            super().capture_envelope(envelope)
            return
        try:
            self.spool.put(str(event["event_id"]), envelope.serialize())
        except Exception as error:
            reason = getattr(error, "strerror", None) or repr(error)
            self.thread.say(f"The spool {self.spool.folder} cannot be written ({reason}): events are sent without it")
            super().capture_envelope(envelope)
            return
        self.thread.wake()

    def post(self, body: bytes) -> BaseHTTPResponse:
        """Send a compressed envelope and return the tracker's answer."""
        headers = {"Content-Type": "application/x-sentry-envelope", "Content-Encoding": "gzip"}
        self._update_headers(headers)
        return self._request("POST", EndpointType.ENVELOPE, body, headers)

    def resume(self) -> None:
        """Send, once in a process, what others have left."""
        if not self._resumed:
            self._resumed = True
            if not self.spool.is_empty():
                self.thread.wake()

    def flush(self, timeout: float, callback: Any = None) -> None:
        """Wait until nothing is left that can be sent now; the rest is safe on disk."""
        self.thread.wait(timeout)
        super().flush(timeout, callback)

    def kill(self) -> None:
        """End the thread; what waits stays on disk."""
        self.thread.stop()
        super().kill()


def spool_transport(folder: str, *, max_megabytes: int, max_days: int) -> type[SpoolTransport] | None:
    """Return the transport for one folder as `sentry_sdk.init` expects it, a class; None without a folder."""
    if not folder:
        return None

    class ConfiguredSpoolTransport(SpoolTransport):
        spool = Spool(Path(folder), max_bytes=max_megabytes * 1_000_000, max_seconds=max_days * 86400)

    return ConfiguredSpoolTransport


def resume_spool(**_: Any) -> None:
    """Send what other processes have left: with the first request, or when a worker of gunicorn starts."""
    transport = sentry_sdk.get_client().transport
    if isinstance(transport, SpoolTransport):
        transport.resume()


def backlog(transport: type[Transport] | None) -> str:
    """Return the line that says what waits in the spool of a transport's class, or "" if nothing does or it has none."""
    return str(getattr(transport, "spool", ""))
