"""The Content Security Policy: its header, and its nonce in the site's pages."""

import asyncio
import os
import re
import runpy
import sys
from unittest import mock

import django
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.template import engines
from django.test import AsyncClient, Client
from django.urls import include, path, reverse

from config import csp

ENFORCED, REPORT_ONLY = "Content-Security-Policy", "Content-Security-Policy-Report-Only"


def own_page(request):
    """Return a page of the owner's own, with a style and a script."""
    text = '<style nonce="{{ csp_nonce }}"></style><script nonce="{{ csp_nonce }}"></script>'
    return HttpResponse(engines.all()[0].from_string(text).render({}, request))


def plain(request):
    """Return a page that uses no nonce."""
    return HttpResponse("<p>Hello</p>")


def crash(request):
    """Raise an error."""
    raise ValueError


urlpatterns = [
    path("home/", include("pages.urls")),
    path("own/", own_page),
    path("plain/", plain),
    path("crash/", crash),
    path("", include("config.urls")),
]
handler500 = "error_tracking.views.server_error"
pytestmark = pytest.mark.urls("test_csp")


@pytest.fixture
def visitor():
    """Return a client that gets error pages instead of exceptions, and whose forms need a CSRF token."""
    return Client(raise_request_exception=False, enforce_csrf_checks=True, REMOTE_ADDR="203.0.113.2")


def directives(policy):
    """Return the sources of a policy, by directive."""
    return {name: sources for name, *sources in map(str.split, policy.split(";"))}


def nonces(text):
    """Return the nonces in a page, which must be on every script and style in it."""
    tags = re.findall(r"<(?:style|script)\b[^>]*>", text)
    return [found[1] if (found := re.search('nonce="([^"]{16,})"', tag)) else None for tag in tags]


def test_pages_load_and_run_only_what_comes_from_the_site(visitor):
    assert directives(visitor.get("/plain/")[ENFORCED]) == {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "report-uri": ["/csp-report/"],
    }


@pytest.mark.parametrize(
    ("method", "address", "host", "status"),
    [
        ("get", "/home/", "testserver", 200),
        ("get", "/own/", "testserver", 200),
        ("get", "/no-such-page/", "testserver", 404),
        ("get", "/home/", "elsewhere.example.com", 400),
        ("post", "/admin/login/", "testserver", 403),
        ("get", "/crash/", "testserver", 500),
        ("post", "/error-feedback/", "testserver", 400),
    ],
)
def test_styles_and_scripts_in_a_page_have_the_nonce_of_its_policy(visitor, method, address, host, status):
    seen = set()
    for _ in range(2):
        response = getattr(visitor, method)(address, headers={"host": host})
        assert response.status_code == status
        [nonce] = set(nonces(response.text))
        allowed = directives(response[ENFORCED])
        assert allowed["script-src"] == allowed["style-src"] == ["'self'", f"'nonce-{nonce}'"]
        seen.add(nonce)
    assert len(seen) == 2


def test_asgi_pages_have_the_nonce_too():
    response = asyncio.run(AsyncClient(raise_request_exception=False).get("/crash/"))
    [nonce] = nonces(response.text)
    assert f"'nonce-{nonce}'" in response[ENFORCED]


def test_redirects_and_static_files_have_the_policy_too(visitor, settings):
    settings.SECURE_SSL_REDIRECT = settings.WHITENOISE_USE_FINDERS = True
    redirected = visitor.get("/home/")
    assert (redirected.status_code, "default-src" in redirected[ENFORCED]) == (301, True)
    file = visitor.head("/static/admin/css/base.css", secure=True)
    assert (file.status_code, "default-src" in file[ENFORCED]) == (200, True)


@pytest.mark.parametrize(("address", "status"), [("/crash/", 500), ("/no-such-page/", 404)])
def test_djangos_debug_pages_have_no_policy(settings, address, status):
    settings.DEBUG = True
    response = Client(raise_request_exception=False).get(address)
    assert response.status_code == status
    assert "<style>" in response.text
    assert ENFORCED not in response


@pytest.mark.parametrize(
    ("value", "header", "other"), [("True", REPORT_ONLY, ENFORCED), ("False", ENFORCED, REPORT_ONLY)]
)
def test_a_variable_decides_whether_violations_are_only_reported(visitor, settings, value, header, other):
    with mock.patch.dict(os.environ, CSP_REPORT_ONLY=value):
        loaded = runpy.run_path(str(settings.BASE_DIR / "config" / "settings.py"))
    for name in ("SECURE_CSP", "CONTENT_SECURITY_POLICY"):
        for suffix in ("", "_REPORT_ONLY"):
            setattr(settings, name + suffix, loaded.get(name + suffix))
    response = visitor.get("/home/")
    assert "default-src" in response[header]
    assert other not in response


def test_django_csp_is_required_only_by_a_django_without_a_policy(settings):
    file = str(settings.BASE_DIR / "config" / "csp.py")
    with mock.patch.dict(sys.modules, {"csp": None, "csp.constants": None}):
        if django.VERSION >= (6,):
            runpy.run_path(file)
        with mock.patch("django.VERSION", (5, 2, 99)), pytest.raises(ImproperlyConfigured, match="install django-csp"):
            runpy.run_path(file)


def test_the_reports_go_to_the_sites_own_endpoint():
    assert csp.POLICY["report-uri"] == [reverse("csp-report")]
