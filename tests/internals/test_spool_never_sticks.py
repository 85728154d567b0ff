"""If something is wrong with the spool's folder, events are sent, the bounds hold, and one warning is logged."""

import logging
import os
import shutil
import stat
import threading

import pytest

from error_tracking.spool.files import LOCK, Spool
from servers import serving
from spooling import crash, site, spool_for, wait_for, waiting

pytestmark = pytest.mark.skipif(
    not hasattr(os, "geteuid"), reason="this is Windows, without owners of files: folders of others were not checked"
)


def a_foreign_file(folder):
    (folder / "notes.txt").write_text("of somebody else")


def a_foreign_envelope(folder):
    (folder / "backup.envelope").write_text("of somebody else")


def a_foreign_folder(folder):
    (folder / "0.envelope").mkdir()


def an_event_that_is_a_folder(folder):
    (folder / f"{5:020d}-{0:016x}-x-0.envelope").mkdir()


def a_lock_that_is_a_folder(folder):
    (folder / LOCK).mkdir()


def a_lock_that_leads_nowhere(folder):
    (folder / LOCK).symlink_to(folder / "missing" / "lock")


def warnings(caplog):
    """Return the warnings that were logged."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    "accident",
    [
        a_foreign_file,
        a_foreign_envelope,
        a_foreign_folder,
        an_event_that_is_a_folder,
        a_lock_that_is_a_folder,
        a_lock_that_leads_nowhere,
    ],
)
def test_events_are_sent_whatever_is_in_the_folder(root, caplog, accident):
    with serving(200) as tracker:
        spool = spool_for(root, tracker.server_port)
        spool.folder.mkdir(parents=True)
        accident(spool.folder)
        before = {path for path in spool.folder.iterdir() if path.name != LOCK}
        with site(tracker.server_port, root) as client:
            for count in range(1, 4):
                crash(client)
                wait_for(lambda count=count: len(tracker.event_ids()) == count)
            wait_for(lambda: set(waiting(root)) <= {"x"})
    assert len(warnings(caplog)) == 1, warnings(caplog)
    assert {path for path in spool.folder.iterdir() if path.name != LOCK} == before


@pytest.mark.parametrize("accident", [a_foreign_file, a_lock_that_is_a_folder])
def test_the_bounds_hold_whatever_is_in_the_folder(root, accident):
    with serving(500) as tracker:
        spool = spool_for(root, tracker.server_port)
        spool.folder.mkdir(parents=True)
        accident(spool.folder)
        with site(tracker.server_port, root, max_megabytes=0) as client:
            crash(client, 3)
            wait_for(lambda: waiting(root) == [])


@pytest.fixture
def as_a_user():
    """Run the test as user 65534 if it was started by root."""
    if os.geteuid() == 0:
        os.seteuid(65534)
        yield
        os.seteuid(0)
    else:
        yield


@pytest.mark.parametrize("mode", [0o555, 0o000], ids=["it may be read", "it may not"])
def test_a_folder_of_another_user_is_not_touched_and_events_are_sent(tmp_path, root, caplog, mode, request):
    with serving(200) as tracker:
        spool = spool_for(root, tracker.server_port)
        spool.put("theirs", "0" * 16, b"")
        for folder in (tmp_path, *tmp_path.parents):
            if folder.stat().st_uid == os.geteuid() and folder != folder.parent:
                os.chmod(folder, stat.S_IMODE(folder.stat().st_mode) | 0o111)
        os.chmod(root, 0o755)
        os.chmod(spool.folder, mode)
        request.getfixturevalue("as_a_user")
        with site(tracker.server_port, root) as client:
            ids = crash(client, 3)
            wait_for(lambda: sorted(tracker.event_ids()) == sorted(ids))
    assert [text for text in warnings(caplog) if "cannot be written (Permission denied)" in text] == warnings(caplog)
    assert len(warnings(caplog)) == 1


def test_an_unreadable_file_of_another_user_does_not_block_events(root, caplog, monkeypatch):
    read = type(root).read_bytes
    denied = PermissionError(13, "Permission denied")

    def read_bytes(path):
        if "-theirs-" in path.name:
            raise denied
        return read(path)

    monkeypatch.setattr(type(root), "read_bytes", read_bytes)
    with serving(200) as tracker:
        spool = spool_for(root, tracker.server_port)
        spool.put("theirs", "0" * 16, b"")
        with site(tracker.server_port, root) as client:
            for count in range(1, 4):
                crash(client)
                wait_for(lambda count=count: len(tracker.event_ids()) == count)
    assert warnings(caplog) == [f"An event in {spool.folder} cannot be read (Permission denied): the file is skipped"]
    assert waiting(root) == ["theirs"]


def test_the_lock_is_free_while_nothing_is_sent(root):
    with serving(500) as tracker, site(tracker.server_port, root) as client:
        crash(client)
        wait_for(lambda: tracker.times)
        with spool_for(root, tracker.server_port).sending(timeout=30) as mine:
            assert mine


def test_the_lock_of_an_idle_process_is_ignored(root, monkeypatch, caplog):
    monkeypatch.setattr(Spool, "STUCK_SECONDS", 0.1)
    with serving(200) as tracker:
        spool = spool_for(root, tracker.server_port)
        spool.folder.mkdir(parents=True)
        with spool.sending() as theirs, site(tracker.server_port, root) as client:
            assert theirs
            ids = crash(client, 3)
            wait_for(lambda: sorted(tracker.event_ids()) == sorted(ids))
            wait_for(lambda: waiting(root) == [])
    assert [text.partition(" locks ")[0] for text in warnings(caplog)] == ["Another process"]


def test_a_deleted_folder_is_created_again(root):
    with serving(200) as tracker, site(tracker.server_port, root) as client:
        tracker.awake.clear()
        crash(client)
        wait_for(lambda: tracker.times)
        shutil.rmtree(root)
        tracker.awake.set()
        ids = crash(client, 2)
        wait_for(lambda: set(ids) <= set(tracker.event_ids()))


def test_the_thread_continues_after_an_unexpected_failure(root, monkeypatch, caplog):
    failing = threading.Event()
    failing.set()
    names = Spool.waiting

    def waiting_names(self):
        if failing.is_set() and threading.current_thread().name == "spool-sender":
            raise RuntimeError("nobody thought of it")
        return names(self)

    monkeypatch.setattr(Spool, "waiting", waiting_names)
    with serving(200) as tracker, site(tracker.server_port, root) as client:
        ids = crash(client)
        wait_for(lambda: caplog.records)
        failing.clear()
        wait_for(lambda: tracker.event_ids() == ids)
    assert len(warnings(caplog)) == 1
