"""The start page and the health endpoint."""

import re
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from error_tracking.wiring import wiring

EVENT_ID = re.compile(r"[0-9a-f]{32}")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the start page: in development how errors are wired, elsewhere a page of the site's own."""
    context: dict[str, Any] = {"project_name": settings.PROJECT_NAME}
    if settings.ENVIRONMENT != "development":
        return render(request, "pages/home.html", context)
    event_id = request.GET.get("event", "")
    context |= {
        "wiring": wiring(just_sent=bool(event_id)),
        "can_send": bool(settings.SENTRY_DSN),
        "traced": settings.SENTRY_OPTIONS["traces_sampler"] is not None,
        "tried": request.GET.get("tried"),
        "event_id": event_id if EVENT_ID.fullmatch(event_id) else "",
    }
    return render(request, "pages/start.html", context)


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
