"""An error that ends a command is one line, unless it is a bug in the code."""

import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.db.migrations.exceptions import MigrationSchemaMissing

from config.startup_errors import show

SERVER = {"HOST": "db", "PORT": 5432, "NAME": "shop", "PASSWORD": "hunter2"}
FILE = {"NAME": "/srv/db.sqlite3"}


def shown(error, capsys):
    """Return the output for an error."""
    show(type(error), error, None)
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("database", "text", "line"),
    [
        (
            SERVER,
            "refused\n\tIs it up?",
            "the database db:5432/shop failed (refused Is it up?): start it, or correct DATABASE_URL",
        ),
        (FILE, "no such table: x", "the database /srv/db.sqlite3 failed (no such table: x): run manage.py migrate"),
        (FILE, 'table "x" already exists', "already exists): a migration was interrupted; drop what it created"),
        (FILE, "unable to open database file", "(unable to open database file): give this user write"),
        (FILE, "attempt to write a readonly database", "a readonly database): give this user write access"),
        (FILE, "database or disk is full", "(database or disk is full): free some space on its disk"),
        (FILE, "database is locked", "(database is locked): another process is writing to it"),
    ],
)
def test_a_database_that_fails_is_named_with_what_to_do(settings, monkeypatch, capsys, database, text, line):
    monkeypatch.setitem(settings.DATABASES, "default", database)
    [told] = shown(OperationalError(text), capsys).splitlines()
    assert told.startswith("OperationalError: ")
    assert line in told
    assert "hunter2" not in told


def test_a_disk_that_is_full_before_the_first_migration_is_reported_too(capsys):
    assert shown(MigrationSchemaMissing("database or disk is full"), capsys).endswith(
        "): free some space on its disk\n"
    )


@pytest.mark.parametrize(("state", "told"), [("57014", False), ("40P01", False), ("57P01", True), (None, True)])
def test_a_query_that_postgresql_ends_keeps_its_traceback(settings, monkeypatch, capsys, state, told):
    monkeypatch.setitem(settings.DATABASES, "default", SERVER)
    error = OperationalError("ended")
    error.__cause__ = RuntimeError()
    error.__cause__.sqlstate = state
    assert ("start it, or correct DATABASE_URL" in shown(error, capsys)) == told


def test_invalid_settings_are_one_line_and_the_traceback_is_optional(monkeypatch, capsys):
    error = ImproperlyConfigured("DEBUG is wrong")
    assert shown(error, capsys) == "ImproperlyConfigured: DEBUG is wrong\n"
    monkeypatch.setattr(sys, "argv", ["manage.py", "check", "--traceback"])
    assert shown(error, capsys) == "django.core.exceptions.ImproperlyConfigured: DEBUG is wrong\n"


def test_an_error_in_the_code_keeps_its_traceback_and_an_interrupt_prints_nothing(settings, monkeypatch, capsys):
    monkeypatch.setitem(settings.DATABASES, "default", FILE)
    assert shown(ZeroDivisionError("division"), capsys) == "ZeroDivisionError: division\n"
    query = OperationalError("no such column: shop.price")
    assert shown(query, capsys) == "django.db.utils.OperationalError: no such column: shop.price\n"
    assert shown(KeyboardInterrupt(), capsys) == ""
