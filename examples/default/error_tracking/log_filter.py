"""Adds the IDs of the current request and its event to log records. Must not import Django, like current_request."""

import logging

from error_tracking.current_request import current_request, request_id


class RequestIdFilter(logging.Filter):
    """Adds `request_id` to a log record: the ID of the request, also in its jobs, or "-". After an error, it adds `event_id`.

    The events' `trace_id` is added only if it is another one: otherwise, each line would contain the same ID twice.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the IDs and return True, because no record is dropped."""
        request = current_request.get()
        record.request_id = request_id() or "-"
        if (trace_id := getattr(request, "trace_id", record.request_id)) != record.request_id:
            record.trace_id = trace_id
        if event_id := getattr(request, "event_id", ""):
            record.event_id = event_id
        return True
