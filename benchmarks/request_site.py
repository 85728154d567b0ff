"""A site for `benchmarks.requests`, which starts this module in the folder of a baked project.

    python -m benchmarks.request_site VARIANT DSN

The site reads lines of PATH and COUNT, makes COUNT WSGI requests for each, and prints the CPU time per request in
microseconds. This includes the SDK's threads, until all events are sent.
"""

import os
import sys
import time
import warnings
from pathlib import Path

FLUSH_SECONDS = 30
#: A module of the site. Its view has a local variable and a message of 100 kB, chosen to be slow to scrub.
HOSTILE_URLS = """
import itertools

from benchmarks.request_site import PIECES
from django.urls import path

TEXTS = itertools.cycle(f"token {piece * (100_000 // len(piece))}" for piece in PIECES)


def hostile(request):
    text = next(TEXTS)
    raise ValueError(text)


urlpatterns = [path("hostile/", hostile)]
"""
PIECES = [
    "token ",
    "token=a ",
    "password='",
    'token":',
    "token: [",
    "a=1 ",
    "a@",
    "4 ",
    "DE89 ",
    "://",
    "-----BEGIN ",
    "eyJ",
    "<token>x</token>",
    "Key (token)=(",
    "curl -u ",
    "?code=",
    "%22token",
    "name: ",
    "- x\n",
    "\\",
    "aB",
    "Basic ",
    "é",
]


def main() -> None:
    """Set up one of the variants ("no SDK", "SDK alone", "django-glitchtip"), then serve the requests."""
    variant, dsn = sys.argv[1:]
    ours = variant == "django-glitchtip"
    warnings.simplefilter("ignore")  # no static files are collected here
    os.environ.update(DJANGO_SETTINGS_MODULE="config.settings", DEBUG="False", SENTRY_DSN=dsn if ours else "")
    sys.path.insert(0, str(Path.cwd()))

    import sentry_sdk
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.test import RequestFactory
    from sentry_sdk.integrations.django import DjangoIntegration

    Path("hostile_urls.py").write_text(HOSTILE_URLS, encoding="utf-8")
    urls = {"/glitchtip-debug/": "config.urls", "/hostile/": "hostile_urls"}
    settings.ALLOWED_HOSTS = ["testserver"]
    if not ours:
        settings.MIDDLEWARE.remove("error_tracking.middleware.request_id")
    if variant == "SDK alone":
        sentry_sdk.init(dsn=dsn, integrations=[DjangoIntegration()])
    application, factory = get_wsgi_application(), RequestFactory()
    for line in sys.stdin:
        path, count = line.split()
        # Only development has a public error view. Its start page queries the tracker, which is not measured.
        settings.ROOT_URLCONF = urls.get(path, "pages.urls")
        started = time.process_time()
        for _ in range(int(count)):
            response = application(factory.get(path).environ, lambda *_: None)
            b"".join(response)
            response.close()
        sentry_sdk.flush(timeout=FLUSH_SECONDS)
        print((time.process_time() - started) / int(count) * 1e6, flush=True)


if __name__ == "__main__":
    main()
