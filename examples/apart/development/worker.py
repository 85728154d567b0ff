"""Runs a worker with the site. As `python -m development.worker`, it is the worker, which ends when the site ends."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

from django.conf import settings

from config.celery import app


@contextlib.contextmanager
def worker() -> Iterator[None]:
    """Run a worker until the block ends. It gets no Ctrl-C, and then ends as soon as its job is done."""
    command = [sys.executable, "-m", "development.worker"]
    with subprocess.Popen(  # noqa: S603
        command, cwd=settings.BASE_DIR, stdin=subprocess.PIPE, start_new_session=True
    ) as process:
        ending = threading.Event()

        def watch() -> None:
            process.wait()
            if not ending.is_set():
                print("The worker has ended. Jobs wait until you save a Python file or run make run again.", flush=True)

        threading.Thread(target=watch, daemon=True).start()
        try:
            yield
        finally:
            ending.set()  # leaving the block closes the pipe, and waits for the worker


def end_with_site() -> None:
    """Stop this worker as soon as the process of the site closes its end of the pipe, or is killed."""
    os.read(sys.stdin.fileno(), 1)  # without the lock of sys.stdin, for which a forked process would wait
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Run a worker in this process."""
    threading.Thread(target=end_with_site, daemon=True).start()
    app.worker_main(["worker", "--concurrency=1", "--without-gossip", "--without-mingle"])


if __name__ == "__main__":
    main()
