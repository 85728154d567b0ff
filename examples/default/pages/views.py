"""The home page and the health endpoint."""

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the site's home page; in development the start page of `development` comes before it."""
    return render(request, "pages/home.html", {"project_name": settings.PROJECT_NAME})


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 if the database answers and 503 if not; a monitor reads this, so it is never an error event."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return JsonResponse({"database": "unreachable"}, status=503)
    return JsonResponse({"database": "ok"})
