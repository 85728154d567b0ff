"""Renders the pages that must work while something else does not."""

from typing import Any

from django.http import HttpRequest
from django.template import loader


def render_page(request: HttpRequest, template: str, context: dict[str, Any]) -> str:
    """Return a page whose styles the Content Security Policy allows. No context processor runs: one may need a database."""
    # Where django-csp keeps the nonce, and where Django does since version 6; "" if the site has no policy.
    nonce = getattr(request, "csp_nonce", getattr(request, "_csp_nonce", ""))
    return loader.render_to_string(template, {**context, "csp_nonce": nonce})
