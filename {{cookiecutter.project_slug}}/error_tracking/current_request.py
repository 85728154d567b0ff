"""The request at work. No Django here: gunicorn needs this for its log before there are settings."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from error_tracking.middleware import MarkedRequest

current_request: ContextVar[MarkedRequest | None] = ContextVar("current_request", default=None)


class RequestIdFilter(logging.Filter):
    """Adds `request_id` to a log record: that of the request at work, or "-"."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        record.request_id = getattr(current_request.get(), "id", "-")
        return True
