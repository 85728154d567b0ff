"""`python -m benchmarks.load.record`: records the events in envelopes.jsonl from a baked project.

Each is what the project's SDK sends about one error: after scrubbing, as one line of JSON. What differs between machines
and runs is replaced. locustfile.py gives each event that it sends an ID and a time.
"""

import json
import os
import re
import subprocess
from pathlib import Path

from benchmarks.site import baked_project
from scripts.demo import TEMPLATE

FILE = Path(__file__).with_name("envelopes.jsonl")
#: Fields that differ from event to event, or that describe the machine
DROPPED = ("event_id", "timestamp", "server_name", "modules")


def deterministic(text: str, project: Path) -> str:
    """Return a line of JSON without this machine's paths, IDs, addresses of objects, and version of Python."""
    for folder in (project, TEMPLATE):
        text = text.replace(str(folder), "/app")
    text = re.sub(r"lib/python3\.\d+/", "lib/python3/", text)
    text = re.sub(r"0x[0-9a-f]{8,}", "0x7f0000000000", text)
    return re.sub(r"\b[0-9a-f]{32}\b", "0" * 32, text)


def main() -> None:
    """Bake a project, raise the errors in it, and write the file."""
    with baked_project() as project:
        printed = subprocess.run(
            [project.python, "-m", "benchmarks.load.record_site"],
            cwd=project.path,
            env={**os.environ, "PYTHONPATH": f"{TEMPLATE}{os.pathsep}{project.path}"},
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # the site logs its errors
            text=True,
        ).stdout
        lines = []
        for event in json.loads(printed.splitlines()[-1]):
            kept = {name: value for name, value in event.items() if name not in DROPPED}
            kept["contexts"].pop("runtime", None)
            kept["contexts"].get("trace", {}).update(trace_id="0" * 32, span_id="0" * 16)
            for crumb in kept.get("breadcrumbs", {}).get("values", []):
                crumb["timestamp"] = "2026-01-01T00:00:00Z"
            lines.append(deterministic(json.dumps(kept, sort_keys=True), project.path))
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{FILE.name}: {len(lines)} events of {', '.join(str(len(line)) for line in lines)} bytes")


if __name__ == "__main__":
    main()
