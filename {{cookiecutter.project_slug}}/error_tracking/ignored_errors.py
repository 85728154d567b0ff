"""Lists the exceptions that are never reported."""

#: By dotted name: wrong requests, visitors who left, a process that ends.
IGNORED_ERRORS = [
    "BrokenPipeError",
    "KeyboardInterrupt",
    "SystemExit",
    "django.core.exceptions.DisallowedHost",
    "django.core.exceptions.RequestAborted",
    "django.http.request.UnreadablePostError",
    "django.http.response.Http404",
]
