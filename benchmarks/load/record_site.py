"""Raises four typical errors in a project, and prints the events that the project would send. record.py runs it there."""

import json
import logging
import os

os.environ.update(
    DJANGO_ENV="development",
    DEBUG="False",
    SENTRY_DSN="http://key@tracker.invalid/1",
    SENTRY_ENVIRONMENT="production",
    SENTRY_RELEASE="corner_shop@1.0.0",
    SENTRY_SPOOL_DIR="",
    ALLOWED_HOSTS="testserver",
    DJANGO_SETTINGS_MODULE="config.settings",
)

import django
import sentry_sdk
from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.test import Client
from django.urls import path
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

EVENTS: list[object] = []
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Memory(Transport):
    """Keeps events in a list."""

    def capture_envelope(self, envelope: Envelope) -> None:
        """Keep an event."""
        if event := envelope.get_event():
            EVENTS.append(event)


def order(_: HttpRequest, number: int) -> HttpResponse:
    """Filter by a column that does not exist."""
    return HttpResponse(get_user_model().objects.filter(is_active=True, order=number).count())


def pay(request: HttpRequest) -> HttpResponse:
    """Look up a currency that is missing."""
    rates = {"EUR": 1.0, "USD": 1.1}
    return HttpResponse(rates[request.POST["currency"]])


def stock(_: HttpRequest) -> HttpResponse:
    """Log an error."""
    logging.getLogger("shop.stock").error("Only %d of %s are left", 3, "coffee")
    return HttpResponse("ok")


class Delivery:
    """An object whose property fails, because of another error."""

    @property
    def day(self) -> int:
        """Read a number that is a word."""
        try:
            return int("seven")
        except ValueError as error:
            raise RuntimeError("The delivery has no valid date") from error


def deliver(_: HttpRequest) -> HttpResponse:
    """Render a template that uses the property."""
    page = "{% for each in deliveries %}{% if each %}<p>{{ each.day }}</p>{% endif %}{% endfor %}"
    return HttpResponse(Template(page).render(Context({"deliveries": [Delivery()]})))


urlpatterns = [path("order/<int:number>/", order), path("pay/", pay), path("stock/", stock), path("deliver/", deliver)]


def main() -> None:
    """Raise each error once."""
    django.setup()
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE.remove("whitenoise.middleware.WhiteNoiseMiddleware")
    sentry_sdk.init(**{**settings.SENTRY_OPTIONS, "transport": Memory})
    client = Client(raise_request_exception=False, headers={"User-Agent": BROWSER})
    paid = {"amount": "12.50", "currency": "GBP", "card_number": "4111 1111 1111 1111"}
    for send in (
        lambda: client.get("/order/12/?page=2"),
        lambda: client.post("/pay/", paid),
        lambda: client.get("/stock/"),
        lambda: client.get("/deliver/"),
    ):
        with sentry_sdk.isolation_scope():  # as a server gives each request
            send()  # type: ignore[no-untyped-call]
    print(json.dumps(EVENTS, default=str))


if __name__ == "__main__":
    main()
