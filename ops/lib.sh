# shellcheck shell=bash disable=SC2015,SC2030,SC2031,SC2034,SC2154,SC2317
# What the commands in ops/ share: the checkout's places, ports and secrets, processes, and the progress display.
# Sourced, never run.

OPS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(dirname "$OPS")
STATE=$ROOT/.boottify                          # this checkout's
RUN=/run/boottify                              # the machine's: shared by the checkouts that are up
MACHINE=/var/lib/boottify
CACHE=${BOOTTIFY_CACHE:-/var/cache/boottify}
CHECKOUT=$(printf %s "$ROOT" | sha256sum | cut -c1-12)
USER_FILE=$RUN/users/$CHECKOUT

# Every component, in the order in which they are shown; ops/down goes backwards.
COMPONENTS=(postgres docker images registry kubernetes dns acme git control-plane edge)
PLATFORM_NAMES="BOOTTIFY_URL BOOTTIFY_TOKEN BOOTTIFY_TEAM BOOTTIFY_DOMAIN BOOTTIFY_CA BOOTTIFY_HTTP_PORT
  BOOTTIFY_HTTPS_PORT BOOTTIFY_DNS BOOTTIFY_GIT_URL BOOTTIFY_GIT_ROOT KUBECONFIG DOCKER_HOST DATABASE_URL"

export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false DOTNET_CLI_USE_MSBUILD_SERVER=0   # no compiler stays behind
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive PATH=$PATH:/usr/sbin:/sbin
umask 022

# ---- Saying what is wrong ----------------------------------------------------------------------------------------

# fail WHAT [HOW TO MEND IT]: the last word of a step.
fail() {
  echo "error: $1" >&2
  [ $# -lt 2 ] || echo "  try: $2" >&2
  exit 1
}

require_machine() {
  [ "$(id -u)" = 0 ] || fail "ops/ starts Docker and Kubernetes, which takes root" "run it with sudo, or as root in a virtual machine"
  [ -e /etc/debian_version ] || fail "ops/ installs its parts with apt: this is not Debian" "use docker-compose.yml on other systems"
}

# ---- Names and values --------------------------------------------------------------------------------------------

# Each component publishes NAME=value lines into its own file; services.env is all of them.
provide() {
  local file=$STATE/env/$component
  touch "$file.new"; chmod 600 "$file.new"
  while [ $# -gt 0 ]; do printf '%s=%s\n' "$1" "$2" >> "$file.new"; shift 2; done
}

# value NAME: what a component of this checkout has published, or nothing.
value() { cat "$STATE"/env/* 2>/dev/null | sed -n "s/^$1=//p" | tail -1; }

# port NAME DEFAULT: a port of this checkout: the default number or the next free one, chosen once.
port() { port_in "$STATE/ports.env" "$@"; }
machine_port() { port_in "$MACHINE/ports.env" "$@"; }
port_in() {
  local file=$1 name=$2 number=$3 taken
  (
    flock 9
    touch "$file"
    if ! grep -q "^$name=" "$file"; then
      taken=" $(ss -Htuln | awk '{ sub(/.*:/, "", $5); print $5 }' | tr '\n' ' ') $(reserved_ports | tr '\n' ' ')"
      while [[ $taken == *" $number "* ]]; do number=$((number + 1)); done
      echo "$name=$number" >> "$file"
    fi
    sed -n "s/^$name=//p" "$file"
  ) 9> "$RUN/ports.lock"
}
reserved_ports() {
  local checkout
  sed 's/.*=//' "$MACHINE/ports.env" 2>/dev/null || true
  cat "$RUN"/users/* 2>/dev/null | while read -r checkout; do sed 's/.*=//' "$checkout/.boottify/ports.env" 2>/dev/null || true; done
}

# secret NAME: a random word of this checkout, made at first use.
secret() {
  local file=$STATE/secrets/$1
  if [ ! -s "$file" ]; then
    (
      flock 9
      [ -s "$file" ] || openssl rand -hex 24 | private "$file"
    ) 9> "$STATE/secrets.lock"
  fi
  cat "$file"
}

# private FILE: writes stdin to a file that only root reads.
private() { (umask 077; mkdir -p "$(dirname "$1")"; cat > "$1.new"; mv "$1.new" "$1"); }

# forget_our_own: a shell that has read our platform.env still names our components: they are ours, not "existing" ones.
forget_our_own() {
  local name
  for name in DATABASE_URL DOCKER_HOST KUBECONFIG BOOTTIFY_REGISTRY BOOTTIFY_PDNS_URL BOOTTIFY_ACME_DIRECTORY BOOTTIFY_GIT_URL; do
    [ -n "${!name:-}" ] || continue
    case ${!name} in
      "unix://$RUN"/* | "$MACHINE"/*) unset "$name" ;;
      *) [ "$(value "$name")" != "${!name}" ] || [ -e "$STATE/$(owner_of "$name")/external" ] || unset "$name" ;;
    esac
  done
  [ -n "${BOOTTIFY_REGISTRY:-}" ] || unset BOOTTIFY_REGISTRY_USER BOOTTIFY_REGISTRY_PASSWORD
  [ -n "${BOOTTIFY_PDNS_URL:-}" ] || unset BOOTTIFY_PDNS_KEY BOOTTIFY_DNS
  [ -n "${BOOTTIFY_ACME_DIRECTORY:-}" ] || unset BOOTTIFY_ACME_CA BOOTTIFY_CA
  [ -n "${BOOTTIFY_GIT_URL:-}" ] || unset BOOTTIFY_GIT_ROOT
  [ "$(value BOOTTIFY_GIT_PRIVATE_SERVERS)" != "${BOOTTIFY_GIT_PRIVATE_SERVERS:-}" ] || unset BOOTTIFY_GIT_PRIVATE_SERVERS
  [ -n "${DATABASE_URL:-}" ] || unset BOOTTIFY_APP_DATABASE_URL BOOTTIFY_APP_DATABASE_HOST
}
owner_of() { basename "$(grep -l "^$1=" "$STATE"/env/* 2>/dev/null | head -1)" 2>/dev/null || true; }

# A checkout is a user of the machine's daemons while its file is there and its .boottify folder too. The lock is held
# while the last one out takes them down: whoever comes meanwhile waits, and starts afresh.
MACHINE_LOCK=/run/lock/boottify
join_machine() {
  mkdir -p "${MACHINE_LOCK%/*}"
  (
    flock 9
    mkdir -p "$RUN/users" "$MACHINE" "$CACHE"; chmod 711 "$RUN" "$MACHINE"
    echo "$ROOT" > "$USER_FILE"
  ) 9> "$MACHINE_LOCK"
}
leave_machine() { rm -rf "$USER_FILE" "${RUN:?}/$CHECKOUT" "${MACHINE:?}/$CHECKOUT"; }
other_users() {
  local file
  for file in "$RUN"/users/*; do
    [ -e "$file" ] && [ "$file" != "$USER_FILE" ] || continue
    if [ -d "$(cat "$file")/.boottify" ]; then cat "$file"; else rm -f "$file"; fi
  done
}

# ---- Processes ---------------------------------------------------------------------------------------------------

# launch PIDFILE LOG COMMAND...: starts a process that outlives us, holds none of our files open and no terminal.
# The pid file keeps the pid and the time the process started: a pid that was given to another process is not ours.
launch() {
  local pidfile=$1 log=$2 pid
  shift 2
  (
    cd /
    for fd in /proc/"$BASHPID"/fd/*; do fd=${fd##*/}; [ "$fd" -le 2 ] || eval "exec $fd>&-"; done
    exec setsid nohup "$@" < /dev/null >> "$log" 2>&1
  ) &
  pid=$!
  disown "$pid" 2>/dev/null || true
  echo "$pid $(started_at "$pid")" > "$pidfile"
}
started_at() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# pid_of PIDFILE: the pid, if that very process is alive.
pid_of() {
  local pid start
  read -r pid start 2>/dev/null < "$1" || return 1
  [ -n "$start" ] && [ "$(started_at "$pid")" = "$start" ] && [ "$(sed 's/.*) //; s/ .*//' "/proc/$pid/stat")" != Z ] && echo "$pid"
}

# end PIDFILE [SIGNAL [SECONDS]]: asks the process to stop, and kills it if it does not.
end() {
  local pid i
  if pid=$(pid_of "$1"); then
    kill -s "${2:-TERM}" "$pid" 2>/dev/null || true
    for ((i = 0; i < ${3:-20} * 20; i++)); do pid_of "$1" > /dev/null || break; sleep 0.05; done
    if pid_of "$1" > /dev/null; then kill -KILL "$pid" 2>/dev/null || true; sleep 0.2; fi
  fi
  rm -f "$1"
}

# end_group PIDFILE: the same, and then whatever the process has started and left behind.
end_group() {
  local group
  group=$(pid_of "$1") || true
  end "$@"
  [ -z "$group" ] || kill -KILL -- "-$group" 2>/dev/null || true
}

# await SECONDS COMMAND...: until the command succeeds; false at the deadline, or as soon as $pidfile's process is gone.
await() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" > /dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || return 1
    [ -z "${pidfile:-}" ] || [ ! -e "$pidfile" ] || pid_of "$pidfile" > /dev/null || return 1
    sleep 0.15
  done
}

# ---- Packages ----------------------------------------------------------------------------------------------------

missing_packages() {
  local installed
  # dpkg-query fails as soon as it has never heard of one of them: that is an answer, not a fault.
  installed=" $({ dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true; } | sed -n 's/^installed //p' | tr '\n' ' ')"
  for package; do [[ $installed == *" $package "* ]] || echo "$package"; done
}

# Installs what is missing. Debian would start each service at once: not here, each component starts its own.
install_packages() {
  local missing policy=/usr/sbin/policy-rc.d
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  (
    flock 9
    if [ ! -e $policy ]; then
      trap 'rm -f $policy' EXIT
      printf '#!/bin/sh\nexit 101\n' > $policy; chmod +x $policy
    fi
    local apt=(apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 --no-install-recommends) again
    "${apt[@]}" install "${missing[@]}" < /dev/null && exit
    for again in 0 5 15; do                                  # its lists may be old, or its server away for a moment
      sleep $again
      "${apt[@]}" update || true
      "${apt[@]}" install "${missing[@]}" < /dev/null && exit
    done
    exit 1
  ) 9> "$RUN/apt.lock" || fail "apt could not install: ${missing[*]}" "apt-get update && apt-get install ${missing[*]}"
}

# ---- The network that containers, pods and the host share ---------------------------------------------------------

BRIDGE=boottify0
SERVICE_BRIDGE=boottify-svc

# Chooses, once a machine, a /20 that overlaps no route, and gives the bridge its first address.
bridge_up() {
  mkdir -p "$MACHINE"
  (
    flock 9
    local net
    if [ ! -e "$MACHINE/network" ]; then
      for net in 172.30 172.29 172.28 172.27 10.210 10.211 192.168; do
        ip -4 route show | grep -q "^${net//./\\.}\." || break
      done
      echo "$net.0.1" > "$MACHINE/network"
    fi
    ip link show $BRIDGE > /dev/null 2>&1 || ip link add $BRIDGE type bridge
    ip addr replace "$(cat "$MACHINE/network")/20" dev $BRIDGE
    ip link set $BRIDGE up
  ) 9> "$RUN/network.lock"
}
bridge_address() { cat "$MACHINE/network" 2>/dev/null; }

# ---- Components --------------------------------------------------------------------------------------------------
# components/NAME.sh says: title; packages; needs (others that must be up first); external (true if the environment
# names one: then it is used, neither started nor stopped); install, start, healthy, stop; address, version; publish
# (its names for services.env); and pidfile, log, deadline.

load() {
  component=$1
  home=$STATE/$component
  pidfile=$home/pid
  log=$home/log
  needs=''
  shared=''                                     # one a machine, not one a checkout
  deadline=60
  packages() { :; }
  external() { false; }
  install() { :; }
  start() { :; }
  stop() { end "$pidfile"; }
  clear_away() { stop; }                        # before a start: half of it may be alive
  healthy() { pid_of "$pidfile" > /dev/null; }
  address() { :; }
  version() { :; }
  publish() { :; }
  # shellcheck source=/dev/null
  source "$OPS/components/$component.sh"
}

# Brings one component up, in a subshell of its own. Running it on a healthy one does nothing but publish.
component_up() {
  load "$1"
  mkdir -p "$home" "$STATE/$component"
  if external; then
    await 10 healthy || healthy || fail "$title at $(address), named by the environment, does not answer" \
      "start it, or unset its variables so that ops/up starts its own"
    touch "$STATE/$component/external"
  else
    rm -f "$STATE/$component/external"
    if ! healthy > /dev/null 2>&1; then
      [ -n "$shared" ] || clear_away
      install
      start
      await "$deadline" healthy || { show_log; fail "$title $(why_unhealthy)" "see $log, then ops/down && ops/up"; }
    fi
  fi
  rm -f "$STATE/env/$component.new"
  publish
  [ ! -e "$STATE/env/$component.new" ] || mv "$STATE/env/$component.new" "$STATE/env/$component"
  describe "$title $(version)" "$(address)"
}

why_unhealthy() {
  if [ -e "$pidfile" ] && ! pid_of "$pidfile" > /dev/null; then echo "has ended by itself"
  else echo "did not become healthy within $deadline s"; fi
}

# recall NAME: loads a component as ops/up last left it: one that the environment named then is still "external".
recall() {
  local line
  if [ -e "$STATE/$1/external" ]; then while read -r line; do export "${line?}"; done < "$STATE/env/$1"; fi
  load "$1"
}

show_log() {
  [ -s "$log" ] || return 0
  echo "last lines of $log:" >&2
  tail -n 12 "$log" | cut -c1-300 | sed 's/^/  | /' >&2
}

# ---- Progress: steps that run side by side, a line each ------------------------------------------------------------

STEPS=()
WIDTH=200
describe() { printf '%s\t%s\n' "$1" "${2:-}" > "$STATE/progress/$component.text"; }
note() { printf '%s\n' "$1" > "$STATE/progress/$component.note"; }

# plan NAME...: says which steps there will be, before the first is started.
plan() { rm -rf "$STATE/progress"; mkdir -p "$STATE/progress"; local name; for name; do touch "$STATE/progress/$name.planned"; done; }

# step NAME "NEEDS" COMMAND...: runs in the background as soon as the planned steps that it needs are done.
step() {
  local name=$1 needs=$2 dir=$STATE/progress
  shift 2
  STEPS+=("$name")
  set -m                                        # a process group each, so that a step can be stopped with all it runs
  (
    set +m
    component=$name
    for need in $needs; do
      [ -e "$dir/$need.planned" ] || continue
      until [ -e "$dir/$need.done" ]; do sleep 0.1; done
      if [ "$(cat "$dir/$need.done")" != 0 ]; then echo "waits for $need" > "$dir/$name.skipped"; echo 1 > "$dir/$name.done"; exit; fi
    done
    date +%s%N > "$dir/$name.began"
    code=0
    (set -euo pipefail; "$@") > "$dir/$name.out" 2>&1 < /dev/null || code=$?
    date +%s%N > "$dir/$name.ended"
    echo $code > "$dir/$name.done.new"; mv "$dir/$name.done.new" "$dir/$name.done"
  ) &
  STEP_PIDS[$name]=$!
  set +m
}
declare -A STEP_PIDS=()
stop_steps() {
  local name
  for name in "${!STEP_PIDS[@]}"; do kill -TERM -- "-${STEP_PIDS[$name]}" 2>/dev/null || true; done
}

# await_steps NAME...: from inside a step, until those steps of the same run are done.
await_steps() {
  local name
  for name; do
    [ -e "$STATE/progress/$name.planned" ] || continue
    until [ -e "$STATE/progress/$name.done" ]; do sleep 0.1; done
    [ "$(cat "$STATE/progress/$name.done")" = 0 ] || fail "$component needs $name, which failed"
  done
}

seconds_between() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f s", (b - a) / 1e9 }'; }

step_line() {
  local name=$1 dir=$STATE/progress text='' where='' mark time=''
  [ ! -e "$dir/$name.text" ] || IFS=$'\t' read -r text where < "$dir/$name.text" || true
  if [ -e "$dir/$name.skipped" ]; then
    mark='-'; text=$(cat "$dir/$name.skipped")
  elif [ -e "$dir/$name.done" ]; then
    time=$(seconds_between "$(cat "$dir/$name.began")" "$(cat "$dir/$name.ended")")
    if [ "$(cat "$dir/$name.done")" = 0 ]; then mark='✓'; else mark='✗'; text=failed where=''; fi
  elif [ -e "$dir/$name.began" ]; then
    mark='…'; text=$(cat "$dir/$name.note" 2>/dev/null || true)
    time=$(seconds_between "$(cat "$dir/$name.began")" "$(date +%s%N)")
  else
    mark=' '
  fi
  local line
  printf -v line '  %s %-13s %8s  %-24s %s' "$mark" "$name" "$time" "$text" "$where"
  printf '%s\n' "${line:0:$WIDTH}"
}

# Shows the steps until all are done: in place on a terminal, else a line as each ends. False if any failed.
watch_steps() {
  local dir=$STATE/progress name drawn=0 open shown=' '
  if [ -t 1 ]; then WIDTH=$(tput cols 2>/dev/null || echo 80); fi
  while :; do
    open=0
    for name in "${STEPS[@]}"; do
      [ -e "$dir/$name.done" ] || { open=1; kill -0 "${STEP_PIDS[$name]}" 2>/dev/null || give_up "$name"; }
    done
    if [ -t 1 ]; then
      [ "$drawn" = 0 ] || printf '\033[%dA' "$drawn"
      for name in "${STEPS[@]}"; do printf '\033[2K'; step_line "$name"; done
      drawn=${#STEPS[@]}
    else
      for name in "${STEPS[@]}"; do
        if [ -e "$dir/$name.done" ] && [[ $shown != *" $name "* ]]; then step_line "$name"; shown+="$name "; fi
        if [ -e "$dir/$name.note" ] && [[ $shown != *" $name:note "* ]] && [ ! -e "$dir/$name.done" ]; then step_line "$name"; shown+="$name:note "; fi
      done
    fi
    [ $open = 1 ] || break
    sleep 0.2
  done
  for name in "${STEPS[@]}"; do [ "$(cat "$dir/$name.done")" = 0 ] || { STEPS_FAILED=1; }; done
  [ -z "${STEPS_FAILED:-}" ] || { explain_failures; return 1; }
  STEPS=() STEP_PIDS=()
}

# A step that was killed has left no result.
give_up() {
  local dir=$STATE/progress
  sleep 0.2
  [ ! -e "$dir/$1.done" ] || return 0
  echo "the step was killed" >> "$dir/$1.out"
  date +%s%N | tee "$dir/$1.ended" > /dev/null
  [ -e "$dir/$1.began" ] || cp "$dir/$1.ended" "$dir/$1.began"
  echo 1 > "$dir/$1.done"
}

explain_failures() {
  local name dir=$STATE/progress
  for name in "${STEPS[@]}"; do
    [ "$(cat "$dir/$name.done")" != 0 ] && [ ! -e "$dir/$name.skipped" ] || continue
    printf '\n%s failed (all of its output: %s)\n' "$name" "$dir/$name.out" >&2
    tail -n 25 "$dir/$name.out" | sed 's/^/  /' >&2
  done
}

# ---- Taking back what daemons leave in the kernel ------------------------------------------------------------------

# remove_chains CHAINS MENTIONS: deletes the rules that mention, and then the chains named (both extended regexes).
remove_chains() {
  local iptables table
  for iptables in iptables ip6tables; do
    command -v $iptables > /dev/null || continue
    for table in filter nat mangle; do
      $iptables-save -t $table 2>/dev/null | grep -E "^-A .*($2)" | sed 's/^-A /-D /' |
        while read -r rule; do eval "$iptables -w -t $table $rule" 2>/dev/null || true; done
      for chain in $($iptables-save -t $table 2>/dev/null | sed -n 's/^:\([^ ]*\) .*/\1/p' | grep -xE "$1"); do
        $iptables -w -t $table -F "$chain" 2>/dev/null || true
      done
      for chain in $($iptables-save -t $table 2>/dev/null | sed -n 's/^:\([^ ]*\) .*/\1/p' | grep -xE "$1"); do
        $iptables -w -t $table -X "$chain" 2>/dev/null || true
      done
    done
  done
}

# unmount_below FOLDER...: deepest first.
unmount_below() {
  local folder
  for folder; do
    awk -v below="$folder/" 'index($2 "/", below) == 1 { print $2 }' /proc/mounts | sort -r |
      while read -r mount; do umount -l "$(printf %b "$mount")" 2>/dev/null || true; done
  done
}

# remove_cgroups NAME...: of each hierarchy, with all below.
remove_cgroups() {
  local name
  for name; do
    find /sys/fs/cgroup -mindepth 1 -maxdepth 2 -type d -name "$name" 2>/dev/null |
      while read -r group; do find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true; done
  done
}

# ---- Settings --------------------------------------------------------------------------------------------------------

# services.env: all that components have published, but for what is only made once the programs run: the first team and
# the sample. platform.env: the names that users' scripts read.
write_settings() {
  local name
  find "$STATE/env" -type f -not -name team -not -name sample -exec cat {} + | sort -u | private "$STATE/services.env"
  for name in $PLATFORM_NAMES; do
    if [ -n "$(value "$name")" ]; then echo "$name=$(value "$name")"; fi
  done | private "$STATE/platform.env"
}

# ---- The two programs ------------------------------------------------------------------------------------------------

# Starts .boottify/bin/$program with the settings in its environment: ps shows none of them.
run_program() (
  local line
  while IFS= read -r line; do export "${line?}"; done < "$STATE/services.env"
  touch "$log"; chmod 600 "$log"
  cat "$STATE/bin/stamp" "$STATE/services.env" | sha256sum > "$home/started-with"
  export DOTNET_gcServer=0 DOTNET_NOLOGO=1 ASPNETCORE_ENVIRONMENT=Production
  export ASPNETCORE_CONTENTROOT=$STATE/bin/$program DOTNET_CONTENTROOT=$STATE/bin/$program
  launch "$pidfile" "$log" dotnet "$STATE/bin/$program/$program.dll"
)
# Running, and with the sources and settings of now.
program_is_current() {
  pid_of "$pidfile" > /dev/null && cat "$STATE/bin/stamp" "$STATE/services.env" | sha256sum | cmp -s - "$home/started-with"
}

# public_folder NAME USER: a folder of this checkout that the user can reach; elsewhere if the checkout is private, or
# too deep for a unix socket.
public_folder() {
  local folder=$STATE/$1-data
  if [ ! -L "$folder" ]; then
    mkdir -p "$folder"
    if [ ${#folder} -gt 60 ] || ! (cd / && setpriv --reuid "$2" --regid "$2" --clear-groups -- test -x "$folder"); then
      rmdir "$folder"
      mkdir -p "$MACHINE/$CHECKOUT/$1"
      ln -s "$MACHINE/$CHECKOUT/$1" "$folder"
    fi
  fi
  readlink -f "$folder"
}
