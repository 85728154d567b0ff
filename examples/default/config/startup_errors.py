"""Shows errors that are not bugs in the code (settings, database, Ctrl-C) as one line instead of a traceback."""

import contextlib
import sys
from collections.abc import Iterator
from types import TracebackType

#: The exit code after which Gunicorn starts no more workers (`Arbiter.WORKER_BOOT_ERROR`).
BOOT_ERROR = 3
#: The classes of PostgreSQL error codes (PostgreSQL documentation, appendix A) that no query causes: connections,
#: authorization, a missing database, resources, operator intervention.
NOT_THE_CODE = ("08", "28", "3D", "53", "57P")
#: What to do about a database error, by a part of its text.
ADVICE = {
    "already exists": "a migration was interrupted; drop what it created, or delete the development database",
    "no such table": "run manage.py migrate",
    "unable to open": "give this user write access to the folder",
    "readonly": "give this user write access to the file and its folder",
    "disk is full": "free some space on its disk",
    "No space left": "free some space on its disk",
    "is locked": "another process is writing to it; stop that process, or try again",
}


def explain(error: BaseException) -> str:
    """Return what is wrong, where, and what to do, or "" if the error needs its traceback."""
    # Importing Django takes time, and Ctrl-C must work meanwhile.
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
        if not advice:  # SQLite has no server, so a query is at fault, for example with a missing column
            return ""
        text = f"the database {host}{database['NAME']} failed ({text}): {advice}"
    elif not isinstance(error, ImproperlyConfigured):
        return ""
    return f"{type(error).__name__}: {text}"


def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print why a command ends: one line, or the traceback if it is needed or --traceback is given. A `sys.excepthook`.

    The SDK calls this hook after its own, so the error is still reported.
    """
    if isinstance(error, KeyboardInterrupt):
        return
    if "--traceback" not in sys.argv and (line := explain(error)):
        print(line, file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


@contextlib.contextmanager
def ending_in_one_line() -> Iterator[None]:
    """Load a server's application. If the settings are not valid, print one line instead of a traceback.

    Raises:
        SystemExit: with `BOOT_ERROR`, if the settings are not valid.
    """
    from django.core.exceptions import ImproperlyConfigured

    try:
        yield
    except ImproperlyConfigured as error:
        print(explain(error), file=sys.stderr)
        raise SystemExit(BOOT_ERROR) from None
