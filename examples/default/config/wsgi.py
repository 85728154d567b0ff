"""The WSGI application, for a server such as gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from config.startup_errors import ending_in_one_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

with ending_in_one_line():
    application = get_wsgi_application()
