"""The URLs for raising an error on purpose, and for visitors' descriptions of errors."""

from django.urls import path

from error_tracking.feedback import feedback
from error_tracking.views import trigger_error

urlpatterns = [
    path("glitchtip-debug/", trigger_error, name="glitchtip-debug"),
    path("error-feedback/", feedback, name="error-feedback"),
]
