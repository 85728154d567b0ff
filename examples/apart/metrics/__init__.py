"""Serves metrics for Prometheus at /metrics: requests, reported errors, and the spool."""
