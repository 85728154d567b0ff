#!/bin/sh
# Releases what is checked out: builds the image, runs the migrations, and replaces one replica after the other. Options
# are those of docker compose build, such as --pull.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "$1" >&2
    exit 1
}

show_log() { # SERVICE MESSAGE
    docker compose logs --no-log-prefix --tail 100 "$1" >&2
    fail "$2"
}

in_caddy() {
    docker compose exec -T caddy "$@"
}

release_site() {
    docker compose run --rm migrate || fail "The migrations failed: see the message above. The previous release is still running."
    in_caddy sh -c 'mkdir -p /data/site/leaving && cd /data/site && rm -rf next && mkdir -p next/static'
    docker compose run --rm --no-deps -T migrate tar --create --directory staticfiles . |
        in_caddy tar -xof - -C /data/site/next/static
    replicas="web web-2"
    if in_caddy test -e /data/site/leaving/web-2; then
        replicas="web-2 web" # it failed in an earlier release: it is replaced first, while the other one serves
    fi
    for replica in $replicas; do
        in_caddy touch "/data/site/leaving/$replica"
        sleep 2 # until requests that are on their way have arrived
        docker compose stop "$replica"
        docker compose up --detach --no-deps --wait "$replica" ||
            show_log "$replica" "$replica does not start: see its log above. The other replica is serving; correct the error and deploy again."
        in_caddy rm "/data/site/leaving/$replica"
    done
    in_caddy sh -c 'cd /data/site && rm -rf previous && if test -e current; then mv current previous; fi && mv next current'
}

exec 9<server
flock -n 9 || fail "Another make deploy is running: wait until it ends."
services=$(docker compose config --services 2>&1) || fail "$(echo "$services" | grep -o 'required variable .*' | sort -u)"
echo "$services" | grep -qx caddy || fail "This is not a server: its .env must be a link to .envs/production.env or .envs/staging.env."
export SENTRY_RELEASE="${SENTRY_RELEASE:-$(sed -n 's/^SENTRY_RELEASE=//p' .env | grep . || git describe --tags --always 2>/dev/null || true)}"
docker compose build --quiet "$@" || {
    docker compose build # it says why
    fail "The image cannot be built: see above. The previous release is still running."
}
docker compose up --detach --no-deps --wait caddy || show_log caddy "Caddy does not start: see its log above."
if echo "$services" | grep -qx web; then
    release_site
fi
in_caddy caddy reload --config /etc/caddy/Caddyfile
docker compose up --detach --wait --remove-orphans || {
    docker compose logs --no-log-prefix --tail 3 glitchtip-provision backup >&2
    fail "The site is released, but not all services are healthy: see above, and docker compose ps."
}
echo "Released: https://$(sed -n 's/^SITE_HOST=//p' .env)/"
docker image prune --force --filter label=com.docker.compose.project="my_django_project" >/dev/null
