# shellcheck shell=bash disable=SC2015,SC2034,SC2154,SC2317
# A private registry on loopback, with one htpasswd account. Docker takes plain HTTP from 127.0.0.0/8.

title=Registry
needs=packages
user=boottify

packages() { echo docker-registry apache2-utils curl; }
external() { [ -n "${BOOTTIFY_REGISTRY:-}" ]; }
address() { echo "${BOOTTIFY_REGISTRY:-127.0.0.1:$(port registry 5000)}"; }
version() { if external; then echo '(yours)'; else dpkg-query -W -f '${Version}' docker-registry | sed 's/[+-].*//'; fi; }

install() {
  secret registry | htpasswd -niB $user | private "$home/htpasswd"
  private "$home/config.yml" <<CONF
version: 0.1
log: { level: warn, accesslog: { disabled: true } }
storage:
  filesystem: { rootdirectory: $home/data }
  delete: { enabled: true }
http:
  addr: $(address)
  secret: $(secret registry-http)
auth:
  htpasswd: { realm: boottify, path: $home/htpasswd }
CONF
}

start() { launch "$pidfile" "$log" docker-registry serve "$home/config.yml"; }

# Asks with the password, which curl reads from stdin: ps shows no password.
healthy() {
  if external; then
    local code scheme=https
    [[ $BOOTTIFY_REGISTRY != 127.* && $BOOTTIFY_REGISTRY != localhost:* ]] || scheme=http
    code=$(curl -s -m 5 -o /dev/null -w '%{http_code}' "$scheme://$BOOTTIFY_REGISTRY/v2/")
    [[ $code == 200 || $code == 401 ]]
  else
    pid_of "$pidfile" > /dev/null &&
      curl -sf -m 5 -o /dev/null -K - "http://$(address)/v2/" <<< "user = \"$user:$(secret registry)\""
  fi
}

publish() {
  if external; then
    provide BOOTTIFY_REGISTRY "$BOOTTIFY_REGISTRY" BOOTTIFY_REGISTRY_USER "${BOOTTIFY_REGISTRY_USER:-}" \
      BOOTTIFY_REGISTRY_PASSWORD "${BOOTTIFY_REGISTRY_PASSWORD:-}"
  else
    provide BOOTTIFY_REGISTRY "$(address)" BOOTTIFY_REGISTRY_USER $user BOOTTIFY_REGISTRY_PASSWORD "$(secret registry)"
  fi
}
