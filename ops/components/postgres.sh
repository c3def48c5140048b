# shellcheck shell=bash disable=SC2015,SC2034,SC2154,SC2317
# PostgreSQL: the control plane's store, and the server of the apps' own databases.
# Own cluster; listens on loopback, and on the bridge for the pods. Everyone needs a password (scram).

title=PostgreSQL
needs=packages
data=$home/data
superuser=postgres

packages() { echo postgresql; }
external() { [ -n "${DATABASE_URL:-}" ]; }
bin() { find /usr/lib/postgresql -name "$1" -path '*/bin/*' | sort -V | tail -1; }
version() { if external; then echo "(yours)"; else sed -n 1p "$data/PG_VERSION"; fi; }
address() { if external; then sed 's|.*@||; s|/.*||' <<< "$DATABASE_URL"; else echo "127.0.0.1:$(port postgres 15432)"; fi; }

# The server may not run as root: its folder must be reachable for the user postgres.
as_postgres() { (cd / && exec setpriv --reuid postgres --regid postgres --clear-groups -- "$@"); }
reachable() { mkdir -p "$1" && chown postgres "$1" && as_postgres test -w "$1"; }

install() {
  [ ! -e "$data/PG_VERSION" ] || return 0
  rm -rf "$data"
  if ! reachable "$data"; then         # a checkout under /root, say
    rm -rf "$data"
    reachable "$MACHINE/$CHECKOUT/postgres" || fail "the user postgres cannot write below $MACHINE"
    ln -s "$MACHINE/$CHECKOUT/postgres" "$data"
  fi
  local password_file
  password_file=$(mktemp)
  secret postgres > "$password_file"; chown postgres "$password_file"
  as_postgres "$(bin initdb)" -D "$data" -U $superuser --pwfile="$password_file" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 --no-instructions > "$home/initdb.log" || { rm -f "$password_file"; cat "$home/initdb.log"; return 1; }
  rm -f "$password_file"
  echo 'host all all 0.0.0.0/0 scram-sha-256' >> "$data/pg_hba.conf"
}

start() {
  bridge_up
  cat > "$data/postgresql.auto.conf" <<CONF
listen_addresses = '127.0.0.1,$(bridge_address)'
port = $(port postgres 15432)
unix_socket_directories = ''
max_connections = 300
shared_buffers = 256MB
max_wal_size = 4GB
wal_compression = on
jit = off
log_line_prefix = '%m [%p] %u@%d '
timezone = 'UTC'
log_timezone = 'UTC'
CONF
  touch "$log"; chmod 600 "$log"
  launch "$pidfile" "$log" setpriv --reuid postgres --regid postgres --clear-groups -- "$(bin postgres)" -D "$data"
  await 60 sql -c 'select 1' || { show_log; fail "PostgreSQL does not start" "see $log"; }
  role boottify "$(secret database)" 'CREATEDB'
  role boottify_apps "$(secret app-database)" 'CREATEDB CREATEROLE'
  [ "$(sql -c "select 1 from pg_database where datname = 'boottify'")" = 1 ] || sql -c 'create database boottify owner boottify'
  # The apps' roles share this server: none but those named may open its other databases.
  sql <<< 'revoke connect on database postgres, template1, boottify from public; grant connect on database postgres to boottify_apps'
}

sql() { PGPASSWORD=$(secret postgres) PGCONNECT_TIMEOUT=5 "$(bin psql)" -qtAX -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$(port postgres 15432)" -U $superuser -d postgres "$@"; }
role() {
  [ "$(sql -c "select 1 from pg_roles where rolname = '$1'")" = 1 ] || sql -c "create role $1 login"
  sql <<< "alter role $1 login $3 password '$2'"        # through stdin: ps shows no password
}

# Takes a postgres:// URL apart into the variables that psql reads: ps shows no password.
existing() (
  local rest=${DATABASE_URL#*://} account='' place
  [[ $rest != *@* ]] || { account=${rest%@*}; rest=${rest##*@}; }
  place=${rest%%/*}
  decode() { printf %b "${1//%/\\x}"; }
  export PGHOST=${place%:*} PGPORT=5432 PGDATABASE PGUSER PGPASSWORD='' PGCONNECT_TIMEOUT=5
  [[ $place != *:* ]] || PGPORT=${place##*:}
  PGDATABASE=$(decode "$(sed 's/[?].*//' <<< "${rest#*/}")")
  PGUSER=$(decode "${account%%:*}")
  [[ $account != *:* ]] || PGPASSWORD=$(decode "${account#*:}")
  "$(bin psql)" -qtAX -c 'select 1'
)

healthy() {
  if external; then existing; else pid_of "$pidfile" && sql -c 'select 1'; fi > /dev/null
}

stop() { end "$pidfile" INT 60; }

publish() {
  if external; then
    provide DATABASE_URL "$DATABASE_URL" \
      BOOTTIFY_APP_DATABASE_URL "${BOOTTIFY_APP_DATABASE_URL:-$DATABASE_URL}" \
      BOOTTIFY_APP_DATABASE_HOST "${BOOTTIFY_APP_DATABASE_HOST:-$(address)}"
  else
    local at; at=$(address)
    provide DATABASE_URL "postgres://boottify:$(secret database)@$at/boottify" \
      BOOTTIFY_APP_DATABASE_URL "postgres://boottify_apps:$(secret app-database)@$at/postgres" \
      BOOTTIFY_APP_DATABASE_HOST "$(bridge_address):${at#*:}"
  fi
}
