"""The thread that sends waiting events, and its pauses while the tracker is down."""

import contextlib
import logging
import queue
import threading
import time

from error_tracking.spool.alarm import Alarm
from error_tracking.spool.sender import Sender

log = logging.getLogger(__name__)  # its lines become neither breadcrumbs nor events: see apps.py
Reply = queue.SimpleQueue[None]


class SenderThread:
    """A daemon thread, started by the first event of its process. On each machine, one process sends at a time.

    A signal handler, a `__del__` or a logging handler may call these methods at any moment. So they never wait for a
    lock: they use a SimpleQueue, whose put() is reentrant (Python's documentation of `queue`).
    """

    BATCH_PAUSE = 0.05  # seconds to wait for more events, because errors often come in bursts
    FLIGHT_SECONDS = 1.0  # how long a process that ends waits for a response; without one, the event is sent again
    LOOK_PAUSE = 1.0  # seconds between two checks whether another process is still sending

    def __init__(self, sender: Sender, alarm: Alarm) -> None:
        """Create the queue; the first event starts the thread."""
        self.sender, self.spool, self.alarm = sender, sender.spool, alarm
        self._messages: queue.SimpleQueue[Reply | None] = queue.SimpleQueue()  # None: an event; else a caller of `wait`
        self._replies: list[Reply] = []
        self._starting = threading.Lock()  # acquired only if it is free
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Send waiting events in the background."""
        self._messages.put(None)
        if not self.is_alive() and self._starting.acquire(blocking=False):
            with contextlib.suppress(RuntimeError):  # the interpreter is shutting down: the next process sends the file
                self._thread = threading.Thread(target=self.run, name="spool-sender", daemon=True)
                self._thread.start()
            self._starting.release()

    def is_alive(self) -> bool:
        """Return whether the thread is running."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def wait(self, timeout: float) -> None:
        """Wait until nothing more can be sent now; the rest stays on disk."""
        if self.is_alive():
            reply: Reply = queue.SimpleQueue()
            self._messages.put(reply)
            with contextlib.suppress(queue.Empty):
                reply.get(timeout=timeout)

    def stop(self) -> None:
        """End the thread; waiting events stay on disk."""
        self.sender.stopped = True
        self._messages.put(None)
        if self._thread and self._thread.is_alive():
            self._thread.join(self.FLIGHT_SECONDS)

    def receive(self, timeout: float | None = None) -> bool:
        """Wait for an event and those that follow, or for a caller of `wait`; return whether an event has come."""
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
        """Release the callers of `wait`, because nothing more can be sent now."""
        while self._replies:
            self._replies.pop().put(None)

    def run(self) -> None:
        """Send waiting events until the thread is stopped; the thread's main function."""
        while not self.sender.stopped:
            try:
                self.receive()
                self.send_all()
            except Exception as error:
                self.spool.warn("Events in %s cannot be sent: %r", self.spool.folder, error)
                self._messages.put(None)
                time.sleep(self.LOOK_PAUSE)
            self.reply()

    def send_all(self) -> None:
        """Send until no event waits. After a failure, try another file, because only one file may be affected."""
        failures, tried, logged = 0, "", set[str]()
        while not self.sender.stopped:
            batch = self.sender.send_waiting(tried)
            self.alarm.look()
            if batch is None:
                self.pause(self.LOOK_PAUSE)
            elif failure := batch.failure:
                failures, tried = 1 if batch.accepted else failures + 1, failure.name
                if failure.reason not in logged:
                    logged.add(failure.reason)
                    log.warning("Events are waiting in %s: %s", self.spool.folder, failure.reason)
                self.pause(min(failure.pause * 2 ** min(failures - 1, 16), failure.longest))
            else:
                failures = 0
                # Without the lock: a process that could not take it at its end has left its events to this one.
                if not self.spool.waiting():
                    self.alarm.clear()
                    return

    def pause(self, seconds: float) -> None:
        """Wait before the next attempt. In the meantime, enforce the limits if events come, and look at their age."""
        end, came = time.monotonic() + seconds, True
        while not self.sender.stopped and (now := time.monotonic()) < end:
            if came and now >= self.sender.next_look:
                with self.spool.sending() as mine:
                    if mine:
                        self.sender.keep_bounds()
                came = False
            self.alarm.look()
            self.reply()
            wake = min(end, self.alarm.next_look, self.sender.next_look if came else end)
            came |= self.receive(max(0.0, wake - time.monotonic()))
