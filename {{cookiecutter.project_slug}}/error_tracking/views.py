"""The view that fails on purpose, and the page of every failure that was not on purpose."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseServerError
from django.template import loader
from django.views.decorators.csrf import requires_csrf_token


def trigger_error(request: HttpRequest) -> HttpResponse:
    """Divide by zero, if a superuser asks for it.

    Raises:
        ZeroDivisionError: on purpose.
        Http404: for everybody else.
    """
    if not (request.user.is_active and request.user.is_superuser):
        raise Http404
    return HttpResponse(1 / 0)


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Show 500.html with the ID of the event. It needs no database: the template gets no request."""
    ids = {"event_id": getattr(request, "event_id", ""), "request_id": getattr(request, "id", "")}
    return HttpResponseServerError(loader.render_to_string("500.html", ids))
