"""Adds the ID of the current request to log records. Must not import Django, like current_request."""

import logging

from error_tracking.current_request import current_request


class RequestIdFilter(logging.Filter):
    """Adds `request_id` to a log record: the ID of the current request, or "-"."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the ID and return True, because no record is dropped."""
        record.request_id = getattr(current_request.get(), "id", "-")
        return True
