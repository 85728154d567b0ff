"""URL routes of the pages."""

from django.urls import path

from pages.views import health, home

urlpatterns = [
    path("", home, name="home"),
    path("health/", health, name="health"),
]
