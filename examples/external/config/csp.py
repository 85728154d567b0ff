"""The site's Content Security Policy: what its pages may load and run (W3C, Content Security Policy Level 3).

Since version 6, Django sends it itself. Before, django-csp does. The names in this module are the same for both.
"""

from typing import Any

import django
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

#: Whether Django itself sends the policy.
BUILT_IN = django.VERSION >= (6,)
NONCE: Any  # replaced by the nonce of the request if the page uses it
if BUILT_IN:
    from django.utils.csp import CSP

    NONCE = CSP.NONCE
    MIDDLEWARE = "django.middleware.csp.ContentSecurityPolicyMiddleware"
    CONTEXT_PROCESSOR = "django.template.context_processors.csp"
else:
    try:
        from csp import constants
    except ImportError:
        message = f"Django {django.__version__} sends no Content Security Policy: install django-csp>=4 or Django 6"
        raise ImproperlyConfigured(message) from None
    NONCE = constants.NONCE
    MIDDLEWARE = "config.csp_middleware.CachedPolicy"
    CONTEXT_PROCESSOR = "config.csp.nonce"

NONE, SELF = "'none'", "'self'"
POLICY: dict[str, list[Any]] = {
    "default-src": [SELF],
    "script-src": [SELF, NONCE],
    "style-src": [SELF, NONCE],
    "img-src": [SELF, "data:"],
    "object-src": [NONE],
    "base-uri": [NONE],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
    "report-uri": ["/csp-report/"],  # error_tracking/csp_reports.py
}


def nonce(request: HttpRequest) -> dict[str, Any]:
    """Return the nonce for templates, as Django's own context processor does since version 6."""
    return {"csp_nonce": getattr(request, "csp_nonce", "")}


def policy_settings(*, report_only: bool) -> dict[str, Any]:
    """Return the setting with the policy. With `report_only`, browsers report violations but block nothing."""
    suffix = "_REPORT_ONLY" if report_only else ""
    if BUILT_IN:
        return {f"SECURE_CSP{suffix}": POLICY}
    return {f"CONTENT_SECURITY_POLICY{suffix}": {"DIRECTIVES": POLICY}}
