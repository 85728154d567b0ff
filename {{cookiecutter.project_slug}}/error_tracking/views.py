"""The view that fails on purpose."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse


def trigger_error(request: HttpRequest) -> HttpResponse:
    """Divide by zero, in development for everybody and elsewhere for a superuser alone.

    Raises:
        ZeroDivisionError: on purpose.
        Http404: for all who may not.
    """
    if settings.ENVIRONMENT != "development" and not (request.user.is_active and request.user.is_superuser):
        raise Http404
    return HttpResponse(1 / 0)
