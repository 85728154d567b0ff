"""No error is lost: a real SDK, real files, and a tracker that fails as configured."""

import json
import logging
import os
import stat
import threading
import time
from pathlib import Path

import pytest
import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import HttpTransport

from error_tracking.spool.envelopes import stamped
from error_tracking.spool.sender import CONNECTIONS, SHARE, Sender
from servers import closing_server, serving
from spooling import closed_port, crash, options_for, site, spool_for, wait_for, waiting


def test_an_event_is_sent_and_its_file_deleted(root):
    with serving(200) as tracker, site(tracker.server_port, root) as client:
        assert not any(thread.name == "spool-sender" for thread in threading.enumerate())
        ids = crash(client, 3)
        wait_for(lambda: sorted(tracker.event_ids()) == sorted(ids))
        wait_for(lambda: waiting(root) == [])


def test_waiting_events_are_private_and_scrubbed(root):
    with site(closed_port(), root) as client:
        client.capture_event({"message": "password=hunter2", "level": "error"})
    [file] = root.glob("*/*.envelope")
    assert b"hunter2" not in file.read_bytes()
    if os.name != "nt":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [stat.S_IMODE(path.stat().st_mode) for path in (root, file.parent)] == [0o700, 0o700]


def test_a_tracker_that_is_down_gets_everything_when_it_is_up(root):
    port = closed_port()
    with site(port, root) as client:
        ids = crash(client, 5)
        wait_for(lambda: waiting(root) == ids)
        with serving(200, port) as tracker:
            wait_for(lambda: sorted(tracker.event_ids()) == sorted(ids))


@pytest.mark.parametrize("status", [500, 502, 429, 401, 403, 404, 302])
def test_a_tracker_that_rejects_events_gets_everything_later(root, status):
    with serving(status) as tracker, site(tracker.server_port, root) as client:
        ids = crash(client, 3)
        wait_for(lambda: len(tracker.times) >= 2)
        assert waiting(root) == ids
        tracker.status = 200
        wait_for(lambda: sorted(tracker.event_ids()) == sorted(ids))
        wait_for(lambda: waiting(root) == [])


def test_a_tracker_that_hangs_gets_everything_later(root, monkeypatch):
    monkeypatch.setattr(HttpTransport, "TIMEOUT", 0.3)
    with serving(200) as tracker, site(tracker.server_port, root) as client:
        tracker.awake.clear()
        ids = crash(client, 2)
        wait_for(lambda: len(tracker.times) >= 2)
        assert waiting(root) == ids
        tracker.awake.set()
        wait_for(lambda: set(tracker.event_ids()) == set(ids))


def test_retry_after_is_obeyed(root):
    with serving(429) as tracker, site(tracker.server_port, root) as client:
        tracker.headers = {"Retry-After": "1"}
        ids = crash(client)
        wait_for(lambda: tracker.answered == 1)
        tracker.status = 200
        wait_for(lambda: sorted(tracker.event_ids()) == sorted(ids))
        assert tracker.times[1] - tracker.times[0] >= 1


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<h1>We are back soon</h1>",
        b"OK",
        b"[]",
        b"{}",
        b'{"status": "maintenance"}',
        b'{"success": false}',
        b"[" * 100_000,
    ],
)
def test_an_event_is_kept_if_the_answer_is_not_a_trackers(root, caplog, answer):
    with serving(200) as tracker, site(tracker.server_port, root) as client:
        tracker.answer = answer
        [event_id] = crash(client)
        wait_for(lambda: len(tracker.times) >= 2)
        assert waiting(root) == [event_id]
        tracker.answer = None
        wait_for(lambda: waiting(root) == [])
    assert caplog.text.count("the response is not a tracker's") == 1


def test_the_answer_of_kent_is_accepted(root):
    with serving(200) as tracker, site(tracker.server_port, root) as client:
        tracker.answer = b'{"success": true}'
        crash(client)
        wait_for(lambda: tracker.bodies and waiting(root) == [])
        assert len(tracker.bodies) == 1


@pytest.mark.parametrize("status", [400, 413])
def test_a_permanently_rejected_event_is_moved_away_and_reported_once(root, caplog, status):
    with serving(status) as tracker, site(tracker.server_port, root) as client:
        [refused] = crash(client)
        wait_for(lambda: waiting(root) == [])
        tracker.status = 200
        ids = crash(client)
        wait_for(lambda: sorted(tracker.event_ids()) == sorted(ids))
    assert waiting(root, "rejected/") == [refused]
    [reason] = root.glob("*/rejected/*.reason")
    assert str(status) in reason.read_text()
    assert caplog.text.count(refused) == 1


def test_a_wrong_key_is_reported_with_what_to_check(root, caplog):
    with serving(403) as tracker, site(tracker.server_port, root) as client:
        crash(client)
        wait_for(lambda: len(tracker.times) >= 3)
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [record.getMessage().count("check the key and the project in SENTRY_DSN") for record in warnings] == [1]


def test_a_failing_event_does_not_block_the_others(root):
    with serving(200) as tracker, site(tracker.server_port, root) as client:
        tracker.poison = b"crash 0"
        first, *others = crash(client, 4)
        wait_for(lambda: sorted(tracker.event_ids()) == sorted(others))
        wait_for(lambda: waiting(root) == [first])


def test_a_burst_arrives_completely(root):
    with serving(200) as tracker, site(tracker.server_port, root) as client:
        ids = crash(client, 1100)
        wait_for(lambda: len(tracker.bodies) == 1100)
        assert sorted(tracker.event_ids()) == sorted(ids)


def test_without_a_disk_events_are_sent_as_without_a_spool(root, caplog):
    root.write_text("this is no root")
    with serving(200) as tracker, site(tracker.server_port, root) as client:
        ids = crash(client, 3)
        wait_for(lambda: sorted(tracker.event_ids()) == sorted(ids))
    assert caplog.text.count("cannot be written") == 1


def test_a_full_disk_leaves_no_partial_file(root, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with serving(200) as tracker, site(tracker.server_port, root) as client:
        ids = crash(client)
        wait_for(lambda: sorted(tracker.event_ids()) == sorted(ids))
    assert list(root.glob("*/*")) == []


def test_what_follows_an_event_in_its_envelope_is_kept_when_repetitions_are_counted():
    event = b'{"event_id": "a"}'
    body = b'{"event_id": "a"}\n{"type": "event", "length": %d}\n%s\n{"type": "attachment", "length": 2}\nhi' % (
        len(event),
        event,
    )
    envelope = Envelope.deserialize(stamped(body, 7))
    assert envelope.get_event()["contexts"] == {"spool": {"dropped_repetitions": 7}}
    assert envelope.items[1].get_bytes() == b"hi"


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b'{"event_id": "x"}\n', b"{}\n{}\n{}"])
def test_a_damaged_file_is_moved_away(root, content):
    with serving(200) as tracker, site(tracker.server_port, root) as client:
        spool_for(root, tracker.server_port).put("damaged", "0" * 16, content)
        ids = crash(client)
        wait_for(lambda: sorted(tracker.event_ids()) == sorted(ids))
    assert waiting(root, "rejected/") == ["damaged"]


def test_a_damaged_file_that_counts_repetitions_is_moved_away(root):
    with serving(200) as tracker, site(tracker.server_port, root) as client:
        spool = spool_for(root, tracker.server_port)
        spool.put("damaged", "0" * 16, b'{"event_id": "damaged"}\n{"length": 2}\n[]')
        [name] = spool.waiting()
        (spool.folder / name).rename(spool.folder / name.replace("-0.", "-3."))
        ids = crash(client)
        wait_for(lambda: tracker.event_ids() == ids)
    assert waiting(root, "rejected/") == ["damaged"]


def test_a_file_that_cannot_be_deleted_is_sent_once(root, monkeypatch):
    with serving(200) as tracker, site(tracker.server_port, root) as client:
        monkeypatch.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(PermissionError()))
        ids = crash(client, 2)
        wait_for(lambda: sorted(tracker.event_ids()) == sorted(ids))
        ids += crash(client)
        wait_for(lambda: len(tracker.bodies) >= 3)
        assert sorted(tracker.event_ids()) == sorted(ids)


def test_the_end_of_a_process_does_not_wait_for_a_tracker_that_is_down(root):
    client = sentry_sdk.Client(**options_for(closed_port(), root))
    crash(client)
    started = time.monotonic()
    client.close(timeout=5)
    assert time.monotonic() - started < 2


def test_events_are_sent_by_several_connections_at_once(root):
    with serving(200) as tracker, site(tracker.server_port, root) as client:
        tracker.awake.clear()
        ids = crash(client)
        wait_for(lambda: len(tracker.times) == 1)
        ids += crash(client, CONNECTIONS * SHARE)
        tracker.answer_one()
        # The first of a batch is sent on its own, in case the tracker is away.
        wait_for(lambda: len(tracker.times) == 2)
        tracker.answer_one()
        wait_for(lambda: len(tracker.times) == 2 + CONNECTIONS)
        tracker.awake.set()
        wait_for(lambda: sorted(tracker.event_ids()) == sorted(ids))


def test_a_server_that_closes_each_connection_gets_everything_without_a_pause_or_a_warning(root, monkeypatch, caplog):
    monkeypatch.setattr(Sender, "FIRST_PAUSE", 60)
    with closing_server() as (port, taken), site(port, root) as client:
        ids = [*crash(client, 1), *crash(client, 59)]
        wait_for(lambda: sorted(taken) == sorted(ids))
        wait_for(lambda: waiting(root) == [])
    assert caplog.text == ""


def test_each_dsn_has_its_own_folder(root):
    with serving(200) as tracker:
        port = tracker.server_port
        with site(closed_port(), root) as staging, site(port, root, key="other") as other, site(port, root) as client:
            kept, [others], [sent] = crash(staging, 2), crash(other), crash(client)
            wait_for(lambda: sorted(tracker.event_ids()) == sorted([others, sent]))
            wait_for(lambda: sorted(waiting(root)) == sorted(kept))
    assert len(list(root.iterdir())) == 3
    assert tracker.keys == {others: "other", sent: "key"}


def test_the_end_of_a_site_prints_nothing_about_pending_events(root, capfd):
    with serving(200) as tracker:
        client = sentry_sdk.Client(**options_for(tracker.server_port, root, traces_sample_rate=1.0))
        tracker.awake.clear()
        crash(client)
        client.capture_event({"type": "transaction", "transaction": "/", "contexts": {"trace": {}}})
        client.close(timeout=0.5, callback=lambda *_: print("pending"))
        tracker.awake.set()
    assert capfd.readouterr().out == ""


def test_transactions_are_not_spooled(root):
    with serving(200) as tracker, site(tracker.server_port, root, traces_sample_rate=1.0) as client:
        client.capture_event({"type": "transaction", "transaction": "/", "contexts": {"trace": {}}})
        wait_for(lambda: len(tracker.bodies) == 1)
    assert not root.exists()


def test_the_spooled_envelope_is_the_sdks_own(root):
    """Fail if a release of the SDK changes the format that the spool depends on."""
    with serving(200) as tracker, site(tracker.server_port, root) as client:
        [event_id] = crash(client)
        wait_for(lambda: tracker.bodies)
    header, item, event = map(json.loads, tracker.bodies[0].rstrip(b"\n").split(b"\n"))
    assert header["event_id"] == event["event_id"] == event_id
    assert header["sent_at"].endswith("Z")
    assert item["type"] == "event"
