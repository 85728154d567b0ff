"""System checks of the error wiring (`manage.py check`)."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register


@register
def check_dsn(**_: Any) -> list[CheckMessage]:
    """W001: outside development, errors that nobody receives."""
    if settings.SENTRY_DSN or settings.ENVIRONMENT == "development":
        return []
    return [
        Warning(
            f"SENTRY_DSN is empty: no error of {settings.ENVIRONMENT} reaches a tracker.",
            hint=f"Set SENTRY_DSN in {settings.ENV_FILE} or in the environment, then run manage.py check_tracker.",
            id="error_tracking.W001",
        )
    ]
