"""Says in one line why a command ends that is not the code's fault: wrong settings, a database that fails, Ctrl-C."""

import contextlib
import sys
from collections.abc import Iterator
from types import TracebackType

#: The exit code after which gunicorn starts no other worker (`Arbiter.WORKER_BOOT_ERROR`).
BOOT_ERROR = 3
#: The classes of PostgreSQL's error codes (its documentation, appendix A) that are not a query's fault: connections,
#: authorization, a database that is not there, resources, an operator.
NOT_THE_CODE = ("08", "28", "3D", "53", "57P")
#: What to do about an error of the database, by a part of its text.
ADVICE = {
    "already exists": "a migration was cut off; drop what it has made, or delete a database of development",
    "no such table": "run manage.py migrate",
    "unable to open": "this user must be able to write to that folder",
    "readonly": "this user must be able to write to that file and its folder",
    "disk is full": "make space on its disk",
    "No space left": "make space on its disk",
    "is locked": "another process writes to it; end that one, or try again",
}


def explain(error: BaseException) -> str:
    """Return what is wrong, where, and what to do about it; "" for an error whose traceback is needed."""
    # Django takes its time to import, and Ctrl-C may come meanwhile.
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.db import OperationalError
    from django.db.migrations.exceptions import MigrationSchemaMissing

    text = " ".join(str(error).split())
    if isinstance(error, (OperationalError, MigrationSchemaMissing)):
        state = getattr(error.__cause__, "sqlstate", None)
        if state and not state.startswith(NOT_THE_CODE):
            return ""
        database = settings.DATABASES["default"]
        host = f"{database['HOST']}:{database['PORT']}/" if database.get("HOST") else ""
        other = f"start it, or correct DATABASE_URL in {settings.ENV_FILE}" if host else ""
        advice = next((advice for part, advice in ADVICE.items() if part in text), other)
        if not advice:  # SQLite has no server that fails: this is a query's fault, such as a column that is missing
            return ""
        text = f"the database {host}{database['NAME']} fails ({text}): {advice}"
    elif not isinstance(error, ImproperlyConfigured):
        return ""
    return f"{type(error).__name__}: {text}"


def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print why a command ends, with the traceback if that is needed or --traceback asks for it; a `sys.excepthook`.

    The SDK puts its own hook before this one: what ends a command is reported all the same.
    """
    if isinstance(error, KeyboardInterrupt):
        return
    if "--traceback" not in sys.argv and (line := explain(error)):
        print(line, file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


@contextlib.contextmanager
def ending_in_one_line() -> Iterator[None]:
    """Start a server's application; wrong settings end it with a line that says why, not with a traceback.

    Raises:
        SystemExit: with `BOOT_ERROR`, if the settings are wrong.
    """
    from django.core.exceptions import ImproperlyConfigured

    try:
        yield
    except ImproperlyConfigured as error:
        print(explain(error), file=sys.stderr)
        raise SystemExit(BOOT_ERROR) from None
