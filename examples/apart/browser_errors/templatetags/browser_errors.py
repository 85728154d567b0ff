"""The template tag that reports the errors of a page."""

from functools import cache

import sentry_sdk
from django import template
from django.conf import settings
from django.template.context import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from browser_errors.tunnel import public_dsn

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
    trace_id = getattr(context.get("request"), "trace_id", "") or (sentry_sdk.get_traceparent() or "").partition("-")[0]
    start = start_of_script(options["dsn"], options["release"], options["environment"])
    return mark_safe(f'{start} data-trace="{trace_id}"></script>')  # noqa: S308  an ID consists of hexadecimal digits


@cache
def start_of_script(dsn: str, release: str, environment: str) -> SafeString:
    """Return the part of the element that is the same in all pages."""
    return format_html(
        '<script src="{}" data-tunnel="{}" data-dsn="{}" data-release="{}" data-environment="{}"',
        static("browser_errors/report.js"),
        reverse("browser-errors"),
        public_dsn(dsn),
        release,
        environment,
    )
