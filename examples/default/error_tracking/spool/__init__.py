"""Keeps error events on disk until the tracker accepts them, so that outages, bursts and killed processes lose none."""
