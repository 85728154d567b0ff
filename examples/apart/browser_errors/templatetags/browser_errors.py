"""The template tag that reports the errors of a page."""

import sentry_sdk
from django import template
from django.conf import settings
from django.template.context import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from error_tracking.dsn import public_dsn

register = template.Library()


@register.simple_tag(takes_context=True)
def browser_errors(context: Context) -> SafeString:
    """Return the <script> element that reports the errors of the page, or nothing if there is no DSN.

    Put the tag first in <head>, because errors of the scripts before it are not reported. The trace ID of the request
    is part of the element, so do not cache a page with it for several visitors.
    """
    options = settings.SENTRY_OPTIONS
    if not options["dsn"]:
        return SafeString()
    attributes = {
        "src": static("browser_errors/sentry.js"),
        "nonce": str(context.get("csp_nonce", "")),  # a lazy object, which is false until somebody needs it
        "data-dsn": public_dsn(options["dsn"]),
        "data-tunnel": reverse("browser-errors"),
        "data-release": options["release"],
        "data-environment": options["environment"],
        "data-trace": (sentry_sdk.get_traceparent() or "").partition("-")[0],
    }
    given = [(name, value) for name, value in attributes.items() if value]
    return format_html("<script{}></script>", format_html_join("", ' {}="{}"', given))
