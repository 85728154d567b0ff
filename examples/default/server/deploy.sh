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

value() { # NAME; as Compose reads the env file
    printf '%s\n' "$environment" | sed -n "s/^$1=//p"
}

in_caddy() {
    docker compose exec -T caddy "$@"
}

busy() { # REPLICA; whether Caddy waits for it to answer requests
    in_caddy wget -q -O - http://127.0.0.1:2019/reverse_proxy/upstreams | tr '}' '\n' | grep "\"$1:8001\"" |
        grep -qv '"num_requests":0,'
}

release_site() {
    docker compose run --rm migrate || fail "The migrations failed: see the message above. The previous release is still running."
    # The files of a release that failed may be in pages that it has served.
    in_caddy sh -c 'mkdir -p /data/site/leaving /data/site/current && cd /data/site &&
        if test -e next; then cp -r next/. current/; fi && rm -rf next && mkdir -p next/static'
    docker compose run --rm --no-deps -T migrate tar --create --directory staticfiles . |
        in_caddy tar -xof - -C /data/site/next/static
    replicas="web web-2"
    if in_caddy test -e /data/site/leaving/web-2; then
        replicas="web-2 web" # it failed in an earlier release: it is replaced first, while the other one serves
    fi
    for replica in $replicas; do
        other=$(echo "$replicas" | tr ' ' '\n' | grep -vx "$replica") # it serves alone; on a new server, there is none yet
        if test -n "$(docker compose ps --all --quiet "$other")"; then
            docker compose up --detach --no-deps --no-recreate --wait "$other" ||
                echo "$other is not healthy: requests fail until $replica is replaced." >&2
        fi
        in_caddy touch "/data/site/leaving/$replica"
        sleep 2 # until Caddy has sent what was on its way
        seconds=0
        while test "$seconds" -lt 30 && busy "$replica"; do
            sleep 1
            seconds=$((seconds + 1))
        done
        docker compose stop "$replica"
        docker compose up --detach --no-deps --wait "$replica" ||
            show_log "$replica" "$replica does not start: see its log above. The other replica is serving; correct the error and deploy again."
        in_caddy rm "/data/site/leaving/$replica"
    done
    in_caddy sh -c 'cd /data/site && rm -rf previous && mv current previous && mv next current'
}

exec 9<server
flock -n 9 || fail "Another make deploy is running: wait until it ends."
services=$(docker compose config --services 2>&1) || fail "$(echo "$services" | grep -o 'required variable .*' | sort -u)"
echo "$services" | grep -qx caddy || fail "This is not a server: link .env to .envs/production.env or .envs/staging.env, with COMPOSE_FILE as in .envs/example.env."
environment=$(docker compose config --environment)
for name in SITE_HOST TRACKER_HOST; do
    value "$name" | grep -Eqx '[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?' || fail "$name must be one host name, such as www.example.com."
done
export SENTRY_RELEASE="${SENTRY_RELEASE:-$(value SENTRY_RELEASE | grep . || git describe --tags --always 2>/dev/null || true)}"
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
echo "Released: https://$(value SITE_HOST)/"
docker image prune --force --filter label=com.docker.compose.project="my_django_project" >/dev/null
