"""Removes private data from an event before it is sent: by name, by known value, by shape and by assignment."""
