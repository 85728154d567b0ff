"""Settings of my_django_project. Values that differ between machines come from environment variables.

Variables that are not set come from `.envs/$DJANGO_ENV.env`. `.envs/example.env` explains each variable.
"""

import os
from pathlib import Path

import sentry_sdk
from django.core.exceptions import ImproperlyConfigured

from config import csp
from config.env import Env, boolean, database, number, port, secret, words
from config.jobs import broker, celery_settings
from config.log import logging_config
from config.mail import admins, mail, sender
from error_tracking.dsn import dsn
from error_tracking.heartbeat import heartbeats
from error_tracking.options import sentry_options
from error_tracking.release import release
from error_tracking.sampling import sample_rate
from error_tracking.scrubbing.variables import secrets_in
from error_tracking.spool.transport import spool_transport
from metrics.counters import counted

BASE_DIR = Path(__file__).resolve().parent.parent
PROJECT_NAME = "My Django Project"

ENVIRONMENTS = ("development", "staging", "production")
ENVIRONMENT = os.environ.get("DJANGO_ENV") or "development"
if ENVIRONMENT not in ENVIRONMENTS:
    raise ImproperlyConfigured(f"DJANGO_ENV={ENVIRONMENT!r} is unknown: set it to one of {', '.join(ENVIRONMENTS)}")
ENV_FILE = BASE_DIR / ".envs" / f"{ENVIRONMENT}.env"
env = Env(ENV_FILE)

SECRET_KEY = env("SECRET_KEY", cast=secret)
DEBUG = env("DEBUG", cast=boolean, default=False)
ALLOWED_HOSTS = env("ALLOWED_HOSTS", cast=words, default=[])
CSRF_TRUSTED_ORIGINS = env("CSRF_TRUSTED_ORIGINS", cast=words, default=[])
APP_PORT = env("APP_PORT", cast=port)

if ENVIRONMENT == "production":
    for variable, rejected, problem in (
        ("DEBUG", DEBUG, "is True: set it to False"),
        ("ALLOWED_HOSTS", not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS, "is empty or *: list the site's hosts"),
    ):
        if rejected:
            raise ImproperlyConfigured(f"{variable} {problem} in {ENV_FILE}, because this is production")
ALLOWED_HOSTS += env("POD_IP", cast=words, default=[])  # Prometheus requests /metrics of each pod by its address

INSTALLED_APPS = [
    "browser_errors",
    "error_tracking",
    "pages",
    "jobs",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

if ENVIRONMENT == "development":
    INSTALLED_APPS.insert(0, "development")  # before staticfiles, to replace its runserver command
    MAILPIT_PORT = env("MAILPIT_PORT", cast=port, default=8025)  # where you open Mailpit on this machine
    MAILPIT_URL = env("MAILPIT_URL", default=f"http://localhost:{MAILPIT_PORT}/")  # where the site reads its messages
    if env("EMAIL_URL", default="") not in ("", "smtp://mailpit:1025"):
        MAILPIT_URL = ""  # mail goes elsewhere

MIDDLEWARE = [
    "error_tracking.middleware.request_id",  # first, so that all others run with the request's ID
    "metrics.counters.count_requests",
    csp.MIDDLEWARE,  # before those that answer themselves: redirects and static files
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                csp.CONTEXT_PROCESSOR,
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}
DATABASES = {
    "default": env(
        "DATABASE_URL",
        cast=database,
        default=SQLITE,
    )
}

JOB_MAX_SECONDS = env("JOB_MAX_SECONDS", cast=number, default=900)
BROKER_URL = env("BROKER_URL", cast=broker, default="" if ENVIRONMENT == "development" else "redis://localhost:6379/0")
vars().update(celery_settings(BROKER_URL, folder=BASE_DIR / "queue", max_seconds=JOB_MAX_SECONDS))

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage",
    },
}

if ENVIRONMENT != "development":
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^health/$", r"^metrics$"]
    SECURE_HSTS_SECONDS = env("SECURE_HSTS_SECONDS", cast=number, default=3600)
    # HSTS for subdomains and browsers' preload lists would affect more than this site.
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    if env("BEHIND_TLS_PROXY", cast=boolean, default=False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

vars().update(csp.policy_settings(report_only=env("CSP_REPORT_ONLY", cast=boolean, default=False)))

vars().update(env("EMAIL_URL", cast=mail, default=mail("")))  # MAILERS; before Django 6.1, EMAIL_*
EMAIL_SUBJECT_PREFIX = f"[{PROJECT_NAME}] "
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", cast=sender, default="admin@example.com")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
ADMINS = env("ADMINS", cast=admins, default=admins("admin@example.com"))

LOGGING = logging_config(json_lines=ENVIRONMENT != "development")

# Exceptions that are not reported, by dotted name, for example "shop.errors.SoldOutError"
SENTRY_IGNORED_ERRORS: list[str] = []
# More names of private values, besides those in error_tracking/scrubbing/names.py, for example "loyalty_number"
SENTRY_SENSITIVE_NAMES: list[str] = []
# Requests below these paths are neither traced nor reported
SENTRY_QUIET_PATHS = ["/health/", "/metrics", f"/{STATIC_URL}", "/favicon.ico"]

SENTRY_OPTIONS = sentry_options(
    dsn=env("SENTRY_DSN", cast=dsn, default=""),
    environment=env("SENTRY_ENVIRONMENT", default="") or ENVIRONMENT,
    release=env("SENTRY_RELEASE", default="") or release(BASE_DIR),
    debug=env("SENTRY_DEBUG", cast=boolean, default=False),
    traces_sample_rate=env(
        "SENTRY_TRACES_SAMPLE_RATE", cast=sample_rate, default=0.01 if ENVIRONMENT == "production" else 0.0
    ),
    send_user=env("SENTRY_SEND_USER", cast=boolean, default=False),
    enable_logs=env("SENTRY_ENABLE_LOGS", cast=boolean, default=False),
    # These values are removed from every event; `secrets_in` finds those of variables such as *_PASSWORD and *_TOKEN.
    secrets=[SECRET_KEY, *secrets_in(os.environ, SENTRY_SENSITIVE_NAMES)],
    sensitive_names=SENTRY_SENSITIVE_NAMES,
    ignored_errors=SENTRY_IGNORED_ERRORS,
    quiet_paths=SENTRY_QUIET_PATHS,
    transport=spool_transport(
        env("SENTRY_SPOOL_DIR", default=str(BASE_DIR / "spool")),
        max_megabytes=env("SENTRY_SPOOL_MAX_MB", cast=number, default=50),
        max_days=env("SENTRY_SPOOL_MAX_DAYS", cast=number, default=7),
        alert_minutes=env("SENTRY_SPOOL_ALERT_MINUTES", cast=number, default=15),
    ),
)
SENTRY_OPTIONS["before_send"] = counted(SENTRY_OPTIONS["before_send"])
METRICS_TOKEN = env("METRICS_TOKEN", default="")  # without it, /metrics answers 401
GLITCHTIP_API_TOKEN = env("GLITCHTIP_API_TOKEN", default="")
HEARTBEATS = env("HEARTBEATS", cast=heartbeats, default={})  # jobs that report each success
TRACKER_URL = env("TRACKER_URL", default="")  # where you open the tracker, if not at the DSN's host
if SENTRY_OPTIONS["dsn"]:  # even without a DSN, the SDK would instrument every request
    sentry_sdk.init(**SENTRY_OPTIONS)
