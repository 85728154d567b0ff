"""The URL for raising an error on purpose."""

from django.urls import path

from error_tracking.views import trigger_error

urlpatterns = [path("glitchtip-debug/", trigger_error, name="glitchtip-debug")]
