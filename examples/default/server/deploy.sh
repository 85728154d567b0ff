#!/bin/sh
# Releases what is checked out: builds the image, runs the migrations, and replaces one replica after the other.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "$1" >&2
    exit 1
}

# Before the first release, Caddy does not run.
in_caddy() {
    test -z "$(docker compose ps --quiet --status running caddy)" || docker compose exec -T caddy "$@"
}

release_site() {
    docker compose run --rm migrate || fail "The migrations failed: see the message above. The previous release is still running."
    in_caddy mkdir -p /tmp/leaving
    failed=$(in_caddy ls /tmp/leaving) # in an earlier release: it is replaced first, while the other one serves
    for replica in $failed web web-2; do
        in_caddy touch "/tmp/leaving/$replica"
        sleep 2 # until requests that are on their way have arrived
        docker compose stop "$replica"
        docker compose up --detach --no-deps --wait "$replica" || {
            docker compose logs --no-log-prefix --tail 20 "$replica" >&2
            fail "$replica does not start: see its log above. The other replica is serving; correct the error and deploy again."
        }
        in_caddy rm "/tmp/leaving/$replica"
    done
}

export SENTRY_RELEASE="${SENTRY_RELEASE:-$(git describe --tags --always 2>/dev/null || true)}"
docker compose build --quiet
if docker compose config --services | grep -qx web; then
    release_site
fi
docker compose up --detach --wait --remove-orphans || {
    docker compose logs --no-log-prefix --tail 1 glitchtip-provision >&2
    exit 1
}
docker compose exec -T caddy caddy reload --config /etc/caddy/Caddyfile
