"""Runs provision.py and other code many times in one process, for tests/test_provision.py.

It reads a command as a line of JSON from stdin, and writes a line of JSON to stdout: the result, and "" or the traceback.
"""

import contextlib
import io
import json
import os
import runpy
import sys
import traceback
import uuid
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glitchtip.settings")
django.setup()

from django.apps import apps  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

MODELS = apps.get_models(include_auto_created=True)
NAMES = {"connection": connection, "uuid": uuid, **{model.__name__: model for model in MODELS}}


def provision(path, variables):
    """Run a script of glitchtip/ with other environment variables. Return its exit code, and what it printed."""
    out, err = io.StringIO(), io.StringIO()
    before, code = dict(os.environ), 0
    os.environ.update(variables)
    sys.path.insert(0, str(Path(path).parent))  # as for a script that Python runs
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            runpy.run_path(path, run_name="__main__")
        except SystemExit as stopped:
            code = stopped.code
            if not isinstance(code, int):  # a message
                print(code, file=err)
                code = 1
        except Exception:  # noqa: BLE001 - provision.py has set a hook
            sys.excepthook(*sys.exc_info())
            code = 1
    sys.path.remove(str(Path(path).parent))
    os.environ.clear()
    os.environ.update(before)
    return code, out.getvalue(), err.getvalue()


def dump():
    """Return all rows of all tables."""
    rows = {model.__name__: list(model.objects.order_by("pk").values()) for model in MODELS}
    if "provisioned" in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute("SELECT item FROM provisioned ORDER BY item")
            rows["provisioned"] = cursor.fetchall()
    return rows


def reset():
    """Delete everything, and let ids start at 1 again."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS provisioned")
    call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True, reset_sequences=True)


COMMANDS = {
    "provision": provision,
    "dump": dump,
    "reset": reset,
    "execute": lambda code: exec(code, dict(NAMES)),
    "evaluate": lambda code: eval(code, dict(NAMES)),
}

call_command("migrate", run_syncdb=True, verbosity=0)
for line in sys.stdin:
    name, *arguments = json.loads(line)
    try:
        answer = [COMMANDS[name](*arguments), ""]
    except Exception:  # noqa: BLE001 - a test fails with it
        answer = [None, traceback.format_exc()]
    print(json.dumps(answer, default=str), flush=True)
