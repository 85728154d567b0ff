#!/usr/bin/env python
"""The stand-in's command line: Django's commands, and a worker that does nothing."""

import os
import pathlib
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glitchtip.settings")

if sys.argv[1] == "runworker":
    if os.environ.get("IS_WORKER") != "true":
        sys.exit("stand-in: a worker needs IS_WORKER=true")
    while True:
        pathlib.Path(sys.argv[sys.argv.index("--health-check-file") + 1]).touch()
        time.sleep(5)

from django.core.management import execute_from_command_line

execute_from_command_line(sys.argv)
