"""Holds the current request, or the ID of the request that queued the current job.

Must not import Django: gunicorn's log needs this module before settings are loaded.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from error_tracking.middleware import MarkedRequest

current_request: ContextVar[MarkedRequest | None] = ContextVar("current_request", default=None)
#: In a background job, the ID of the request that queued it, or "".
queued_by: ContextVar[str] = ContextVar("queued_by", default="")


def current_request_id() -> str:
    """Return the ID of the current request, or of the request that queued the current job, or ""."""
    request = current_request.get()
    return request.id if request is not None else queued_by.get()
