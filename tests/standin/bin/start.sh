#!/bin/sh
set -e
[ "$SERVER_ROLE" != all_in_one ] || ./bin/run-migrate.sh
exec python serve.py
