"""Routes of the error tracking."""

from django.urls import path

from error_tracking.views import show_event, trigger_error, try_out

urlpatterns = [
    path("glitchtip-debug/", trigger_error, name="glitchtip-debug"),
    path("try/<slug:kind>/", try_out, name="try-out"),
    path("event/<slug:event_id>/", show_event, name="show-event"),
]
