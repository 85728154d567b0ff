"""How long a bake takes, beside a template of one file without hooks: both in one run, interleaved, medians.

Run it with `make bench`. Each bake is a process of its own, as a user starts it.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parent.parent
RUNS = 15


def one_file_template(folder: Path) -> Path:
    """Write a template with one file and no hook."""
    template = folder / "one_file"
    (template / "{{cookiecutter.project_slug}}").mkdir(parents=True)
    (template / "cookiecutter.json").write_text(json.dumps({"project_slug": "project"}))
    (template / "{{cookiecutter.project_slug}}" / "README.md").write_text("# {{ cookiecutter.project_slug }}\n")
    return template


def seconds(template: Path, output: Path) -> float:
    """Bake a template with its default answers and return how long that took, in seconds."""
    command = [sys.executable, "-m", "cookiecutter", template, "--no-input", "--default-config", "-o", output]
    # As on a user's machine, modules are compiled once: the runs before the first measured one see to that.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - started


def main() -> None:
    """Print the two medians with their spread, and the ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        templates = {"one file, no hooks": one_file_template(folder), "django-glitchtip": TEMPLATE}
        times: dict[str, list[float]] = {label: [] for label in templates}
        for run in range(RUNS + 1):
            for label, template in templates.items():
                took = seconds(template, folder / f"{run}-{template.name}")
                if run:  # the first of each fills the caches
                    times[label].append(took)
    for label, values in times.items():
        low, _, high = statistics.quantiles(values, n=4)
        print(f"{label:<20} median {statistics.median(values):.3f} s, quartiles {low:.3f} to {high:.3f} s, {RUNS} runs")
    baseline, ours = (statistics.median(values) for values in times.values())
    print(f"ratio                {ours / baseline:.2f}")


if __name__ == "__main__":
    main()
