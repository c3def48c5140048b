# shellcheck shell=bash disable=SC2015,SC2034,SC2154,SC2317
# Docker Engine: builds images and runs the pods' containers. One daemon a machine, shared by its checkouts.

title='Docker Engine'
needs=packages
shared=1
socket=$RUN/docker.sock
home=$MACHINE/docker
pidfile=$RUN/docker.pid
log=$MACHINE/docker.log

packages() { echo docker.io containerd runc iptables iproute2 jq curl; }
external() { [ -n "${DOCKER_HOST:-}" ]; }
client() { DOCKER_HOST=${DOCKER_HOST:-unix://$socket} docker "$@"; }
version() { client version --format '{{.Server.Version}}' | sed 's/+.*//'; }
address() { echo "${DOCKER_HOST:-unix://$socket}"; }
healthy() { (external || pid_of "$pidfile") && timeout 10 docker --host "$(address)" version --format '{{.Server.Version}}'; } > /dev/null

start() {
  bridge_up
  (
    flock 8
    healthy > /dev/null 2>&1 || start_daemon
  ) 8> "$RUN/docker.lock"
}

start_daemon() {
  mkdir -p "$home"
  local arguments=(
    --host "unix://$socket" --data-root "$home" --exec-root "$RUN/docker" --pidfile "$RUN/dockerd.pid"
    --bridge "$BRIDGE" --cgroup-parent /boottify --storage-driver overlay2 --oom-score-adjust 0
    --userland-proxy=false --log-level warn --config-file "$MACHINE/docker.json")
  echo '{}' > "$MACHINE/docker.json"
  if ! may_lower_oom_score; then
    cp "$OPS/components/runc-without-oom-score" "$MACHINE/runc"
    arguments+=(--add-runtime "boottify=$MACHINE/runc" --default-runtime boottify)
  fi
  rm -f "$RUN/dockerd.pid"
  [ -e "$MACHINE/forwarding" ] ||
    echo "$(cat /proc/sys/net/ipv4/ip_forward) $(iptables -S FORWARD | sed -n 's/^-P FORWARD //p')" > "$MACHINE/forwarding"
  launch "$pidfile" "$log" dockerd "${arguments[@]}"
  await 60 healthy || { show_log; fail "the Docker daemon does not start" "see $log"; }
}

# Without CAP_SYS_RESOURCE (bit 24), runc fails on a container with a negative oomScoreAdj, and kubelet asks for one.
may_lower_oom_score() { (( 0x$(sed -n 's/^CapEff:\t//p' /proc/self/status) >> 24 & 1 )); }

publish() { provide DOCKER_HOST "$(address)"; }

# Called when the machine's last checkout goes: stops the daemon, and removes what it has left in the kernel.
stop() {
  if pid_of "$pidfile" > /dev/null; then
    client ps -aq 2>/dev/null | xargs -r docker --host "unix://$socket" rm -f > /dev/null 2>&1 || true
  fi
  end "$pidfile" TERM 30
  end_leftovers
  ps -C dockerd -o stat= | grep -qv '^Z' || remove_rules          # the chains are shared with a daemon that is not ours
  ip link del "$BRIDGE" 2>/dev/null || true
  unmount_below "$home" "$RUN/docker"
  remove_cgroups boottify
}

end_leftovers() {
  local pid
  for pid in $(pgrep -f "containerd-shim.*$RUN/docker" || true) $(pgrep -f "containerd --config $RUN/docker" || true); do
    kill -KILL "$pid" 2>/dev/null || true
  done
}

remove_rules() {
  local forward policy
  remove_chains 'DOCKER|DOCKER-ISOLATION-STAGE-1|DOCKER-ISOLATION-STAGE-2|DOCKER-USER' "$BRIDGE|DOCKER"
  if read -r forward policy 2>/dev/null < "$MACHINE/forwarding"; then
    iptables -w -P FORWARD "${policy:-ACCEPT}"
    echo "$forward" > /proc/sys/net/ipv4/ip_forward
  fi
}
