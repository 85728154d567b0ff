"""Renders the pages that must work while something else does not."""

from typing import Any

import django
from django.http import HttpRequest
from django.template import loader


def render_page(request: HttpRequest, template: str, context: dict[str, Any]) -> str:
    """Return a page whose styles the Content Security Policy allows. No context processor runs: one may need a database."""
    return loader.render_to_string(template, {**context, "csp_nonce": nonce(request)})


def nonce(request: HttpRequest) -> Any:
    """Return the nonce of django-csp or, since version 6, of Django itself; "" if neither sends a policy."""
    found = getattr(request, "csp_nonce", None)
    if found is None and django.VERSION >= (6,):
        from django.middleware.csp import get_nonce

        found = get_nonce(request)
    return "" if found is None else found  # a nonce is false until it is used
