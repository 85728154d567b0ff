"""Settings of the stand-in, with the names of GlitchTip's module and variables (glitchtip/settings.py)."""

import os

import environ

env = environ.Env()
SECRET_KEY = os.environ["SECRET_KEY"]
DATABASES = {"default": env.db("DATABASE_URL")}
INSTALLED_APPS = [
    "allauth.account",
    "apps.users",
    "apps.organizations_ext",
    "apps.teams",
    "apps.projects",
    "apps.api_tokens",
    "apps.alerts",
    "apps.releases",
    "apps.uptime",
]
AUTH_USER_MODEL = "users.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; tests create hundreds of accounts
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = True
GLITCHTIP_DOMAIN = os.environ.get("GLITCHTIP_DOMAIN", "http://localhost:8000")
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "webmaster@localhost")
EMAIL_BACKEND = os.environ.get("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
if os.environ.get("EMAIL_URL"):  # it replaces EMAIL_BACKEND
    vars().update(env.email_url("EMAIL_URL"))
