"""Routes that exist only in development. They come before the site's own routes."""

from django.urls import path

from development.views import start_page, trigger_error, try_out

urlpatterns = [
    path("", start_page, name="start-page"),
    path("glitchtip-debug/", trigger_error, name="glitchtip-debug"),
    path("try/<slug:kind>/", try_out, name="try-out"),
]
