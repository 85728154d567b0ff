#!/usr/bin/env python
"""Runs Django's management commands."""

import os
import sys

from config.startup_errors import show


def main() -> None:
    """Run a management command. `manage.py test` uses the test settings, which send no events."""
    sys.excepthook = show
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["test"]:
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    from django.core.management import execute_from_command_line

    from error_tracking.commands import failures_reported

    with failures_reported(sys.argv):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
