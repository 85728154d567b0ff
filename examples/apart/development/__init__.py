"""What only development needs: the start page, the embedded tracker and a `runserver` on the port of this project.

The settings install this app only if DJANGO_ENV is "development".
"""
