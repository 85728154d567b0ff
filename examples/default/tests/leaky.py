"""A view with canaries wherever a secret could be. The tests also send it requests full of canaries."""

import json
import logging

import sentry_sdk
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

log = logging.getLogger(__name__)
# The usual test numbers, with valid check digits. They are split, because events contain lines of source code.
CARD = " ".join(["4111", *3 * ["1111"]])
IBAN = " ".join(["DE89", "3704", "0044", "0532", "0130", "00"])
JWT = ".".join(["eyJhbGciOi", "eyJzdWIiOi", "c2ln"])


def canary(name: str) -> str:
    """Return a text that no line of source code contains."""
    return f"{'canary'}-{name}"


class Account:
    """An object whose `repr` contains its password."""

    def __repr__(self) -> str:
        """Return the name and the password."""
        return f"Account(name='ada', password='{canary('repr')}')"


@csrf_exempt
@sensitive_post_parameters("street")
def leak(request: HttpRequest, token: str) -> HttpResponse:
    """Put canaries in extra, breadcrumbs, variables and log records, and raise an error that contains some.

    Raises:
        ValueError: always, from `handle`.
    """
    sentry_sdk.set_extra("nested", {"list": [{"deep": {"db_password": canary("extra")}}]})
    sentry_sdk.set_extra("pairs", [("X-Api-Key", canary("pair")), ("page", "ordinary-pair")])
    sentry_sdk.set_extra("argv", ["--auth-token", canary("argv"), "--colour", "ordinary-argv"])
    sentry_sdk.set_extra("object", Account())
    sentry_sdk.set_extra("card", int(CARD.replace(" ", "")))
    sentry_sdk.set_context("payment", {"iban": canary("context"), "amount": "ordinary-context"})
    sentry_sdk.set_tag("session_id", canary("tag"))
    sentry_sdk.set_user({"id": 7, "email": f"{canary('user')}@example.com", "username": "ordinary-username"})
    sentry_sdk.add_breadcrumb(message=f"login with password={canary('crumb')}", data={"secret": canary("crumb-data")})
    sentry_sdk.add_breadcrumb(
        category="httplib",
        data={"url": f"https://ada:{canary('crumb-url')}@example.com/", "http.query": f"sig_token={canary('http')}"},
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT '{canary('sql')}' AS ordinary_column")
    sentry_sdk.capture_message(f"password={canary('capture')} ordinary-capture")
    log.info("Authorization: Bearer %s", canary("bearer"))
    log.error(
        "no mail to %s, token=%s, page %s", f"{canary('log')}@example.com", canary("log-token"), "ordinary-argument"
    )
    log.error("by name: %(password)s %(page)s", {"password": canary("log-dict"), "page": "ordinary-dict"})
    return handle(request, canary("sensitive-variable"))


@sensitive_variables("plan")
def handle(request: HttpRequest, plan: str) -> HttpResponse:
    """Put canaries in local variables and in the error.

    Raises:
        ValueError: always.
    """
    db_password = canary("variable")
    config = {"smtp": {"pwd": canary("variable-deep")}, "author": "ordinary-author"}
    body = json.dumps({"apiKey": canary("json-text"), "keyboard": "ordinary-keyboard"})
    url = f"postgres://shop:{canary('url-password')}@db/shop"
    rows = [["csrf", canary("row")], ["colour", "ordinary-row"]]
    form, posted, anonymous = Account(), request.POST, AnonymousUser()
    len({"password": "canary-in-source"})
    try:
        raise LookupError(f"card {CARD}, account {IBAN}, url {url}, ordinary-cause")
    except LookupError as error:
        raise ValueError(
            f"{body} {config} secret: {db_password} {JWT} ordinary-message {len(rows)} {form} {len(posted)} {anonymous}"
        ) from error


urlpatterns = [path("leak/<token>/", leak), path("", include("config.urls"))]
