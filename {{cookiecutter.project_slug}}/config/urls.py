"""URL routes of the site."""

from django.apps import apps
from django.contrib import admin
from django.urls import include, path
{%- if cookiecutter.browser_errors == "yes" or cookiecutter.metrics == "yes" %}
{% endif %}
{%- if cookiecutter.browser_errors == "yes" %}
from browser_errors.tunnel import tunnel
{%- endif %}
{%- if cookiecutter.metrics == "yes" %}
from metrics.views import metrics
{%- endif %}

urlpatterns = [
    path("", include("pages.urls")),
    path("", include("error_tracking.urls")),
{%- if cookiecutter.browser_errors == "yes" %}
    path("browser-errors/", tunnel, name="browser-errors"),
{%- endif %}
{%- if cookiecutter.metrics == "yes" %}
    path("metrics", metrics),
{%- endif %}
    path("admin/", admin.site.urls),
]

if apps.is_installed("development"):
    urlpatterns.insert(0, path("", include("development.urls")))

handler500 = "error_tracking.views.server_error"
