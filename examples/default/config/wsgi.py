"""The WSGI application, for servers such as Gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from config.startup_errors import ending_in_one_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

with ending_in_one_line():
    application = get_wsgi_application()
