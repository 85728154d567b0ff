#!/bin/sh
exec ./manage.py migrate --run-syncdb --verbosity 0
