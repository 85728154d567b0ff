"""No error is lost when processes end, are killed, fork, or run at the same time."""

import os
import signal

import pytest
from sentry_sdk.envelope import Envelope

from error_tracking.spool.transport import SpoolTransport, resume_spool
from servers import serving
from spooling import closed_port, end, site, spool_for, start, wait_for, waiting


def test_a_process_that_ends_at_once_delivers(tmp_path):
    with serving(200) as tracker:
        end(start(tracker.server_port, tmp_path / "spool", "crash(3)"))
        assert len(tracker.event_ids()) == 3


@pytest.mark.skipif(
    os.name == "nt", reason="Windows has no SIGKILL; that a killed process loses nothing was not checked"
)
def test_what_a_killed_process_left_is_sent_by_the_next(root):
    port = closed_port()
    end(start(port, root, "crash(20); os.kill(os.getpid(), signal.SIGKILL)"), -signal.SIGKILL)
    ids = waiting(root)
    assert len(ids) == 20
    with serving(200, port) as tracker, site(port, root):
        resume_spool()
        wait_for(lambda: sorted(tracker.event_ids()) == sorted(ids))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL; that another process takes over was not checked")
def test_when_the_sender_dies_another_takes_over(root):
    with serving(200) as tracker:
        tracker.awake.clear()
        sender = start(tracker.server_port, root, "crash(1); time.sleep(60)")
        wait_for(lambda: tracker.times)
        other = start(tracker.server_port, root, "crash(1); sentry_sdk.flush(); print(flush=True); time.sleep(60)")
        other.stdout.readline()  # it has found that another process is sending
        assert len(tracker.times) == 1
        assert len(waiting(root)) == 2
        sender.kill()
        tracker.awake.set()
        wait_for(lambda: waiting(root) == [])
        other.kill()
        for process in (sender, other):
            process.communicate()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork; that forked workers deliver was not checked")
def test_forked_workers_deliver_even_if_their_parent_has_sent_before(root):
    program = """
crash(1)
sentry_sdk.flush()
child = os.fork()
if not child:
    crash(2)
    sentry_sdk.flush()
    os._exit(0)
crash(2)
os.waitpid(child, 0)
"""
    with serving(200) as tracker:
        end(start(tracker.server_port, root, program))
        assert len(set(tracker.event_ids())) == 5
        assert waiting(root) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork; that a lock is not inherited was not checked")
def test_a_fork_while_its_parent_sends_does_not_inherit_the_lock(root):
    program = """
crash(1)
sys.stdin.readline()  # the tracker has been asked, and does not answer
if os.fork():
    os.kill(os.getpid(), signal.SIGKILL)
crash(1)
sys.stdin.readline()
"""
    with serving(200) as tracker:
        tracker.awake.clear()
        parent = start(tracker.server_port, root, program)
        wait_for(lambda: tracker.times)
        parent.stdin.write("\n")
        parent.stdin.flush()
        wait_for(lambda: len(waiting(root)) == 2)
        tracker.awake.set()
        wait_for(lambda: waiting(root) == [])
        end(parent, -signal.SIGKILL)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork; that no lock is inherited was not checked")
def test_a_fork_while_a_connection_is_taken_from_the_pool_does_not_hang(root):
    program = """
crash(1)
sentry_sdk.flush()
with sentry_sdk.get_client().transport.connections.pools.lock:  # as the sending thread may hold it at that moment
    child = os.fork()
if not child:
    crash(1)
    sentry_sdk.flush()
    os._exit(0)
os.waitpid(child, 0)
"""
    with serving(200) as tracker:
        end(start(tracker.server_port, root, program))
        assert len(tracker.event_ids()) == 2


def test_a_request_sends_what_another_process_left_since_the_last_one(root, monkeypatch):
    monkeypatch.setattr(SpoolTransport, "LOOK_PAUSE", 0)
    with serving(200) as tracker, site(tracker.server_port, root):
        resume_spool()  # nothing waits yet
        envelope = Envelope(headers={"event_id": "a" * 32})
        envelope.add_event({"event_id": "a" * 32, "message": "of another process"})
        spool_for(root, tracker.server_port).put("a" * 32, "0" * 16, envelope.serialize())
        resume_spool()
        wait_for(lambda: tracker.event_ids() == ["a" * 32])


def test_four_processes_at_once_send_everything_once(root):
    with serving(200) as tracker:
        for process in [start(tracker.server_port, root, "crash(25); sentry_sdk.flush(60)") for _ in range(4)]:
            end(process)
        wait_for(lambda: waiting(root) == [])
        assert len(tracker.event_ids()) == len(set(tracker.event_ids())) == 100
