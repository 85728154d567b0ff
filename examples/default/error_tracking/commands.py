"""Reports management commands that fail while nobody sees it. manage.py runs them inside `failures_reported`."""

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from traceback import walk_tb

import sentry_sdk
from django.core.management.base import CommandError

#: These commands check the way to the tracker: if they fail, an event would only make the queue longer. Whatever runs
#: them looks at the exit code.
NOT_REPORTED = {"check_spool", "check_tracker", "flush_spool"}
#: The modules that end a command for Django: because of its arguments, because it is unknown, or after CommandError
#: (`BaseCommand.run_from_argv` in Django 5.2 and 6.1). A command that calls `sys.exit` itself ends in another module.
DJANGO = {"argparse", "django.core.management", "django.core.management.base"}


def attended() -> bool:
    """Return whether somebody sees the command's messages: if its input, output or error output is a terminal.

    cron, systemd, CI services and containers give a command no terminal. A person who redirects one of the three, for
    example with `| tee`, keeps the others.
    """
    return any(map(os.isatty, (0, 1, 2)))


@contextlib.contextmanager
def failures_reported(argv: Sequence[str]) -> Iterator[None]:
    """Run the management command of `argv`, such as `sys.argv`, and report its CommandError if nobody sees it.

    All its events have the command's name as transaction. The SDK reports other exceptions, seen or not.
    """
    name = next((word for word in argv[1:2] if not word.startswith("-")), "help")
    sentry_sdk.get_isolation_scope().set_transaction_name(f"manage.py {name}", source="task")
    quiet = attended() or name in NOT_REPORTED
    try:
        yield
    except SystemExit as end:
        if not quiet:
            report(end, name)
        raise
    except CommandError as error:  # with --traceback, or before the command runs
        if not quiet:
            raise  # the SDK reports it
        sys.__excepthook__(type(error), error, error.__traceback__)
        raise SystemExit(1) from None  # as after any exception


def report(end: SystemExit, name: str) -> None:
    """Report why Django has ended a command; nothing if it succeeded, or has ended itself."""
    *_, (frame, _) = walk_tb(end.__traceback__)
    if not end.code or frame.f_globals.get("__name__") not in DJANGO:
        return
    if isinstance(end.__context__, CommandError):
        sentry_sdk.capture_exception(end.__context__)
    else:  # the arguments are private, and shown with the event after cleaning
        text = f"manage.py {name} did not run: the command is unknown, or its arguments are not valid"
        sentry_sdk.capture_message(text, level="error")
