"""URL routes of the site."""

from django.apps import apps
from django.contrib import admin
from django.urls import include, path

from metrics.views import metrics

urlpatterns = [
    path("", include("pages.urls")),
    path("", include("error_tracking.urls")),
    path("", include("browser_errors.urls")),
    path("metrics", metrics),
    path("admin/", admin.site.urls),
]

if apps.is_installed("development"):
    urlpatterns.insert(0, path("", include("development.urls")))

handler500 = "error_tracking.views.server_error"
