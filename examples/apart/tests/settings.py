"""The test settings: those of development, without a tracker. No env file is needed."""

import os

os.environ.update(
    DJANGO_ENV="development",
    SECRET_KEY="only for the tests, which need no env file",
    DEBUG="True",
    ALLOWED_HOSTS="testserver",
    APP_PORT="8001",
    SENTRY_DSN="",  # tests send no events to a real tracker
    SENTRY_DEBUG="False",
    SENTRY_ENVIRONMENT="tests",
    SENTRY_RELEASE="",
    SENTRY_TRACES_SAMPLE_RATE="0",
    SENTRY_SEND_USER="False",
    SENTRY_SPOOL_DIR="",
    SENTRY_ENABLE_LOGS="False",
    GLITCHTIP_API_TOKEN="",
    HEARTBEATS="",
    MAILPIT_URL="",
    TRACKER_URL="",
    BROKER_URL="memory://",  # tests queue nothing for real workers
)

from config.settings import *  # noqa: E402, F403

WHITENOISE_AUTOREFRESH = True  # static files are not collected for tests
