"""Adds the IDs of the current request and its event to log records. Must not import Django, like current_request."""

import logging

from error_tracking.current_request import current_request, current_request_id


class RequestIdFilter(logging.Filter):
    """Adds `request_id` to a log record: the ID of the request, also in its jobs, or "-"; after an error, `event_id`, too.

    The events' `trace_id` is added only if it is another one: otherwise, each line would contain the same ID twice.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the IDs and return True, because no record is dropped."""
        request = current_request.get()
        record.request_id = identifier = current_request_id() or "-"
        if (trace_id := getattr(request, "trace_id", identifier)) != identifier:
            record.trace_id = trace_id
        if event_id := getattr(request, "event_id", ""):
            record.event_id = event_id
        return True
