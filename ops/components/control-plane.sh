# shellcheck shell=bash disable=SC2015,SC2034,SC2154,SC2317
# Boottify's control plane, with the settings of services.env in its environment.

title='Control plane'
needs='settings programs images'
program=Boottify
# .NET wants ICU for names in any script; npm brings the page's libraries into the build.
packages() { echo libicu72; command -v npm > /dev/null || echo npm; }
ready() { echo "$(value BOOTTIFY_LISTEN)/health/ready"; }

address() { value BOOTTIFY_URL; }
start() { run_program; }
healthy() { program_is_current && curl -sf -m 10 -o /dev/null "$(ready)"; }
# With it go the nodes of a chaos run that was killed: they work on the same database.
stop() {
  local node
  end "$pidfile" TERM 30
  for node in "$STATE"/chaos/*.pid; do [ ! -e "$node" ] || { kill -CONT "$(pid_of "$node")" 2>/dev/null || true; end "$node"; }; done
}

# The first team, made once. It is for people's scripts: the programs' own settings do not name it.
publish() {
  [ -z "$(value BOOTTIFY_TEAM)" ] || return 0
  local team teams
  teams=$(value BOOTTIFY_LISTEN)/api/teams
  team=$(call "$teams" | jq -r '.items[0].id // empty')
  [ -n "$team" ] || team=$(call "$teams" -H 'Content-Type: application/json' -d '{ "name": "First team" }' | jq -r .id)
  [ -n "$team" ] || fail "the control plane did not make a first team" "see $log"
  echo "BOOTTIFY_TEAM=$team" | private "$STATE/env/team"
}
call() { curl -sf -m 20 -K - "$@" <<< "header = \"Authorization: Bearer $(value BOOTTIFY_TOKEN)\""; }
