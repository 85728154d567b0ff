"""The URL route of the tunnel."""

from django.urls import path

from browser_errors.tunnel import tunnel

urlpatterns = [
    path("browser-errors/", tunnel, name="browser-errors"),
]
