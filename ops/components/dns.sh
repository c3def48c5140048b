# shellcheck shell=bash disable=SC2015,SC2034,SC2154,SC2317
# PowerDNS: the authoritative name server of the platform's zone, driven over its HTTP API. Caches nothing, so that
# what the platform writes is what the certificate authority reads next.

title=PowerDNS
needs=packages

packages() { echo pdns-server pdns-backend-sqlite3 sqlite3 curl; }
external() { [ -n "${BOOTTIFY_PDNS_URL:-}" ]; }
domain() { echo "${BOOTTIFY_DOMAIN:-boottify.localhost}"; }
api() { echo "${BOOTTIFY_PDNS_URL:-http://127.0.0.1:$(port dns-api 8081)}"; }
key() { if external; then echo "${BOOTTIFY_PDNS_KEY:-}"; else secret pdns; fi; }
address() { echo "${BOOTTIFY_DNS:-127.0.0.1:$(port dns 5300)}"; }
version() { if external; then echo '(yours)'; else dpkg-query -W -f '${Version}' pdns-server | sed 's/-.*//'; fi; }

install() {
  mkdir -p "$RUN/$CHECKOUT"                       # a socket's path must be short
  [ -s "$home/zones.db" ] || sqlite3 "$home/zones.db" < /usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql
  private "$home/pdns.conf" <<CONF
launch=gsqlite3
gsqlite3-database=$home/zones.db
gsqlite3-pragma-synchronous=0
local-address=127.0.0.1
local-port=$(port dns 5300)
socket-dir=$RUN/$CHECKOUT
api=yes
api-key=$(secret pdns)
webserver-address=127.0.0.1
webserver-port=$(port dns-api 8081)
webserver-allow-from=127.0.0.0/8
cache-ttl=0
negquery-cache-ttl=0
query-cache-ttl=0
zone-cache-refresh-interval=0
daemon=no
guardian=no
disable-syslog=yes
security-poll-suffix=
version-string=anonymous
CONF
}

start() { launch "$pidfile" "$log" pdns_server --config-dir="$home"; }

call() { curl -sf -m 5 -K - "$@" <<< "header = \"X-API-Key: $(key)\""; }
healthy() {
  { external || pid_of "$pidfile"; } > /dev/null && call -o /dev/null "$(api)/api/v1/servers/localhost"
}

publish() {
  local zone code
  zone=$(domain)
  code=$(call -o /dev/null -w '%{http_code}' "$(api)/api/v1/servers/localhost/zones/$zone." || true)
  if [ "$code" != 200 ]; then
    call -o /dev/null -X POST -H 'Content-Type: application/json' "$(api)/api/v1/servers/localhost/zones" -d "{
      \"name\": \"$zone.\", \"kind\": \"Native\", \"nameservers\": [\"ns1.$zone.\"], \"soa_edit_api\": \"INCREASE\",
      \"rrsets\": [{ \"name\": \"ns1.$zone.\", \"type\": \"A\", \"ttl\": 60, \"records\": [{ \"content\": \"127.0.0.1\", \"disabled\": false }] }]
    }" || fail "PowerDNS did not create the zone $zone (answer $code)" "see $log"
  fi
  provide BOOTTIFY_PDNS_URL "$(api)" BOOTTIFY_PDNS_KEY "$(key)" BOOTTIFY_DNS "$(address)" BOOTTIFY_DOMAIN "$zone"
}
