"""Lists the exceptions that are never reported."""

from traceback import walk_tb

#: Dotted names: invalid requests, closed connections, and processes that are stopped.
IGNORED_ERRORS = [
    "BrokenPipeError",
    "KeyboardInterrupt",
    "SystemExit",
    "django.core.exceptions.DisallowedHost",
    "django.core.exceptions.RequestAborted",
    "django.http.request.UnreadablePostError",
    "django.http.response.Http404",
]


def is_unsupported_protocol(error: BaseException | None) -> bool:
    """Return whether Django's ASGI handler has rejected what is not HTTP, such as Uvicorn's lifespan events.

    It raises ValueError in its own frame (`ASGIHandler.__call__` in django/core/handlers/asgi.py); servers expect that.
    """
    if not isinstance(error, ValueError) or error.__traceback__ is None:
        return False
    *_, (frame, _) = walk_tb(error.__traceback__)
    return (frame.f_globals.get("__name__"), frame.f_code.co_name) == ("django.core.handlers.asgi", "__call__")
