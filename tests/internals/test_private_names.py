"""The private names of the SDK and Django that the app uses; their releases may rename these without notice."""

import ast
import re
from pathlib import Path

import sentry_sdk
from sentry_sdk.transport import HttpTransport

import error_tracking
from error_tracking.spool import transport

FOLDER = Path(error_tracking.__file__).parent


def names_of_others(tree):
    """Yield the names that code imports or reads from other objects, and the keys of dictionaries."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) not in ("self", "cls"):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from [*str(node.module).split("."), *(name.name for name in node.names)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_only_these_private_names_are_used():
    found = {
        f"{file.relative_to(FOLDER).as_posix()}: {name}"
        for file in FOLDER.rglob("*.py")
        for name in names_of_others(ast.parse(file.read_text()))
        if re.fullmatch("_[a-z].*", name)
    }
    assert found == {
        "before_send.py: _cached_user",  # Django: the account, if the site has read it
        "options.py: _experiments",  # the SDK: the only place to turn off brotli
        "scrubbing/event.py: _meta",  # the protocol
        "scrubbing/event.py: _post",  # Django: the form, if the site has read it
        "scrubbing/event.py: _secrets",  # our own
        "spool/transport.py: _pool",  # the SDK: connections with its proxies and certificates
    }


def test_the_transport_uses_only_public_names_of_the_one_that_it_extends():
    [own] = [node for node in ast.walk(ast.parse(Path(transport.__file__).read_text())) if isinstance(node, ast.ClassDef)
             and node.name == "SpoolTransport"]  # fmt: skip
    names = {node.name for node in ast.walk(own) if isinstance(node, ast.FunctionDef)}
    mine = ("self", "cls", "super()")
    names |= {
        node.attr for node in ast.walk(own) if isinstance(node, ast.Attribute) and ast.unparse(node.value) in mine
    }
    sdks = HttpTransport(sentry_sdk.Client(dsn="http://key@127.0.0.1/1").options)
    assert {name for name in names if hasattr(sdks, name)} == {
        *("__init__", "options", "parsed_dsn", "capture_envelope", "flush", "kill")
    }
