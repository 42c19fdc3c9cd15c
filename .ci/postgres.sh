#!/usr/bin/env bash
# Starts a PostgreSQL server of the tests' own on loopback, from Debian's packages, in a new folder.
# Prints the URL for LIMN_TEST_POSTGRES_URL.
set -euo pipefail
folder=${1:?usage: postgres.sh FOLDER}
port=${2:-$(python3 -c "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])")}

if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
    as_root apt-get update -qq >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >&2
fi
bin=$(dirname "$(ls /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)")

# The server refuses to run as root.
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

mkdir -p "$folder"
if [ "$(id -u)" = 0 ]; then chown postgres "$folder"; fi
as_postgres "$bin/initdb" -D "$folder/data" -U limn --auth=trust -E UTF8 --no-sync >&2
as_postgres "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/log" \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='$folder' -c fsync=off" start >&2
echo "postgresql://limn@127.0.0.1:$port/postgres"
