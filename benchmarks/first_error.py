"""How long it takes from a new project to its first error in the tracker, with a warm package cache.

The baseline is plain Django, installed and started by hand in the same way, until it serves its first page.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure
from scripts.demo import bake, free_ports, get, received_events, running

RUNS = 5
PLAIN = """
python -m uv venv --quiet
python -m uv pip install --quiet --python .venv 'django>=5.2.8,<7'
.venv/bin/python manage.py migrate --verbosity 0
exec .venv/bin/python manage.py runserver {port}
"""


def plain_django(folder: Path) -> float:
    """Return the seconds until a project of `django-admin startproject` serves its first page."""
    subprocess.run([sys.executable, "-m", "django", "startproject", "plain", folder], check=True)
    [port] = free_ports(1)
    started = time.perf_counter()
    with running(folder, port, command=["bash", "-ec", PLAIN.format(port=port)]):
        get(f"http://localhost:{port}/")
        return time.perf_counter() - started


def this_template(folder: Path) -> float:
    """Return the seconds from the end of a bake until the tracker has the first error."""
    tracker, site = free_ports(2)
    project = bake(folder, glitchtip_port=tracker, app_port=site)
    started = time.perf_counter()
    with running(project, tracker, site):
        get(f"http://localhost:{site}/glitchtip-debug/")
        received_events(f"http://localhost:{tracker}", 1)
        return time.perf_counter() - started


def measure() -> list[Figure]:
    """Return the figure; takes two minutes."""
    variants = {"plain Django, its first page": plain_django, "django-glitchtip, its first error": this_template}
    seconds: dict[str, list[float]] = {label: [] for label in variants}
    for turn in range(RUNS + 1):
        for label, variant in variants.items():
            with tempfile.TemporaryDirectory() as folder:
                taken = variant(Path(folder))
            if turn:  # the first round fills the package cache
                seconds[label].append(taken)
    return [Figure("from a new project to", "s", 2, seconds)]
