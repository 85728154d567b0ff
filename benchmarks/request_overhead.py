"""What error tracking costs a request in CPU time: no SDK, the SDK with `DjangoIntegration()` alone, our options.

Run it with `make bench`. The three are sites of one baked project, each a process of its own; they are asked in turn,
many times, and the medians are compared. Their events go to a tracker in this process, whose time does not count.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from scripts.demo import TEMPLATE, bake

ROUNDS = 15
VARIANTS = ("no SDK", "SDK alone", "django-glitchtip")
#: What is asked, and how often in a round: fewer crashes than the SDK's queue holds.
REQUESTS = {
    "success, no query": ("/", 400),
    "success, one query": ("/health/", 300),
    "crash": ("/glitchtip-debug/", 60),
}


class Sink(BaseHTTPRequestHandler):
    """Takes every envelope."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer 200."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def environment_of(project: Path) -> Path:
    """Install what a project needs and return its Python."""
    variables = {**os.environ, "VIRTUAL_ENV": "", "UV_PROJECT_ENVIRONMENT": str(project / ".venv")}
    subprocess.run([sys.executable, "-m", "uv", "sync", "--quiet"], cwd=project, env=variables, check=True)
    return project / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python"


def ask(site: "subprocess.Popen[str]", path: str, count: int) -> float:
    """Return the CPU time of one request, in microseconds."""
    assert site.stdin and site.stdout
    site.stdin.write(f"{path} {count}\n")
    site.stdin.flush()
    return float(site.stdout.readline())


def main() -> None:
    """Print a table of medians, and the ratios to the SDK alone."""
    sink = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    dsn = f"http://key@127.0.0.1:{sink.server_port}/1"
    with tempfile.TemporaryDirectory() as folder:
        project = bake(Path(folder))
        python = environment_of(project)
        variables = {**os.environ, "PYTHONPATH": str(TEMPLATE), "DJANGO_ENV": "development"}
        sites = {
            variant: subprocess.Popen(
                [python, "-m", "benchmarks.one_site", variant, dsn],
                **{"cwd": project, "env": variables, "text": True},
                **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL},
            )
            for variant in VARIANTS
        }
        print(f"{'CPU time in microseconds':<26}" + "".join(f"{variant:>26}" for variant in VARIANTS))
        for label, (path, count) in REQUESTS.items():
            times: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
            for turn in range(ROUNDS + 1):
                for variant, site in sites.items():
                    took = ask(site, path, count)
                    if turn:  # the first of each fills the caches
                        times[variant].append(took)
            medians = [statistics.median(times[variant]) for variant in VARIANTS]
            cells = []
            for variant, median in zip(VARIANTS, medians, strict=True):
                low, _, high = statistics.quantiles(times[variant], n=4)
                cells.append(f"{median:.0f} ({low:.0f} to {high:.0f})".rjust(26))
            print(f"{label:<26}{''.join(cells)}   ours / SDK alone {medians[2] / medians[1]:.2f}")
        for site in sites.values():
            assert site.stdin
            site.stdin.close()
            site.wait()
    sink.shutdown()


if __name__ == "__main__":
    main()
