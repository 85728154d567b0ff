"""Fixtures for the tests of the spool."""

import pytest

from error_tracking.spool.alarm import Alarm
from error_tracking.spool.sender import Sender
from error_tracking.spool.thread import SenderThread


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Return the folder that contains the spool of each DSN, with short pauses."""
    for name in ("FIRST_PAUSE", "REFUSED_PAUSE", "LIMITED_PAUSE"):
        monkeypatch.setattr(Sender, name, 0.02)
    monkeypatch.setattr(Sender, "BOUNDS_PAUSE", 0.02)
    monkeypatch.setattr(SenderThread, "LOOK_PAUSE", 0.02)
    monkeypatch.setattr(Alarm, "LOOK_PAUSE", 0.02)
    return tmp_path / "spool"
