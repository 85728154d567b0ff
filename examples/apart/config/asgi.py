"""The ASGI application, for servers such as Uvicorn."""

import os

from django.core.asgi import get_asgi_application

from config.startup_errors import ending_in_one_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

with ending_in_one_line():
    application = get_asgi_application()
