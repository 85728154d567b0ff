"""ADMINS get one mail if events wait too long, and one when none waits any longer; `check_spool` reports the same."""

import threading
import time

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from config.mail import admins
from error_tracking.options import sentry_options
from error_tracking.spool.alarm import Alarm
from error_tracking.spool.sender import Sender
from servers import serving
from spooling import closed_port, crash, options_for, site, spool_for, wait_for

WAITING, AGAIN = "Error events are not reaching the tracker", "Error events are reaching the tracker again"
LOST = "Error events were rejected, or too old"
SOON = 0.1 / 60  # minutes


@pytest.fixture
def subjects(settings, monkeypatch):
    """Return a function that lists the subjects of the mails that ADMINS have got."""
    settings.ADMINS = admins("ada@example.com")
    monkeypatch.setattr("error_tracking.conf.has_mail_server", lambda: True)  # of the tests: a list in memory
    return lambda: [message.subject.removeprefix(settings.EMAIL_SUBJECT_PREFIX) for message in mail.outbox]


def test_admins_get_one_mail_for_an_outage_and_one_after_it(root, subjects):
    port = closed_port()
    with site(port, root, alert_minutes=SOON) as one, site(port, root, alert_minutes=SOON) as two:
        crash(one, 3)
        crash(two, 2)
        wait_for(subjects)
        with serving(200, port) as tracker:
            wait_for(lambda: len(tracker.event_ids()) == 5)
            wait_for(lambda: len(subjects()) == 2)
    assert subjects() == [WAITING, AGAIN]
    assert "5 waiting in " in mail.outbox[0].body
    assert "crash" not in mail.outbox[0].body
    assert mail.outbox[0].to == ["ada@example.com"]


def test_the_mail_comes_while_the_tracker_asks_to_wait_for_an_hour(root, subjects):
    with serving(429) as tracker:
        tracker.headers = {"Retry-After": "3600"}
        with site(tracker.server_port, root, alert_minutes=SOON) as client:
            crash(client)
            wait_for(subjects)
        assert tracker.answered == 1


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (lambda tracker, client: setattr(tracker, "status", 200), AGAIN),
        (lambda tracker, client: setattr(tracker, "status", 400), LOST),
        (lambda tracker, client: setattr(client.transport.spool, "max_seconds", 0), LOST),
    ],
    ids=["accepted", "rejected", "too old"],
)
def test_the_second_mail_says_whether_the_events_have_arrived(root, subjects, end, message):
    with serving(500) as tracker, site(tracker.server_port, root, alert_minutes=SOON) as client:
        crash(client)
        wait_for(subjects)
        end(tracker, client)
        wait_for(lambda: len(subjects()) == 2)
    assert subjects() == [WAITING, message]


def test_a_tracker_that_is_only_slow_is_a_mail_too(root, subjects, monkeypatch):
    monkeypatch.setattr(Sender, "BATCH_SECONDS", 0.05)
    with serving(200) as tracker, site(tracker.server_port, root, alert_minutes=SOON) as client:
        tracker.delay = 0.05
        crash(client, 8)  # one after the other: they wait for longer than a tenth of a second
        wait_for(subjects)


def test_a_spool_that_is_full_is_one_mail_of_each_process(root, subjects, monkeypatch):
    alarm = Alarm(spool_for(root, closed_port()), 0.001)
    alarm.spool.put("a" * 32, "0" * 16, b"")
    monkeypatch.setattr("error_tracking.spool.alarm.os.open", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    for _ in range(3):
        alarm.next_look = 0
        time.sleep(0.002)  # the event is older than a thousandth of a second
        alarm.look()
    assert subjects() == [WAITING]


def test_a_restart_during_an_outage_sends_no_second_mail(root, subjects):
    port = closed_port()
    for _ in range(2):
        with site(port, root, alert_minutes=SOON) as client:
            crash(client)
            wait_for(subjects)
            time.sleep(2 * Alarm.LOOK_PAUSE)  # a second mail would come at the next look
    assert subjects() == [WAITING]


def test_with_zero_minutes_there_is_no_mail(root, subjects):
    alarm = Alarm(spool_for(root, closed_port()), 0)
    alarm.spool.put("a" * 32, "0" * 16, b"")
    alarm.look()
    assert subjects() == []


def test_flush_spool_sends_the_second_mail_if_the_site_does_not_run(root, settings, subjects):
    settings.SENTRY_OPTIONS = options_for(port := closed_port(), root, alert_minutes=SOON)
    with site(port, root, alert_minutes=SOON) as client:
        crash(client)
        wait_for(subjects)
    with serving(200, port):
        call_command("flush_spool")
        call_command("flush_spool")
    assert subjects() == [WAITING, AGAIN]


def test_without_mail_the_message_is_an_error_in_the_log_and_no_event(root, settings, caplog, sentry_events):
    settings.ADMINS = []
    Alarm(spool_for(root, closed_port()), 60).notify("Nothing arrives", "see why")
    [line] = caplog.records
    assert (line.levelname, line.getMessage()) == ("ERROR", "Nothing arrives: see why")
    assert sentry_events == []


def test_a_mail_that_cannot_be_sent_is_an_error_in_the_log(root, subjects, caplog, monkeypatch):
    def refuse(*_):
        raise ConnectionRefusedError("the password hunter2 is wrong")

    monkeypatch.setattr("error_tracking.spool.alarm.mail_admins", refuse)
    Alarm(spool_for(root, closed_port()), 60).notify("Nothing arrives", "see why")
    [line] = caplog.records
    assert line.levelname == "ERROR"
    assert "Nothing arrives: see why (The mail to ADMINS failed: ConnectionRefusedError" in line.getMessage()
    assert "hunter2" not in line.getMessage()


def test_a_mail_server_that_hangs_is_an_error_and_does_not_stop_the_sending_of_events(
    root, subjects, caplog, monkeypatch
):
    hanging = threading.Event()
    monkeypatch.setattr("error_tracking.spool.alarm.mail_admins", lambda *_: hanging.wait(60))
    monkeypatch.setattr(Alarm, "MAIL_SECONDS", 0.05)
    with site(port := closed_port(), root, alert_minutes=SOON) as client:
        crash(client)
        wait_for((spool_for(root, port).folder / "alarm").exists)
        with serving(200, port) as tracker:
            wait_for(tracker.event_ids)
    hanging.set()
    assert "(The mail server has not answered yet)" in caplog.text


@pytest.fixture
def three_waiting(root, settings):
    """Leave three events in the spool, and return their folder."""
    settings.SENTRY_OPTIONS = options_for(port := closed_port(), root)
    with site(port, root) as client:
        crash(client, 3)
    return spool_for(root, port)


def test_check_spool_passes_while_few_events_wait_for_a_short_time(root, three_waiting, capsys):
    call_command("check_spool")
    assert capsys.readouterr().out == f"Events waiting in {root}: 3, the oldest for 0 minutes\n"


@pytest.mark.parametrize("limit", [{"count": 2}, {"minutes": 0}])
def test_check_spool_fails_by_count_and_by_age(three_waiting, limit):
    with pytest.raises(CommandError, match=": 3, the oldest for 0 minutes. Run manage.py check_tracker"):
        call_command("check_spool", **limit)


def test_check_spool_uses_the_minutes_of_the_settings(root, settings, three_waiting):
    settings.SENTRY_OPTIONS = options_for(closed_port(), root, alert_minutes=SOON / 100)
    with pytest.raises(CommandError, match=": 3, the oldest"):  # and it counts the events of another DSN
        call_command("check_spool")


def test_check_spool_says_that_there_is_no_spool(settings):
    settings.SENTRY_OPTIONS = sentry_options(dsn="", environment="", release="")
    with pytest.raises(CommandError, match="There is no spool"):
        call_command("check_spool")
