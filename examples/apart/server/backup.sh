#!/bin/sh
# Runs in the service backup.
#
#   backup.sh          makes a copy whenever the newest one is a day old; after a failure, tries again every 10 minutes
#   backup.sh now      makes a copy at once
#   backup.sh check    exits with 1 if there was neither a copy nor a start of this service in the last 25 hours
#
# The parts of a copy are those of scripts/backup.py, which restores them. restic encrypts and compresses them, and stores
# equal blocks only once.
set -eu
umask 077

now() {
    exec 9>/backup/lock
    flock 9 # one copy at a time
    rm -rf /backup/parts
    mkdir /backup/parts
    cd /backup/parts
    cp /envs/development.env /envs/staging.env /envs/production.env .
    case ",$PROFILES," in *,site,*)
        sqlite3 'file:/data/db.sqlite3?mode=ro' "VACUUM INTO '/backup/parts/db.sqlite3'" ;;
    esac
    case ",$PROFILES," in *,tracker,*)
        pg_dump --format custom --compress none --file glitchtip-db.dump "$GLITCHTIP_DATABASE"
        tar --create --directory /uploads --file glitchtip-uploads.tar . ;;
    esac
    missing=0
    restic cat config >/dev/null || missing=$?
    case $missing in
    0) ;;
    10) restic init ;; # there is no repository
    *) exit "$missing" ;;
    esac
    restic unlock # removes only locks of processes that no longer run
    restic backup --quiet .
    restic forget --quiet --group-by host --keep-daily 14 --keep-weekly 8 --keep-monthly 12 --prune
    restic check --quiet
    touch /backup/succeeded
    echo "The copy is complete."
}

younger_than() {
    minutes=$1
    shift
    find "$@" -mmin "-$minutes" 2>/dev/null | grep -q .
}

case ${1:-} in
now)
    now
    ;;
check)
    younger_than 1500 /backup/succeeded /tmp/started
    ;;
*)
    touch /tmp/started
    while :; do
        younger_than 1435 /backup/succeeded || "$0" now || echo "The backup failed: see the message above." >&2
        sleep 600
    done
    ;;
esac
