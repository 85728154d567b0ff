"""Settings of the stand-in, with GlitchTip's module name and database variable."""

import os

import environ

SECRET_KEY = os.environ["SECRET_KEY"]
DATABASES = {"default": environ.Env().db("DATABASE_URL")}
INSTALLED_APPS = [
    "allauth.account",
    "apps.users",
    "apps.organizations_ext",
    "apps.teams",
    "apps.projects",
    "apps.api_tokens",
    "apps.uptime",
]
AUTH_USER_MODEL = "users.User"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = True
