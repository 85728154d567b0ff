"""The logging configuration of Django and Gunicorn."""

from typing import Any


def logging_config(*, json_lines: bool) -> dict[str, Any]:
    """Return a dictionary for `logging.config.dictConfig`. Every line goes to stderr, with the ID of its request.

    A JSON line has timestamp, level, logger, message, request_id, the record's extras, and the traceback.
    After an error, error_tracking adds event_id to the lines of the request. It adds trace_id, the ID of the request's
    events, if the proxy has chosen another request_id.
    """
    formatters = {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "%(levelname)s %(name)s %(message)s %(request_id)s",
            "rename_fields": {"levelname": "level", "name": "logger"},
            "timestamp": True,
        },
        "readable": {
            "()": "logging.Formatter",
            "fmt": "{asctime} {levelname:7} {name} [{request_id:.8}] {message} {event_id}",
            "style": "{",
            "defaults": {"event_id": ""},
        },
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": "error_tracking.log_filter.RequestIdFilter"}},
        "formatters": formatters,
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "filters": ["request_id"],
                "formatter": "json" if json_lines else "readable",
            },
        },
        "root": {"handlers": ["console"], "level": "INFO"},
        # By default, these loggers have their own handlers. Pass their lines to the root logger instead.
        "loggers": {
            name: {"handlers": [], "propagate": True, "level": "INFO"}
            for name in ("django", "django.server", "gunicorn.access", "gunicorn.error")
        }
        # While the tracker is down, the SDK tries four times for each event. Do not log each attempt.
        | {"urllib3.connectionpool": {"level": "ERROR"}},
    }
