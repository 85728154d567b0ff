"""The commands that send and show waiting events."""

import pytest
from django.core.management import CommandError, call_command

from error_tracking.options import sentry_options
from error_tracking.spool.sender import Sender
from servers import serving
from spooling import closed_port, crash, options_for, site, spool_for, wait_for


@pytest.fixture
def backlog(root, settings):
    """Leave three events in the spool, and point the settings at a tracker that is down."""
    port = closed_port()
    settings.SENTRY_OPTIONS = options_for(port, root)
    with site(port, root) as client:
        crash(client, 3)
    return port


def test_flush_spool_sends_what_waits(backlog, root, capsys):
    with serving(200, backlog) as tracker:
        call_command("flush_spool")
        assert len(tracker.event_ids()) == 3
    assert "3 events sent, 0 waiting" in capsys.readouterr().out
    call_command("flush_spool")
    assert "No events are waiting." in capsys.readouterr().out


def test_flush_spool_says_why_events_still_wait(backlog, root, settings):
    with pytest.raises(CommandError, match="0 events sent, 3 waiting: the tracker does not respond") as failure:
        call_command("flush_spool")
    assert failure.value.returncode == 1  # what runs it may repeat it
    settings.SENTRY_OPTIONS = sentry_options(dsn="", environment="", release="")
    with pytest.raises(CommandError, match="There is no spool") as failure:
        call_command("flush_spool")
    assert failure.value.returncode == 2


def test_flush_spool_does_nothing_while_another_process_sends(backlog, root, monkeypatch):
    monkeypatch.setattr("error_tracking.management.commands.flush_spool.PATIENCE", 0.1)
    with spool_for(root, backlog).sending() as mine:
        assert mine
        with pytest.raises(CommandError, match="Another process is sending; 3 events are waiting"):
            call_command("flush_spool")


def test_flush_spool_continues_after_an_event_that_the_tracker_never_accepts(backlog, root):
    with serving(200, backlog) as tracker:
        tracker.poison = b"crash 0"
        with pytest.raises(CommandError, match="2 events sent, 1 waiting: the tracker answered 500"):
            call_command("flush_spool")
        assert len(tracker.event_ids()) == 2


def test_flush_spool_delivers_while_the_site_waits_before_its_next_attempt(root, settings, monkeypatch, capsys, caplog):
    monkeypatch.setattr(Sender, "LIMITED_PAUSE", 600)
    with serving(429) as tracker, site(tracker.server_port, root) as client:
        ids = crash(client, 3)
        wait_for(lambda: caplog.records)
        tracker.status = 200
        settings.SENTRY_OPTIONS = options_for(tracker.server_port, root)
        call_command("flush_spool")
        assert sorted(tracker.event_ids()) == sorted(ids)
    assert "3 events sent, 0 waiting" in capsys.readouterr().out


def test_flush_spool_does_not_count_what_the_tracker_rejects(backlog, root, capsys):
    with serving(413, backlog):
        call_command("flush_spool")
    printed = capsys.readouterr().out
    assert "0 events sent, 0 waiting" in printed
    assert "3 rejected in" in printed


def test_flush_spool_fails_if_an_event_cannot_be_read(backlog, root):
    spool = spool_for(root, backlog)
    (spool.folder / spool.waiting()[0].replace("-0.", "-1.")).mkdir()
    unreadable = "3 events sent, 1 in .* cannot be read or deleted"
    with serving(200, backlog), pytest.raises(CommandError, match=unreadable) as failure:
        call_command("flush_spool")
    assert failure.value.returncode == 2


def test_flush_spool_fails_if_the_folder_cannot_be_read(backlog, root):
    folder = spool_for(root, backlog).folder
    folder.rename(folder.with_name("moved"))
    folder.write_text("this is no folder")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("flush_spool")


def test_events_of_a_wrong_dsn_are_shown_and_can_be_sent_with_the_right_one(backlog, root, settings, capsys):
    wrong = spool_for(root, backlog).folder
    with serving(200) as tracker:
        settings.SENTRY_OPTIONS = options_for(tracker.server_port, root)
        call_command("check_tracker")
        assert f"events of another DSN in {wrong}" in capsys.readouterr().out
        call_command("flush_spool", folder=wrong)
        assert len(tracker.event_ids()) == 4
    assert "3 events sent, 0 waiting" in capsys.readouterr().out


def test_check_tracker_shows_what_waits(backlog, root, capsys):
    spool = spool_for(root, backlog)
    spool.rejected.mkdir()
    (spool.rejected / spool.waiting()[0]).touch()
    with serving(200, backlog):
        call_command("check_tracker")
    printed = capsys.readouterr().out
    assert f"Spool     3 waiting in {spool.folder}, the oldest since 20" in printed
    assert "1 rejected in" in printed
