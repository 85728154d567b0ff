"""The view that raises an error on purpose, and the page for unexpected errors."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseServerError
from django.views.decorators.csrf import requires_csrf_token

from error_tracking.feedback import ErrorPageForm
from error_tracking.pages import render_page


def trigger_error(request: HttpRequest) -> HttpResponse:
    """Divide by zero if the user is a superuser.

    Raises:
        ZeroDivisionError: on purpose.
        Http404: for all other users.
    """
    if not (request.user.is_active and request.user.is_superuser):
        raise Http404
    return HttpResponse(1 / 0)


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Show 500.html with the ID of the event, and a form to describe what happened.

    Works without a database, because the template gets no request.
    """
    event_id = getattr(request, "event_id", "")
    context = {"event_id": event_id, "request_id": getattr(request, "id", "")}
    if event_id:
        context["form"] = ErrorPageForm.about(event_id)
    return HttpResponseServerError(render_page(request, "500.html", context))
