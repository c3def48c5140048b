# shellcheck shell=bash disable=SC2015,SC2034,SC2154,SC2317
# Pebble: an ACME certificate authority for this machine. It resolves names through the platform's name server.
# Debian's newest (2.10: renewal information, profiles, CAA) is unpacked beside the system; Debian 12's 2.4 stands in.

title=Pebble
needs='packages dns'
BINARY=$CACHE/pebble/usr/bin/pebble

packages() { echo curl openssl; [ -x "$BINARY" ] || echo pebble; }
external() { [ -n "${BOOTTIFY_ACME_DIRECTORY:-}" ]; }
address() { echo "${BOOTTIFY_ACME_DIRECTORY:-https://127.0.0.1:$(port acme 14000)/dir}"; }
management() { echo "https://127.0.0.1:$(port acme-management 15000)"; }
version() { if external; then echo '(yours)'; elif [ -x "$BINARY" ]; then cat "$CACHE/pebble/VERSION"; else dpkg-query -W -f '${Version}' pebble | sed 's/+.*//'; fi; }
ca() { if external; then echo "${BOOTTIFY_ACME_CA:-}"; else echo "$home/tls.pem"; fi; }

install() {
  [ -x "$BINARY" ] || fetch_newest || echo "Debian's newest pebble is out of reach: Debian 12's is used"
  [ -s "$home/tls.pem" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=pebble \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$home/tls.key" -out "$home/tls.pem" 2>/dev/null
  cat > "$home/config.json" <<CONF
{ "pebble": {
    "listenAddress": "127.0.0.1:$(port acme 14000)", "managementListenAddress": "127.0.0.1:$(port acme-management 15000)",
    "certificate": "$home/tls.pem", "privateKey": "$home/tls.key",
    "httpPort": $(port http 8080), "tlsPort": $(port https 8443), "ocspResponderURL": "",
    "externalAccountBindingRequired": false,
    "retryAfter": { "authz": 1, "order": 1 },
    "profiles": {
      "default": { "description": "90 days", "validityPeriod": 7776000 },
      "shortlived": { "description": "6 days", "validityPeriod": 518400 } } } }
CONF
}

# The machine's own Debian mirror, read as sid, without touching /etc/apt. Nothing is installed: one package is unpacked.
fetch_newest() {
  local work=$CACHE/pebble.work mirror key
  mirror=$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null |
    sed -nE 's/^URIs: *([^ ]*\/debian)\/? *$/\1/p; s/^deb (\[[^]]*\] )?([^ ]*\/debian)\/? .*/\2/p' | head -1)
  [ -n "$mirror" ] || return 1
  rm -rf "$work"; mkdir -p "$work/lists/partial"
  key=$(ls /usr/share/keyrings/debian-archive-keyring.gpg 2>/dev/null) || return 1
  echo "deb [signed-by=$key] $mirror sid main" > "$work/sid.list"
  local apt=(apt-get -qq -o Dir::Etc::sourcelist="$work/sid.list" -o Dir::Etc::sourceparts=/nonexistent
    -o Dir::State::lists="$work/lists" -o Dir::State::status=/dev/null -o APT::Sandbox::User=root -o Acquire::Retries=1)
  (cd "$work" && timeout 60 "${apt[@]}" update && timeout 60 "${apt[@]}" download pebble && dpkg -x pebble_*.deb tree) || { rm -rf "$work"; return 1; }
  "$work/tree/usr/bin/pebble" -version > /dev/null 2>&1 || { rm -rf "$work"; return 1; }
  basename "$work"/pebble_*.deb | sed 's/pebble_\([0-9.]*\).*/\1/' > "$work/tree/VERSION"
  rm -rf "$CACHE/pebble"; mv "$work/tree" "$CACHE/pebble"; rm -rf "$work"
}

start() {
  local binary=$BINARY
  [ -x "$binary" ] || binary=/usr/bin/pebble
  launch "$pidfile" "$log" env PEBBLE_VA_NOSLEEP=1 "$binary" -config "$home/config.json" -dnsserver "$(value BOOTTIFY_DNS)"
}

get() { curl -sf -m 5 --cacert "$home/tls.pem" "$@"; }
healthy() {
  if external; then curl -sf -m 10 ${BOOTTIFY_ACME_CA:+--cacert "$BOOTTIFY_ACME_CA"} -o /dev/null "$BOOTTIFY_ACME_DIRECTORY"
  else pid_of "$pidfile" > /dev/null && get -o /dev/null "$(address)"; fi
}

# Pebble makes a new root each time it starts. The bundle keeps the old ones: certificates issued before still verify.
collect_roots() {
  local bundle=$STATE/ca.pem found kind
  touch "$bundle"
  for kind in roots intermediates; do
    found=$(get "$(management)/$kind/0") || fail "Pebble does not say its $kind" "see $log"
    [[ $(cat "$bundle") == *"$found"* ]] || printf '%s\n' "$found" >> "$bundle"
  done
}

publish() {
  local bundle=$STATE/ca.pem
  if external; then bundle=${BOOTTIFY_CA:-/etc/ssl/certs/ca-certificates.crt}; else collect_roots; provide BOOTTIFY_ACME_LIMITS off; fi
  provide BOOTTIFY_ACME_DIRECTORY "$(address)" BOOTTIFY_ACME_CA "$(ca)" BOOTTIFY_CA "$bundle"
}
