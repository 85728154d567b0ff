"""Routes that only development has; they come before those of the site."""

from django.urls import path

from development.views import show_event, start_page, trigger_error, try_out

urlpatterns = [
    path("", start_page, name="start-page"),
    path("glitchtip-debug/", trigger_error, name="glitchtip-debug"),
    path("try/<slug:kind>/", try_out, name="try-out"),
    path("event/<slug:event_id>/", show_event, name="show-event"),
]
