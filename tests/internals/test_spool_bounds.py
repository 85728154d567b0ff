"""The spool stays within its bounds: repetitions are dropped before rare events, and are counted."""

import contextlib
import json
import time

import pytest

from error_tracking.spool import bounds
from error_tracking.spool.bounds import repetitions_first, trim
from error_tracking.spool.files import Spool, dropped_before
from error_tracking.spool.kinds import kind_of
from servers import serving
from spooling import closed_port, crash, fill, site, wait_for, waiting


def kept(spool):
    """Return the ids of the waiting events, each with the number of events dropped before it."""
    return ["-".join(name.removesuffix(".envelope").split("-")[2:]) for name in spool.waiting()]


def test_the_oldest_repetitions_are_dropped_first_and_the_next_carries_their_number(tmp_path, caplog):
    spool = fill(tmp_path, "a/rare", "b/one", "b/two", "b/three", "c/scarce", "b/four", max_bytes=400)
    assert trim(spool) == 2
    assert kept(spool) == ["rare-0", "three-2", "scarce-0", "four-0"]
    assert caplog.text.count("is full (SENTRY_SPOOL_MAX_MB): events are dropped") == 1


def test_a_number_is_passed_on_when_its_event_is_dropped_too(tmp_path):
    spool = fill(tmp_path, "a/one", "a/two", "a/three", max_bytes=200)
    trim(spool)
    spool.put("four", f"{'a':0>16}", b"x" * 100)
    trim(spool)
    assert kept(spool) == ["three-2", "four-0"]


def test_a_count_waits_for_the_next_event_of_its_kind(tmp_path):
    spool = fill(tmp_path, "a00000001/one", "a00000001/two", max_bytes=100)
    trim(spool)
    spool.put("alone", "b" * 16, b"x" * 100)
    trim(spool)
    assert kept(spool) == ["alone-0"]
    spool.remove(spool.waiting()[0])
    spool.put("three", f"{'a00000001':0>16}", b"x" * 100)
    trim(spool)
    assert kept(spool) == ["three-2"]
    assert [file.suffix for file in tmp_path.iterdir()] == [".envelope"]


def test_events_that_never_fit_leave_one_count_for_each_kind(tmp_path):
    spool = Spool(tmp_path, max_bytes=0, max_seconds=3600)
    for number in range(10):
        spool.put(str(number), f"{number % 2:016x}", b"x")
        trim(spool)
    assert sorted(dropped_before(file.name) for file in tmp_path.iterdir()) == [5, 5]


def test_every_event_arrives_or_is_counted(tmp_path):
    spool, put = Spool(tmp_path, max_bytes=1000, max_seconds=3600), 0
    for kind in [*[1] * 20, *range(2, 21), 1, 1, 2, 2, 3, 3, 1, 1]:
        spool.put(str(put), f"{kind:08x}{kind:08x}", b"x" * 100)
        put += 1
        trim(spool)
    counted = sum(dropped_before(name) for name in map(str, tmp_path.iterdir()))
    assert len(spool.waiting()) + counted == put


def test_the_oldest_are_dropped_when_nothing_repeats(tmp_path):
    spool = fill(tmp_path, *(f"{number}0000000a/e{number}" for number in range(1, 5)), max_bytes=200)
    trim(spool)
    assert kept(spool) == ["e3-0", "e4-0"]


def test_an_error_with_changing_messages_does_not_displace_rare_ones(tmp_path):
    flood = [f"f{number:08x}/f{number}" for number in range(50)]  # one place, fifty messages
    spool = fill(tmp_path, "a00000001/rare", *flood, "b00000001/scarce", max_bytes=1000)
    trim(spool)
    ids = {event.rpartition("-")[0] for event in kept(spool)}
    assert {"rare", "scarce", "f49"} <= ids
    assert len(ids) == 10


def test_each_event_is_dropped_once_in_an_order_that_keeps_kinds_equal():
    names = [f"{time:020d}-{kind}-{time}-0.envelope" for time, kind in enumerate(["a" * 16, "b" * 16] + ["a" * 16] * 3)]
    assert [int(name[:20]) for name in repetitions_first(names)] == [0, 2, 3, 1, 4]


def test_the_only_event_of_its_kind_outlives_all_repetitions(tmp_path):
    alone = [f"a{number:08x}/alone{number}" for number in range(3)]  # one place, three messages
    spool = fill(tmp_path, *alone, "b00000001/repeated", "b00000001/again", max_bytes=400)
    trim(spool)
    assert kept(spool) == ["alone0-0", "alone1-0", "alone2-0", "again-1"]


def test_rejected_events_are_dropped_before_those_that_wait(tmp_path):
    spool = fill(tmp_path, "a/first", "a/second", max_bytes=100)
    spool.reject(spool.waiting()[0], "it is too large")
    trim(spool)
    assert kept(spool) == ["second-0"]
    assert list(spool.rejected.iterdir()) == []


def test_events_that_are_too_old_are_dropped(tmp_path, caplog):
    spool = fill(tmp_path, "a/new")
    (tmp_path / f"{5:020d}-{0:016x}-killed-0.tmp").touch()
    (tmp_path / f"{5:020d}-{0:016x}-ancient-0.envelope").touch()
    assert trim(spool) == 1
    assert [file.name.split("-")[2] for file in tmp_path.iterdir()] == ["new"]
    assert "SENTRY_SPOOL_MAX_DAYS" in caplog.text


def test_setting_the_clock_forward_does_not_age_events(tmp_path, monkeypatch):
    spool = fill(tmp_path, "a/fresh")
    clock = bounds.time.time
    monkeypatch.setattr(bounds.time, "time", lambda: clock() + 10**6)
    assert trim(spool) == 0
    assert kept(spool) == ["fresh-0"]


def size_of(root):
    """Return the bytes of the waiting events; files may be deleted meanwhile."""
    total = 0
    for file in root.glob("*/*.envelope"):
        with contextlib.suppress(FileNotFoundError):
            total += file.stat().st_size
    return total


def test_the_bounds_hold_while_the_tracker_is_away(root, caplog):
    with site(closed_port(), root, max_megabytes=0) as client:
        crash(client)
        wait_for(lambda: waiting(root) == [])
    assert "is full (SENTRY_SPOOL_MAX_MB)" in caplog.text


def test_the_bounds_hold_while_the_tracker_is_too_slow(root):
    with serving(200) as tracker, site(tracker.server_port, root, max_megabytes=1) as client:
        tracker.delay = 0.5
        for _ in range(400):
            client.capture_event({"message": "crash", "level": "error", "extra": {"long": "text " * 2000}})
        assert size_of(root) > 2_000_000
        wait_for(lambda: size_of(root) <= 1_000_000)
        assert len(waiting(root)) > 50
        client.transport.thread.sender.stopped = True


def test_five_rare_errors_survive_a_flood_and_the_flood_is_counted(root):
    port = closed_port()
    flood = {"message": "flood", "level": "error", "extra": {"text": "long " * 400}}
    with site(port, root, max_megabytes=1) as client:
        rare = [client.capture_event({"message": text, "level": "error"}) for text in "one two three four five".split()]
        sent = [client.capture_event({**flood}) for _ in range(700)]
        wait_for(lambda: size_of(root) <= 1_000_000)
        with serving(200, port) as tracker:
            wait_for(lambda: waiting(root) == [])
            events = [json.loads(body.split(b"\n")[2]) for body in tracker.bodies]
    arrived = {event["event_id"] for event in events}
    assert set(rare) <= arrived
    counts = [event.get("contexts", {}).get("spool", {}).get("dropped_repetitions", 0) for event in events]
    assert len(arrived & set(sent)) + sum(counts) == len(sent)
    assert sum(counts) > 0


def an_exception(kind="ValueError", text="no item 7", line=3, **more):
    """Return an event in the SDK's format, of an exception that a library raised below a line of the site."""
    frames = [
        {"filename": "shop/views.py", "lineno": line, "in_app": True},
        {"filename": "django/x.py", "lineno": 1, "in_app": False},
    ]
    return {"exception": {"values": [{"type": kind, "value": text, "stacktrace": {"frames": frames}}]}, **more}


def a_line(text, *params, **more):
    """Return an event in the SDK's format, of a log line."""
    return {"logger": "shop", "logentry": {"message": text, "params": list(params)}, **more}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (an_exception(), an_exception(text="no item 812")),
        (an_exception(), an_exception(event_id="x", timestamp=1)),
        (a_line("no item %s", "7"), a_line("no item %s", "8")),
        ({"message": "no item 7 at 10:31:02"}, {"message": "no item 8 at 10:32:59"}),
    ],
)
def test_repetitions_are_of_one_kind(one, other):
    assert kind_of(one) == kind_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (an_exception(), an_exception(kind="KeyError")),
        (an_exception(), an_exception(line=4)),
        (a_line("no item"), a_line("no shop")),
        (a_line("no item"), a_line("no item", logger="stock")),
        ({"message": "no item"}, {"message": "no shop"}),
        ({"message": "no item"}, {"message": "no item", "fingerprint": ["other"]}),
        ({}, {"message": "no item"}),
    ],
)
def test_different_errors_are_of_different_places(one, other):
    assert kind_of(one)[:8] != kind_of(other)[:8]


def test_different_texts_of_one_place_are_of_different_kinds():
    one, other = kind_of(an_exception(text="no item")), kind_of(an_exception(text="no shop"))
    assert one[:8] == other[:8]
    assert one != other


@pytest.mark.parametrize("piece", ["a", "aB", "1", "a1", "_", "é "])
def test_a_long_text_does_not_delay_a_crash(piece):
    started = time.process_time()
    kind_of({"message": piece * 10**6})
    assert time.process_time() - started < 1
