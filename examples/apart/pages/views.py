"""The home page and the health endpoint."""

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the home page. In development, the start page of `development` replaces it."""
    # Without "sentry_trace_meta", the SDK fills it, which takes longer than the rest of the page, and nothing reads it.
    context = {"project_name": settings.PROJECT_NAME, "sentry_trace_meta": ""}
    return render(request, "pages/home.html", context)


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Return 200 if the database answers, otherwise 503. This is for monitors and is never reported as an error."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return JsonResponse({"database": "unreachable"}, status=503)
    return JsonResponse({"database": "ok"})
