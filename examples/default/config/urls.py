"""Routes of the site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("pages.urls")),
    path("", include("error_tracking.urls")),
    path("admin/", admin.site.urls),
]

handler500 = "error_tracking.views.server_error"
