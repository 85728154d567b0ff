"""Holds the request at work. No Django here: gunicorn needs this for its log before there are settings."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from error_tracking.middleware import MarkedRequest

current_request: ContextVar[MarkedRequest | None] = ContextVar("current_request", default=None)
