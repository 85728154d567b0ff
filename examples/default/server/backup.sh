#!/bin/sh
# Runs in the service backup.
#
#   backup.sh          makes a copy whenever the newest one is a day old; after a failure, tries again every 10 minutes
#   backup.sh now      makes a copy at once
#   backup.sh check    exits with 1 if no copy succeeded in the last 25 hours, unless one is running
#
# The parts of a copy are those of scripts/backup.py, which restores them. restic encrypts and compresses them, and stores
# equal blocks only once.
set -eu
umask 077

dump() { # HOST USER PASSWORD FILE; the database has the name of its user
    timeout 60 sh -c "until pg_isready --quiet --host $1; do sleep 1; done" || true # it may be starting, too
    PGPASSWORD=$3 pg_dump --host "$1" --username "$2" --format custom --compress none --file "$4" "$2"
}

now() {
    exec 9>/backup/lock
    flock -n 9 || {
        echo "Another copy is running: waiting until it ends."
        flock 9
    }
    missing=0
    restic --no-lock cat config >/dev/null || missing=$? # whatever locks it is removed below
    case $missing in
    0) ;;
    10) restic init ;; # there is no repository
    *) exit "$missing" ;;
    esac
    touch /tmp/running
    rm -rf /backup/parts
    mkdir /backup/parts
    cd /backup/parts
    cp /envs/*.env .
    case ",$(echo "$PROFILES" | tr -d " ")," in *,site,* | ",*,")
        dump db my_django_project "$POSTGRES_PASSWORD" db.dump ;;
    esac
    case ",$(echo "$PROFILES" | tr -d " ")," in *,tracker,* | ",*,")
        dump glitchtip-db glitchtip "$GLITCHTIP_DB_PASSWORD" glitchtip-db.dump
        tar --create --directory /uploads --file glitchtip-uploads.tar . ;;
    esac
    test -n "$(find . -name '*db.*')" || {
        echo "COMPOSE_PROFILES names nothing that has a database." >&2
        exit 1
    }
    restic unlock # locks of a killed container: whoever uses the repository now holds /backup/lock
    restic backup --quiet .
    restic forget --quiet --group-by host --keep-within 7d --keep-daily 14 --keep-weekly 8 --keep-monthly 12 --prune
    restic check --quiet
    echo "$RESTIC_REPOSITORY" >/backup/succeeded
    echo "The copy is complete."
}

younger_than() {
    find "$2" -mmin "-$1" 2>/dev/null | grep -q .
}

case ${1:-} in
now)
    now
    ;;
check)
    younger_than 1500 /backup/succeeded || younger_than 1500 /tmp/running
    ;;
*)
    # The copies in another repository do not count.
    test "$(cat /backup/succeeded 2>/dev/null)" = "$RESTIC_REPOSITORY" || rm -f /backup/succeeded
    while :; do
        younger_than 1435 /backup/succeeded || "$0" now || {
            rm -f /tmp/running
            echo "The backup failed: see the message above." >&2
        }
        sleep 600
    done
    ;;
esac
