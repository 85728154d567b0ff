"""Mail of a site, through a real SMTP server."""

import email
import email.message
import email.policy
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from benchmarks.site import serving
from scripts.demo import free_ports
from tests.conftest import Bake
from tests.test_servers import SERVERS, Running, crash, running, wait_for

__all__ = ["running"]  # a fixture
Messages = list[email.message.EmailMessage]


class Inbox:
    """An SMTP server that keeps what it receives."""

    def __init__(self) -> None:
        """Choose a free port."""
        [self.port] = free_ports(1)
        self.messages: Messages = []

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        """Keep a message."""
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, email.message.EmailMessage)
        self.messages.append(message)
        return "250 OK"


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """Yield a running SMTP server."""
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=inbox.port)
    controller.start()
    yield inbox
    controller.stop()


def test_the_site_sends_mail_to_admins_from_the_variables(baked: Bake, inbox: Inbox) -> None:
    project = baked(admin_email="ada@example.com")
    project.run("python", "manage.py", "sendtestemail", "--admins", EMAIL_URL=f"smtp://127.0.0.1:{inbox.port}")
    [message] = inbox.messages
    assert (message["From"], message["To"]) == ("ada@example.com", "ada@example.com")
    variables = {"ADMINS": "ben@example.com", "DEFAULT_FROM_EMAIL": "Shop <shop@example.com>"}
    project.run(
        *("python", "manage.py", "sendtestemail", "--admins"), EMAIL_URL=f"smtp://127.0.0.1:{inbox.port}", **variables
    )
    assert (inbox.messages[-1]["From"], inbox.messages[-1]["To"]) == ("Shop <shop@example.com>", "ben@example.com")


def make_older(spool: Path, minutes: int) -> None:
    """Let the waiting events of a spool have waited for longer: a file's name begins with its time in nanoseconds."""
    for file in spool.glob("*/*.envelope"):
        stamp, rest = file.name.split("-", 1)
        file.rename(file.with_name(f"{int(stamp) - minutes * 60 * 10**9:020d}-{rest}"))


@pytest.mark.skipif(os.name == "nt", reason="gunicorn does not run on Windows: its mail was not checked")
def test_two_workers_send_one_mail_for_an_outage_and_one_after_it(
    running: Running, inbox: Inbox, tmp_path: Path
) -> None:
    [tracker_port] = free_ports(1)
    command = SERVERS["preload and fork"]
    with running(command, tracker_port) as (_, port):
        ids = {crash(port) for _ in range(3)}
    make_older(tmp_path / "spool", minutes=16)
    variables = {"EMAIL_URL": f"smtp://127.0.0.1:{inbox.port}", "ADMINS": "ada@example.com"}
    with running(command, tracker_port, **variables) as (_, port):
        wait_for(lambda: inbox.messages)
        ids |= {crash(port) for _ in range(4)}  # in both workers
        with serving(tracker_port) as tracker:
            wait_for(lambda: ids <= set(tracker.taken))
            wait_for(lambda: len(inbox.messages) == 2)
    subjects = [str(message["Subject"]) for message in inbox.messages]
    assert subjects == [
        "[My Django Project] Error events are not reaching the tracker",
        "[My Django Project] Error events are reaching the tracker again",
    ]
    body = inbox.messages[0].get_content()
    assert f"3 waiting in {tmp_path / 'spool'}" in body
    assert time.strftime("the oldest since %Y-%m-%d", time.gmtime(time.time() - 16 * 60)) in body
    assert "ZeroDivisionError" not in body
