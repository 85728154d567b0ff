"""Holds the current request. Must not import Django: gunicorn's log needs this module before settings are loaded."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from error_tracking.middleware import MarkedRequest

current_request: ContextVar[MarkedRequest | None] = ContextVar("current_request", default=None)
