"""Tools for development. The settings install this app only in development."""
