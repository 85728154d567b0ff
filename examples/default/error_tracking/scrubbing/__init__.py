"""Removes from an event what is private, before it leaves: by name, by known value, by shape and by assignment."""
