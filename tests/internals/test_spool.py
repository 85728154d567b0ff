"""No error is lost: a real SDK, real files, and a tracker that misbehaves on command."""

import contextlib
import json
import logging
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import sentry_sdk
from django.conf import settings
from django.core.management import CommandError, call_command

from error_tracking.options import sentry_options
from error_tracking.spool.files import Spool
from error_tracking.spool.sender import Sender
from error_tracking.spool.thread import SenderThread
from error_tracking.spool.transport import SpoolTransport, resume_spool, spool_transport
from servers import Tracker, serving


def wait_for(condition, seconds=30):
    """Return once `condition()` holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Give the folder of the spool, whose pauses are short."""
    for name in ("FIRST_PAUSE", "REFUSED_PAUSE", "LIMITED_PAUSE"):
        monkeypatch.setattr(Sender, name, 0.02)
    monkeypatch.setattr(SenderThread, "LOOK_PAUSE", 0.02)
    return tmp_path / "spool"


def options_for(port, folder, max_megabytes=50, **options):
    """Return the SDK's options for a tracker on a port; it looks for no other packages, which would take it longest."""
    transport = spool_transport(str(folder), max_megabytes=max_megabytes, max_days=7)
    made = sentry_options(
        dsn=f"http://key@127.0.0.1:{port}/1", environment="tests", release="shop@1", transport=transport, **options
    )
    return {**made, "auto_enabling_integrations": False}


@contextlib.contextmanager
def site(port, folder, **options):
    """Run the SDK in this process; at the end it is closed as at the end of a process."""
    client = sentry_sdk.Client(**options_for(port, folder, **options))
    with sentry_sdk.scope.use_scope(sentry_sdk.Scope(client=client)):
        yield client
        client.close(timeout=2)
    for thread in threading.enumerate():
        if thread.name == "spool-sender":
            thread.join(5)


def crash(client, count=1):
    """Report errors and return their ids."""
    return [client.capture_event({"message": f"crash {number}", "level": "error"}) for number in range(count)]


def waiting(folder):
    """Return the ids of the events that wait."""
    return [file.stem.partition("-")[2] for file in sorted(folder.glob("*.envelope"))]


def closed_port():
    """Return a port on which nothing listens."""
    with Tracker(200) as tracker:
        return tracker.server_port


def test_an_event_is_sent_and_its_file_deleted(folder):
    with serving(200) as tracker, site(tracker.server_port, folder) as client:
        assert not any(thread.name == "spool-sender" for thread in threading.enumerate())
        ids = crash(client, 3)
        wait_for(lambda: tracker.event_ids() == ids)
        wait_for(lambda: waiting(folder) == [])


def test_what_waits_is_private_and_scrubbed(folder):
    with site(closed_port(), folder) as client:
        client.capture_event({"message": "password=hunter2", "level": "error"})
    [file] = folder.glob("*.envelope")
    assert b"hunter2" not in file.read_bytes()
    if os.name != "nt":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_tracker_that_is_down_gets_everything_when_it_is_up(folder):
    port = closed_port()
    with site(port, folder) as client:
        ids = crash(client, 5)
        wait_for(lambda: waiting(folder) == ids)
        with serving(200, port) as tracker:
            wait_for(lambda: sorted(tracker.event_ids()) == sorted(ids))


@pytest.mark.parametrize("status", [500, 502, 429, 401, 403, 404, 302])
def test_a_tracker_that_refuses_gets_everything_later(folder, status):
    with serving(status) as tracker, site(tracker.server_port, folder) as client:
        ids = crash(client, 3)
        wait_for(lambda: len(tracker.times) >= 2)
        assert waiting(folder) == ids
        tracker.status = 200
        wait_for(lambda: sorted(tracker.event_ids()) == sorted(ids))
        wait_for(lambda: waiting(folder) == [])


def test_a_tracker_that_hangs_gets_everything_later(folder, monkeypatch):
    monkeypatch.setattr(SpoolTransport, "TIMEOUT", 0.3)
    with serving(200) as tracker, site(tracker.server_port, folder) as client:
        tracker.awake.clear()
        ids = crash(client, 2)
        wait_for(lambda: len(tracker.times) >= 2)
        assert waiting(folder) == ids
        tracker.awake.set()
        wait_for(lambda: set(tracker.event_ids()) == set(ids))


def test_retry_after_is_obeyed(folder):
    with serving(429) as tracker, site(tracker.server_port, folder) as client:
        tracker.headers = {"Retry-After": "1"}
        ids = crash(client)
        wait_for(lambda: len(tracker.times) == 1)
        tracker.status = 200
        wait_for(lambda: tracker.event_ids() == ids)
        assert tracker.times[1] - tracker.times[0] >= 1


@pytest.mark.parametrize("status", [400, 413])
def test_what_a_tracker_never_takes_is_moved_away_and_told_once(folder, caplog, status):
    with serving(status) as tracker, site(tracker.server_port, folder) as client:
        [refused] = crash(client)
        wait_for(lambda: waiting(folder) == [])
        tracker.status = 200
        ids = crash(client)
        wait_for(lambda: tracker.event_ids() == ids)
    assert waiting(folder / "rejected") == [refused]
    [reason] = (folder / "rejected").glob("*.reason")
    assert str(status) in reason.read_text()
    assert caplog.text.count(refused) == 1


def test_a_wrong_key_is_told_with_what_to_check(folder, caplog):
    with serving(403) as tracker, site(tracker.server_port, folder) as client:
        crash(client)
        wait_for(lambda: len(tracker.times) >= 3)
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [record.getMessage().count("is the key in SENTRY_DSN right") for record in warnings] == [1]


def test_one_event_that_always_fails_holds_no_other_back(folder):
    with serving(200) as tracker, site(tracker.server_port, folder) as client:
        tracker.poison = b"crash 0"
        first, *others = crash(client, 4)
        wait_for(lambda: tracker.event_ids() == others)
        wait_for(lambda: waiting(folder) == [first])


def test_a_burst_arrives_whole(folder):
    with serving(200) as tracker, site(tracker.server_port, folder) as client:
        ids = crash(client, 1100)
        wait_for(lambda: len(tracker.bodies) == 1100)
        assert sorted(tracker.event_ids()) == sorted(ids)


def test_the_oldest_go_when_there_is_too_much(folder, caplog):
    spool = Spool(folder, max_bytes=250, max_seconds=3600)
    for number in range(4):
        spool.put(f"event{number}", b"x" * 100)
    os.utime(spool.waiting()[3], (time.time() + 10**6,) * 2)  # a clock that jumped
    assert spool.trim() == 2
    assert waiting(folder) == ["event2", "event3"]
    assert "2 oldest events were dropped" in caplog.text


def test_the_bounds_hold_while_the_tracker_is_away(folder, caplog):
    with site(closed_port(), folder, max_megabytes=0) as client:
        crash(client)
        wait_for(lambda: waiting(folder) == [])
    assert "1 oldest events were dropped" in caplog.text


def test_what_is_too_old_goes(folder):
    spool = Spool(folder, max_bytes=10**6, max_seconds=3600)
    for name in ("old", "new"):
        spool.put(name, b"x")
    os.utime(spool.waiting()[0], (time.time() - 7200,) * 2)
    (folder / "killed.envelope.tmp").touch()
    os.utime(folder / "killed.envelope.tmp", (0, 0))
    assert spool.trim() == 1
    assert [file.name.partition("-")[2] for file in folder.iterdir()] == ["new.envelope"]


def test_a_clock_that_is_set_forward_makes_nothing_old(folder, monkeypatch):
    spool = Spool(folder, max_bytes=10**6, max_seconds=3600)
    spool.put("fresh", b"x")
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() + 10**6)
    assert spool.trim() == 0
    assert waiting(folder) == ["fresh"]


def test_without_a_disk_events_are_sent_as_without_a_spool(folder, caplog):
    folder.write_text("this is no folder")
    with serving(200) as tracker, site(tracker.server_port, folder) as client:
        ids = crash(client, 3)
        wait_for(lambda: tracker.event_ids() == ids)
    assert caplog.text.count("cannot be written") == 1


def test_a_full_disk_leaves_no_half_file(folder, monkeypatch):
    folder.mkdir()
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with serving(200) as tracker, site(tracker.server_port, folder) as client:
        ids = crash(client)
        wait_for(lambda: tracker.event_ids() == ids)
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full; a full device was not checked")
def test_a_full_device_loses_no_event():
    with serving(200) as tracker, site(tracker.server_port, Path("/dev/full/spool")) as client:
        ids = crash(client, 3)
        wait_for(lambda: tracker.event_ids() == ids)


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b'{"event_id": "x"}\n', b"{}\n{}\n{}"])
def test_a_damaged_file_is_moved_away(folder, content):
    folder.mkdir()
    (folder / "0-damaged.envelope").write_bytes(content)
    with serving(200) as tracker, site(tracker.server_port, folder) as client:
        ids = crash(client)
        wait_for(lambda: tracker.event_ids() == ids)
    assert waiting(folder / "rejected") == ["damaged"]


def test_a_file_that_cannot_be_deleted_is_sent_once(folder, monkeypatch):
    with serving(200) as tracker, site(tracker.server_port, folder) as client:
        monkeypatch.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(PermissionError()))
        ids = crash(client, 2)
        wait_for(lambda: tracker.event_ids() == ids)
        ids += crash(client)
        wait_for(lambda: len(tracker.bodies) >= 3)
        assert tracker.event_ids() == ids


def test_the_end_of_a_process_does_not_wait_for_a_tracker_that_is_down(folder):
    client = sentry_sdk.Client(**options_for(closed_port(), folder))
    crash(client)
    started = time.monotonic()
    client.close(timeout=5)
    assert time.monotonic() - started < 2


def test_transactions_take_the_usual_way(folder):
    with serving(200) as tracker, site(tracker.server_port, folder, traces_sample_rate=1.0) as client:
        client.capture_event({"type": "transaction", "transaction": "/", "contexts": {"trace": {}}})
        wait_for(lambda: len(tracker.bodies) == 1)
    assert not folder.exists()


# What follows happens in processes of their own.

PROGRAM = """
import os, signal, time
import sentry_sdk
import config.settings  # starts the SDK; what else django.setup() does takes longer than the tests
from error_tracking.spool.sender import Sender
from error_tracking.spool.thread import SenderThread
Sender.FIRST_PAUSE = SenderThread.LOOK_PAUSE = 0.05
def crash(count):
    for number in range(count):
        sentry_sdk.capture_message(f"crash {number}", level="error")
"""


def start(port, folder, program):
    """Start a Python of the site."""
    variables = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_ENV": "development",
        "SECRET_KEY": "k" * 50,
        "APP_PORT": "8001",
        "SENTRY_DSN": f"http://0123456789abcdef@127.0.0.1:{port}/1",
        "SENTRY_SPOOL_DIR": str(folder),
    }
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM + program],
        cwd=settings.BASE_DIR,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def end(process, returncode=0):
    """Wait for a process."""
    _, errors = process.communicate(timeout=30)
    assert process.returncode == returncode, errors.decode()


def test_a_process_that_ends_at_once_delivers(tmp_path):
    with serving(200) as tracker:
        end(start(tracker.server_port, tmp_path / "spool", "crash(3)"))
        assert len(tracker.event_ids()) == 3


@pytest.mark.skipif(
    os.name == "nt", reason="Windows has no SIGKILL; that a killed process loses nothing was not checked"
)
def test_what_a_killed_process_left_is_sent_by_the_next(folder):
    port = closed_port()
    end(start(port, folder, "crash(20); os.kill(os.getpid(), signal.SIGKILL)"), -signal.SIGKILL)
    ids = waiting(folder)
    assert len(ids) == 20
    with serving(200, port) as tracker, site(port, folder):
        resume_spool()
        wait_for(lambda: sorted(tracker.event_ids()) == sorted(ids))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL; that another process takes over was not checked")
def test_when_the_sender_dies_another_takes_over(folder):
    with serving(200) as tracker:
        tracker.awake.clear()
        sender = start(tracker.server_port, folder, "crash(1); time.sleep(60)")
        wait_for(lambda: tracker.times)
        other = start(tracker.server_port, folder, "crash(1); sentry_sdk.flush(); print(flush=True); time.sleep(60)")
        other.stdout.readline()  # it has looked, and found that another process is sending
        assert len(tracker.times) == 1
        assert len(waiting(folder)) == 2
        sender.kill()
        tracker.awake.set()
        wait_for(lambda: waiting(folder) == [])
        other.kill()
        for process in (sender, other):
            process.communicate()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork; that forked workers deliver was not checked")
def test_forked_workers_deliver_though_their_parent_has_sent_before(folder):
    program = """
crash(1)
sentry_sdk.flush()
with sentry_sdk.get_client().transport.thread._guard:  # as another thread may hold it at that moment
    child = os.fork()
    if not child:
        crash(2)
        sentry_sdk.flush()
        os._exit(0)
crash(2)
os.waitpid(child, 0)
"""
    with serving(200) as tracker:
        end(start(tracker.server_port, folder, program))
        assert len(set(tracker.event_ids())) == 5
        assert waiting(folder) == []


def test_four_processes_at_once_send_everything_once(folder):
    with serving(200) as tracker:
        for process in [start(tracker.server_port, folder, "crash(25)") for _ in range(4)]:
            end(process)
        wait_for(lambda: waiting(folder) == [])
        assert len(tracker.event_ids()) == len(set(tracker.event_ids())) == 100


@pytest.fixture
def backlog(folder, settings):
    """Leave three events in the spool, and point the settings at a tracker that is down."""
    port = closed_port()
    settings.SENTRY_OPTIONS = options_for(port, folder)
    with site(port, folder) as client:
        crash(client, 3)
    return port


def test_flush_spool_sends_what_waits(backlog, folder, capsys):
    with serving(200, backlog) as tracker:
        call_command("flush_spool")
        assert len(tracker.event_ids()) == 3
    assert "3 of 3 events sent" in capsys.readouterr().out
    call_command("flush_spool")
    assert "Nothing waits." in capsys.readouterr().out


def test_flush_spool_says_why_events_wait_on(backlog, folder, settings):
    with pytest.raises(CommandError, match="0 of 3 events sent, the others wait: the tracker gives no answer"):
        call_command("flush_spool")
    settings.SENTRY_OPTIONS = sentry_options(dsn="", environment="", release="")
    with pytest.raises(CommandError, match="There is no spool"):
        call_command("flush_spool")


def test_flush_spool_leaves_the_work_to_another_process(backlog, folder, monkeypatch):
    monkeypatch.setattr("error_tracking.management.commands.flush_spool.PATIENCE", 0.1)
    with Spool(folder, max_bytes=1, max_seconds=1).sending() as mine:
        assert mine
        with pytest.raises(CommandError, match="another process is sending"):
            call_command("flush_spool")


def test_flush_spool_says_that_it_cannot_write(backlog, folder):
    (folder / "sender.lock").unlink(missing_ok=True)
    (folder / "sender.lock").mkdir()
    with pytest.raises(CommandError, match="spool cannot be written"):
        call_command("flush_spool")


def test_check_tracker_shows_what_waits(backlog, folder, capsys):
    (folder / "rejected").mkdir()
    (folder / "rejected" / "0-x.envelope").touch()
    with serving(200, backlog):
        call_command("check_tracker")
    printed = capsys.readouterr().out
    assert f"Spool     3 waiting in {folder}, the oldest since 20" in printed
    assert "1 that the tracker will never take" in printed


def test_the_spooled_envelope_is_the_sdks_own(folder):
    """Speak up if a release of the SDK changes what the spool stands on."""
    with serving(200) as tracker, site(tracker.server_port, folder) as client:
        [event_id] = crash(client)
        wait_for(lambda: tracker.bodies)
    header, item, event = map(json.loads, tracker.bodies[0].rstrip(b"\n").split(b"\n"))
    assert header["event_id"] == event["event_id"] == event_id
    assert header["sent_at"].endswith("Z")
    assert item["type"] == "event"
