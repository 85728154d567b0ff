"""An error may be captured during another capture: by a signal handler, a `__del__`, or a logging handler."""

import gc
import logging
import os
import sys
import threading
from concurrent.futures import Future

import pytest

from error_tracking.spool.thread import SenderThread
from servers import serving
from spooling import closed_port, crash, end, site, start, wait_for, waiting


def run(function, seconds=60):
    """Run a function; raise TimeoutError if it hangs."""
    ended = Future()

    def call():
        try:
            ended.set_result(function())
        except Exception as error:
            ended.set_exception(error)

    threading.Thread(target=call, daemon=True).start()
    ended.result(seconds)


def captured_at_every_line(client, action):
    """Run `action`, and capture another error before each line that it runs in the spool or the standard library.

    A signal handler or a `__del__` can run at each of these lines. Return the event ids and the lines.
    """
    ids, lines = [], set()

    def trace(frame, kind, _):
        file = frame.f_code.co_filename
        if "error_tracking/spool" not in file and os.path.basename(file) not in ("threading.py", "queue.py", "os.py"):
            return trace if "sentry_sdk" in file else None
        line = (file, frame.f_lineno)
        if kind == "line" and line not in lines:
            lines.add(line)
            sys.settrace(None)
            ids.extend(crash(client, message="captured meanwhile"))
            sys.settrace(trace)
        return trace

    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(None)
    return ids, {f"{os.path.basename(file)}:{line}" for file, line in lines}


def test_an_error_at_every_line_of_a_capture_arrives_without_deadlock(root):
    seen = []

    def act():
        with site(closed_port(), root) as client:
            ids, lines = captured_at_every_line(client, lambda: seen.extend(crash(client)))
            seen.extend(ids)
            assert any(line.startswith("thread.py") for line in lines)
            assert any(line.startswith("threading.py") for line in lines), "the thread was not started meanwhile"
            assert any(line.startswith("files.py") for line in lines)
            wait_for(lambda: sorted(waiting(root)) == sorted(seen))

    run(act)
    assert len(seen) > 20


def test_an_error_at_every_line_of_a_flush_arrives_without_deadlock(root):
    with serving(200) as tracker:
        seen = []

        def act():
            with site(tracker.server_port, root) as client:
                seen.extend(crash(client))
                ids, lines = captured_at_every_line(client, lambda: client.flush(5))
                seen.extend(ids)
                assert any(line.startswith("thread.py") for line in lines)
                wait_for(lambda: sorted(tracker.event_ids()) == sorted(seen))

        run(act)
        assert len(seen) > 5


def test_an_error_at_every_line_of_the_sending_thread_arrives_without_deadlock(root, monkeypatch):
    with serving(200) as tracker:
        seen, lines = [], set()
        original = SenderThread.send_all

        def send_all(thread):
            if lines:
                return original(thread)
            ids, found = captured_at_every_line(clients[0], lambda: original(thread))
            seen.extend(ids)
            lines.update(found)
            return None

        monkeypatch.setattr(SenderThread, "send_all", send_all)
        clients = []

        def act():
            with site(tracker.server_port, root) as client:
                clients.append(client)
                first = crash(client)
                wait_for(lambda: lines)
                wait_for(lambda: sorted(tracker.event_ids()) == sorted([*first, *seen]))

        run(act)
        assert any(line.startswith("sender.py") for line in lines)
        assert len(seen) > 50


SIGNALS = """
ids, handled = set(), set()
def handle(*_):
    handled.add(sentry_sdk.capture_message("from a signal handler", level="error"))
    signal.setitimer(signal.ITIMER_REAL, 0.002)
signal.signal(signal.SIGALRM, handle)
crash(1)
signal.setitimer(signal.ITIMER_REAL, 0.002)
for number in range(300):
    ids.add(sentry_sdk.capture_message("from the program", level="error"))
    if number % 30 == 0:
        sentry_sdk.flush(0.05)
signal.signal(signal.SIGALRM, signal.SIG_IGN)
print(len(ids), len(handled - {None}))  # the SDK drops what is reported while it serializes
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no timers that send signals: handlers were not checked")
def test_signal_handlers_report_errors_while_the_program_does(root):
    with serving(200) as tracker:
        program, handled = map(int, end(start(tracker.server_port, root, SIGNALS)).split())
        assert program == 300
        assert handled > 20
        wait_for(lambda: len({*tracker.event_ids(), *waiting(root)}) == 1 + program + handled)


def test_finalizers_report_errors_wherever_the_garbage_collector_runs_them(root):
    with serving(200) as tracker:
        seen = []

        class Garbage:
            def __init__(self, client):
                self.client, self.itself = client, self

            def __del__(self):
                seen.extend(crash(self.client, message="from a finalizer"))

        def act():
            threshold = gc.get_threshold()
            with site(tracker.server_port, root) as client:
                gc.set_threshold(1)
                try:
                    for _ in range(50):
                        Garbage(client)
                        seen.extend(crash(client))
                finally:
                    gc.set_threshold(*threshold)
                gc.collect()  # does nothing while another thread is collecting
                wait_for(lambda: len(seen) == 100 and sorted(tracker.event_ids()) == sorted(seen))

        run(act)


def test_a_logging_handler_may_report_what_the_spool_logs(root):
    root.write_text("this is no folder, so the spool warns")
    with serving(200) as tracker, site(tracker.server_port, root) as client:
        seen = []

        class Reporting(logging.Handler):
            def emit(self, record):
                seen.extend(crash(client, message=record.getMessage()))

        handler, log = Reporting(), logging.getLogger("error_tracking")
        log.addHandler(handler)
        try:
            run(lambda: seen.extend(crash(client)))
            wait_for(lambda: sorted(tracker.event_ids()) == sorted(seen))
        finally:
            log.removeHandler(handler)
        assert len(seen) == 2
