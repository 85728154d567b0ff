"""The URLs for raising an error on purpose, and for what visitors send: descriptions of errors, and their browsers' reports."""

from django.urls import path

from error_tracking.csp_reports import csp_report
from error_tracking.feedback import feedback
from error_tracking.views import trigger_error

urlpatterns = [
    path("glitchtip-debug/", trigger_error, name="glitchtip-debug"),
    path("error-feedback/", feedback, name="error-feedback"),
    path("csp-report/", csp_report, name="csp-report"),
]
