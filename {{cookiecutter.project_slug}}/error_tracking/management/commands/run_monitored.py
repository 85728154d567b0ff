"""`manage.py run_monitored NAME COMMAND …`: runs a command, and sends the heartbeat of a job if it succeeds."""

import argparse
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from error_tracking.heartbeat import HeartbeatError, send_heartbeat, target_of


class Command(BaseCommand):
    """Exits with the exit code of the command. A heartbeat that cannot be sent is printed, but is not a failure."""

    help = "Run a command, and tell its monitor in GlitchTip if it succeeds."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the job and the command."""
        parser.add_argument("name", metavar="NAME", help="a job in HEARTBEATS")
        parser.add_argument(
            "command", metavar="COMMAND", nargs=argparse.REMAINDER, help="the command and its arguments"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command.

        Raises:
            CommandError: if the job is unknown, or the command cannot be run or fails.
            SystemExit: if the command fails and needs no other event.
        """
        name, command = options["name"], options["command"]
        try:
            target_of(name)
        except HeartbeatError as error:
            raise CommandError(str(error)) from None
        if not command:
            raise CommandError(f"Which command? Run manage.py run_monitored {name} COMMAND")
        try:
            process = subprocess.Popen(command)  # noqa: S603
        except OSError as error:
            raise CommandError(f"{command[0]} cannot be run ({error.strerror})", returncode=127) from None
        received = forward_signals(process)
        if code := process.wait() or sum(received[:1]):
            failure = CommandError(
                f"{command[0]} failed with exit code {code}: no heartbeat was sent",
                returncode=code if code > 0 else 128 - code,
            )
            if received or code > 0 and any(Path(part).name == "manage.py" for part in command):
                # It was told to stop, or has reported its failure itself: no other event is needed.
                self.stderr.write(f"CommandError: {failure}")
                sys.exit(failure.returncode)
            raise failure
        try:
            send_heartbeat(name)
        except HeartbeatError as error:
            self.stderr.write(str(error))


def forward_signals(process: subprocess.Popen[bytes]) -> list[int]:
    """Pass on the signals that end a process, and return a list of those that come, as exit codes: 128 and the number."""
    received: list[int] = []

    def forward(number: int, _: object) -> None:
        received.append(128 + number)
        process.send_signal(number)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # Windows has no SIGHUP
            signal.signal(getattr(signal, name), forward)
    return received
