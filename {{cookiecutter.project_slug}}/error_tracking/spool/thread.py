"""The thread that sends what waits, and its pauses while the tracker is away."""

import logging
import threading
import time

from error_tracking.spool.sender import Attempt, Sender

log = logging.getLogger(__name__)  # its lines become neither breadcrumbs nor events: see apps.py


class SenderThread:
    """One daemon thread, started by the first event of its process. Of all processes on a machine, one sends."""

    BATCH_PAUSE = 0.05  # seconds in which more events may come: a crash seldom comes alone
    FLIGHT_SECONDS = 1.0  # how long the end of a process waits for an answer; without one the event is sent again
    LOOK_PAUSE = 1.0  # seconds between two looks whether the process that sends is still alive

    def __init__(self, sender: Sender) -> None:
        """Start nothing yet."""
        self.sender, self.spool = sender, sender.spool
        self._guard, self._woken, self._settled = threading.Lock(), threading.Event(), threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._said = ""
        self._settled.set()

    def wake(self) -> None:
        """Send what waits, in the background."""
        with self._guard:
            self._settled.clear()
            self._woken.set()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self.run, name="spool-sender", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:  # the interpreter ends: the next process sends the file
                    self._settled.set()

    def wait(self, timeout: float) -> None:
        """Wait until nothing is left that can be sent now; the rest is safe on disk."""
        self._settled.wait(timeout)

    def stop(self) -> None:
        """End the thread; what waits stays on disk."""
        self._stopped.set()
        self._woken.set()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join(self.FLIGHT_SECONDS)

    def say(self, message: str) -> None:
        """Log a warning, once until another one follows."""
        if message != self._said:
            self._said = message
            log.warning("%s", message)

    def settle(self) -> None:
        """Let `wait` return, unless an event has come meanwhile."""
        with self._guard:
            if not self._woken.is_set():
                self._settled.set()

    def run(self) -> None:
        """Send whenever something waits; the body of the thread."""
        while not self._stopped.is_set():
            self._woken.wait()
            self._stopped.wait(self.BATCH_PAUSE)
            self._woken.clear()
            try:
                while not self._stopped.is_set() and self.spool.waiting():
                    with self.spool.sending() as mine:
                        if mine:
                            self.send_all()
                    if not mine:
                        self._stopped.wait(self.LOOK_PAUSE)
                        self.settle()
            except Exception as error:  # such as a folder that was removed
                self.say(f"The spool {self.spool.folder} cannot be sent: {error!r}")
                self._stopped.wait(self.LOOK_PAUSE)
            self.settle()

    def send_all(self) -> None:
        """Send until nothing waits. After a failure another file is tried, since only one of them may fail."""
        failures, tried = 0, ""
        while not self._stopped.is_set() and (files := self.spool.waiting()):
            for file in [file for file in files if file.name > tried] or files:
                tried = file.name
                attempt = self.sender.send(file)
                if self._stopped.is_set():
                    return
                if not attempt.done:
                    failures += 1
                    self.say(f"Events wait in {self.spool.folder}: {attempt.reason}")
                    self.pause(attempt, failures)
                    break
                failures, self._said = 0, ""

    def pause(self, attempt: Attempt, failures: int) -> None:
        """Wait before the next attempt, as long as the tracker asks for or the number of failures in a row requires."""
        end = time.monotonic() + min(attempt.pause * 2 ** min(failures - 1, 16), attempt.longest)
        self.spool.trim()
        self.settle()
        while (left := end - time.monotonic()) > 0 and not self._stopped.is_set():
            if self._woken.wait(left):  # one more event waits: check the limits again
                self._woken.clear()
                self.spool.trim()
                self.settle()
                self._stopped.wait(min(left, self.LOOK_PAUSE))
