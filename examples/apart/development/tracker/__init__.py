"""The embedded tracker: kent receives the events, and our own pages show them. Requires neither Django nor Docker.

events    stores what kent receives, under the site's event IDs
pages     shows the events
server    serves both on a local port; started by `manage.py runserver`
"""
