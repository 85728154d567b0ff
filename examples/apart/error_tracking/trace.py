"""Gives the events of a request, and of the jobs and threads that it starts, one trace ID."""

import re
import uuid

import sentry_sdk

TRACE_ID = re.compile("(?!0{32})[0-9a-f]{32}")
#: The header of a page or service that reports errors, too (Sentry, "Trace Propagation", "Header sentry-trace").
SENTRY_TRACE = re.compile(rf"({TRACE_ID.pattern})-[0-9a-f]{{16}}(-[01])?")


def as_trace_id(text: str) -> str:
    """Return an ID as a trace ID, 32 hexadecimal digits, or "" if it cannot be one. A UUID loses its dashes."""
    digits = text.replace("-", "").lower()
    return digits if TRACE_ID.fullmatch(digits) else ""


def begin_trace(header: str = "", wanted: str = "") -> str:
    """Begin a trace for the events that follow in this context, and return its ID.

    It is the ID in the header `sentry-trace`, else `wanted`, else a new one. What is not well-formed is ignored. With
    tracing on, the SDK has already followed the header and begun a transaction.
    """
    span = sentry_sdk.get_current_span()
    wanted = as_trace_id(wanted)
    if span is not None and (span.parent_span_id or not wanted):
        return span.trace_id
    followed = SENTRY_TRACE.fullmatch(header)
    trace_id = followed[1] if followed else wanted or uuid.uuid4().hex
    if sentry_sdk.is_initialized():
        if span is not None:
            span.trace_id = trace_id
        incoming = {"sentry-trace": header if followed else trace_id}
        sentry_sdk.get_isolation_scope().generate_propagation_context(incoming)
        if not (sentry_sdk.get_traceparent() or "").startswith(trace_id):
            # A process that another one started has its trace in the current scope, which has precedence.
            sentry_sdk.get_current_scope().generate_propagation_context(incoming)
    return trace_id
