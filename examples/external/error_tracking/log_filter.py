"""Adds the ID of the request at work to each log record. No Django here, as in current_request."""

import logging

from error_tracking.current_request import current_request


class RequestIdFilter(logging.Filter):
    """Adds `request_id` to a log record: that of the request at work, or "-"."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        record.request_id = getattr(current_request.get(), "id", "-")
        return True
