"""URL routes of the site."""

from django.apps import apps
from django.contrib import admin
from django.urls import include, path
{%- if cookiecutter.metrics == "yes" %}

from metrics.views import metrics
{%- endif %}

urlpatterns = [
    path("", include("pages.urls")),
    path("", include("error_tracking.urls")),
{%- if cookiecutter.browser_errors == "yes" %}
    path("", include("browser_errors.urls")),
{%- endif %}
{%- if cookiecutter.metrics == "yes" %}
    path("metrics", metrics),
{%- endif %}
    path("admin/", admin.site.urls),
]

if apps.is_installed("development"):
    urlpatterns.insert(0, path("", include("development.urls")))

handler500 = "error_tracking.views.server_error"
