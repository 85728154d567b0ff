"""The view that fails on purpose, and the answer to failures that were not on purpose."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseServerError
from django.template import loader
from django.views.decorators.csrf import requires_csrf_token


def trigger_error(request: HttpRequest) -> HttpResponse:
    """Divide by zero, in development for everybody and elsewhere for a superuser alone.

    Raises:
        ZeroDivisionError: on purpose.
        Http404: for all who may not.
    """
    if settings.ENVIRONMENT != "development" and not (request.user.is_active and request.user.is_superuser):
        raise Http404
    return HttpResponse(1 / 0)


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Show 500.html with the id of the event; without a request in its context, it asks no database."""
    ids = {"event_id": getattr(request, "event_id", ""), "request_id": getattr(request, "id", "")}
    return HttpResponseServerError(loader.render_to_string("500.html", ids))
