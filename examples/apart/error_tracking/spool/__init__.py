"""Keeps error events on disk until the tracker has accepted them: no outage, burst or killed process loses one."""
