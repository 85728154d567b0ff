"""The thread that sends what waits, and its pauses while the tracker is away."""

import contextlib
import logging
import queue
import threading
import time

from error_tracking.spool.sender import Sender

log = logging.getLogger(__name__)  # its lines become neither breadcrumbs nor events: see apps.py
Reply = queue.SimpleQueue[None]


class SenderThread:
    """One daemon thread, started by the first event of its process. Of all processes on a machine, one sends at a time.

    A signal handler, a `__del__` or a logging handler may call it at any moment, so nothing here waits for a lock: all goes
    through a SimpleQueue, whose put() is re-entrant (Python's documentation of `queue`).
    """

    BATCH_PAUSE = 0.05  # seconds in which more events may come: a crash seldom comes alone
    FLIGHT_SECONDS = 1.0  # how long the end of a process waits for an answer; without one the event is sent again
    LOOK_PAUSE = 1.0  # seconds between two looks whether another process still sends

    def __init__(self, sender: Sender) -> None:
        """Start nothing yet."""
        self.sender, self.spool = sender, sender.spool
        self._messages: queue.SimpleQueue[Reply | None] = queue.SimpleQueue()  # None: an event; else who waits
        self._replies: list[Reply] = []
        self._starting = threading.Lock()  # tried, never waited for
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Send what waits, in the background."""
        self._messages.put(None)
        if not self.is_alive() and self._starting.acquire(blocking=False):
            with contextlib.suppress(RuntimeError):  # the interpreter ends: the next process sends the file
                self._thread = threading.Thread(target=self.run, name="spool-sender", daemon=True)
                self._thread.start()
            self._starting.release()

    def is_alive(self) -> bool:
        """Return whether the thread runs."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def wait(self, timeout: float) -> None:
        """Wait until nothing is left that can be sent now; the rest is safe on disk."""
        if self.is_alive():
            reply: Reply = queue.SimpleQueue()
            self._messages.put(reply)
            with contextlib.suppress(queue.Empty):
                reply.get(timeout=timeout)

    def stop(self) -> None:
        """End the thread; what waits stays on disk."""
        self.sender.stopped = True
        self._messages.put(None)
        if self._thread and self._thread.is_alive():
            self._thread.join(self.FLIGHT_SECONDS)

    def receive(self, timeout: float | None = None) -> bool:
        """Wait for an event, and for those that follow, and return whether one has come; or for somebody who waits."""
        messages: list[Reply | None] = []
        with contextlib.suppress(queue.Empty):
            messages.append(self._messages.get(timeout=timeout))
            end = time.monotonic() + self.BATCH_PAUSE
            while True:
                left = max(0.0, end - time.monotonic()) if messages[-1] is None else 0.0
                messages.append(self._messages.get(timeout=left))
        self._replies += [message for message in messages if message is not None]
        return None in messages

    def reply(self) -> None:
        """Let those go on who wait, because nothing is left that can be sent now."""
        while self._replies:
            self._replies.pop().put(None)

    def run(self) -> None:
        """Send whenever something waits; the body of the thread."""
        while not self.sender.stopped:
            try:
                self.receive()
                self.send_all()
            except Exception as error:
                self.spool.warn("The spool %s cannot be sent: %r", self.spool.folder, error)
                self._messages.put(None)
                time.sleep(self.LOOK_PAUSE)
            self.reply()

    def send_all(self) -> None:
        """Send until nothing waits. After a failure another file is tried, since only one of them may fail."""
        failures, tried, logged = 0, "", set[str]()
        while not self.sender.stopped:
            batch = self.sender.send_waiting(tried)
            if batch is None:
                self.pause(self.LOOK_PAUSE)
            elif failure := batch.failure:
                failures, tried = 1 if batch.accepted else failures + 1, failure.name
                if failure.reason not in logged:
                    logged.add(failure.reason)
                    log.warning("Events wait in %s: %s", self.spool.folder, failure.reason)
                self.pause(min(failure.pause * 2 ** min(failures - 1, 16), failure.longest))
            else:
                failures = 0
                # Without the lock: a process that could not take it at its end has left its events to this one.
                if not self.spool.waiting():
                    return

    def pause(self, seconds: float) -> None:
        """Wait before the next attempt; if events come meanwhile, keep the bounds."""
        end, came = time.monotonic() + seconds, True
        while not self.sender.stopped and (now := time.monotonic()) < end:
            if came and now >= self.sender.next_look:
                with self.spool.sending() as mine:
                    if mine:
                        self.sender.keep_bounds()
                came = False
            self.reply()
            came |= self.receive(max(0.0, (min(end, self.sender.next_look) if came else end) - time.monotonic()))
