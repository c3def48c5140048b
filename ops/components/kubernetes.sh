# shellcheck shell=bash disable=SC2015,SC2034,SC2154,SC2317
# Kubernetes: $KUBECONFIG if set, else k3s if installed, else one node built from Debian's source package, with kubelet
# on our Docker daemon. One cluster a machine, shared by its checkouts.

title=Kubernetes
needs=packages
shared=1
home=$MACHINE/kubernetes
log=$home/log
deadline=90
NODE=boottify
SERVICES=10.96.0.0/16
PROGRAMS=(etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy)   # in the order of their start

own_kubeconfig=$home/admin.kubeconfig
cached() { find "$CACHE" -maxdepth 2 -path '*/kubernetes-*/kube-proxy' 2>/dev/null | sort -V | tail -1 | xargs -r dirname; }
packages() {
  echo iptables iproute2 conntrack openssl curl jq
  k3s_installed || echo etcd-server
  k3s_installed || [ -n "$(cached)" ] || echo golang-go golang-github-modern-go-reflect2-dev dpkg-dev xz-utils
}
external() { [ -n "${KUBECONFIG:-}" ]; }
k3s_installed() { command -v k3s > /dev/null; }
kubeconfig() { echo "${KUBECONFIG:-$own_kubeconfig}"; }
api_port() { machine_port apiserver 6443; }
address() { sed -n 's/^ *server: *//p' "$(kubeconfig)" 2>/dev/null | head -1; }
version() {
  if external; then echo '(yours)'; elif k3s_installed; then k3s --version | awk 'NR == 1 { print "k3s " $3 }'
  else cat "$(cached)/VERSION" 2>/dev/null; fi
}
pidfile_of() { echo "$RUN/$1.pid"; }
pidfile=$(pidfile_of kube-apiserver)

# ---- Asking the API server, with a token that ps does not show -------------------------------------------------------
api() {
  local path=$1
  shift
  curl -sf -m 5 --cacert "$home/pki/ca.pem" -K "$home/pki/admin.curl" "$@" "https://127.0.0.1:$(api_port)$path"
}
node_ready() {
  local node=$NODE
  api "/api/v1/nodes/$node" | jq -e '.status.conditions[] | select(.type == "Ready" and .status == "True")'
}
healthy() {
  local program
  if external; then
    if command -v kubectl; then timeout 15 kubectl --kubeconfig "$KUBECONFIG" get --raw /readyz; else [ -s "$KUBECONFIG" ]; fi
  elif k3s_installed; then
    pid_of "$(pidfile_of k3s)" && timeout 15 k3s kubectl --kubeconfig "$own_kubeconfig" get nodes | grep -w Ready
  else
    for program in "${PROGRAMS[@]}"; do pid_of "$(pidfile_of "$program")" || return 1; done
    api /readyz && node_ready
  fi > /dev/null
}

# ---- Making it -------------------------------------------------------------------------------------------------------
install() {
  k3s_installed && return 0
  [ -n "$(cached)" ] || (
    flock 8
    [ -z "$(cached)" ] || exit 0
    note 'building from source: about 5 minutes'
    mkdir -p "$CACHE"
    nice -n 5 "$OPS/components/kubernetes-build.sh" "$CACHE"
  ) 8> "$RUN/kubernetes-build.lock" || fail "Kubernetes could not be built from Debian's source package" \
    "set KUBECONFIG to an existing cluster, or install k3s"
}

start() {
  await_steps docker images
  bridge_up
  (
    flock 8
    healthy > /dev/null 2>&1 && exit 0
    mkdir -p "$home/pki"
    if k3s_installed; then start_k3s; else start_cluster; fi
    await "$deadline" healthy || { explain; exit 1; }
  ) 8> "$RUN/kubernetes.lock" || fail "the cluster is not ready after $deadline s" "see $home/*.log, then ops/down && ops/up"
}

explain() {
  local program
  for program in "${PROGRAMS[@]}"; do
    pid_of "$(pidfile_of "$program")" > /dev/null || { log=$home/$program.log; echo "$program is not running" >&2; show_log; }
  done
}

start_k3s() {
  mkdir -p "$home/k3s"
  printf 'mirrors: { "%s": { endpoint: ["http://%s"] } }\n' "127.0.0.1:$(port registry 5000)" "127.0.0.1:$(port registry 5000)" > "$home/k3s/registries.yaml"
  launch "$(pidfile_of k3s)" "$home/k3s.log" k3s server --data-dir "$home/k3s" --private-registry "$home/k3s/registries.yaml" \
    --write-kubeconfig "$own_kubeconfig" --write-kubeconfig-mode 600 --node-name $NODE --https-listen-port "$(api_port)" \
    --bind-address 127.0.0.1 --disable traefik --disable servicelb --disable metrics-server
  pidfile=$(pidfile_of k3s)
}

start_cluster() {
  local bin pki=$home/pki address etcd url
  bin=$(cached); address=$(bridge_address)
  etcd=$(machine_port etcd 2379); url=https://127.0.0.1:$(api_port)
  [ -s "$pki/tokens" ] || make_credentials "$url"
  route_services

  run etcd etcd --name $NODE --data-dir "$home/etcd" --listen-client-urls "http://127.0.0.1:$etcd" \
    --advertise-client-urls "http://127.0.0.1:$etcd" --listen-peer-urls "http://127.0.0.1:$(machine_port etcd-peer 2380)" \
    --initial-cluster "$NODE=http://127.0.0.1:$(machine_port etcd-peer 2380)" \
    --initial-advertise-peer-urls "http://127.0.0.1:$(machine_port etcd-peer 2380)" \
    --auto-compaction-retention 1h --quota-backend-bytes 4294967296 --log-level warn --logger zap
  run kube-apiserver "$bin/kube-apiserver" --etcd-servers "http://127.0.0.1:$etcd" \
    --bind-address 127.0.0.1 --secure-port "$(api_port)" --insecure-port 0 \
    --advertise-address "$address" --endpoint-reconciler-type none --service-cluster-ip-range $SERVICES \
    --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction --anonymous-auth=false \
    --token-auth-file "$pki/tokens" --client-ca-file "$pki/ca.pem" \
    --tls-cert-file "$pki/apiserver.pem" --tls-private-key-file "$pki/apiserver.key" \
    --kubelet-client-certificate "$pki/kubelet-client.pem" --kubelet-client-key "$pki/kubelet-client.key" \
    --kubelet-preferred-address-types InternalIP \
    --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$pki/accounts.pub" \
    --service-account-signing-key-file "$pki/accounts.key"
  pidfile=$(pidfile_of kube-apiserver)
  await 60 api /readyz || return 0                 # the caller says what is wrong
  run kube-controller-manager "$bin/kube-controller-manager" --kubeconfig "$pki/kube-controller-manager.kubeconfig" \
    --authentication-kubeconfig "$pki/kube-controller-manager.kubeconfig" --authorization-kubeconfig "$pki/kube-controller-manager.kubeconfig" \
    --use-service-account-credentials --service-account-private-key-file "$pki/accounts.key" --root-ca-file "$pki/ca.pem" \
    --bind-address 127.0.0.1 --secure-port "$(machine_port controller-manager 10257)" --port 0 --leader-elect=false \
    --kube-api-qps 100 --kube-api-burst 200
  run kube-scheduler "$bin/kube-scheduler" --kubeconfig "$pki/kube-scheduler.kubeconfig" \
    --authentication-kubeconfig "$pki/kube-scheduler.kubeconfig" --authorization-kubeconfig "$pki/kube-scheduler.kubeconfig" \
    --bind-address 127.0.0.1 --secure-port "$(machine_port scheduler 10259)" --port 0 --leader-elect=false
  write_kubelet_config "$address"
  run kubelet env DOCKER_HOST="$(docker_endpoint)" "$bin/kubelet" --kubeconfig "$pki/kubelet.kubeconfig" --config "$home/kubelet.yaml" \
    --root-dir "$home/kubelet" --cert-dir "$home/kubelet-pki" --hostname-override $NODE --node-ip "$address" \
    --docker-endpoint "$(docker_endpoint)" --pod-infra-container-image boottify/pause:1 --network-plugin '' \
    --cni-conf-dir "$home/cni" --cni-bin-dir "$home/cni" --image-pull-progress-deadline 5m \
    --experimental-dockershim-root-directory "$home/dockershim"
  run kube-proxy "$bin/kube-proxy" --kubeconfig "$pki/kube-proxy.kubeconfig" --proxy-mode iptables --hostname-override $NODE \
    --healthz-bind-address "127.0.0.1:$(machine_port proxy-health 10256)" --metrics-bind-address "127.0.0.1:$(machine_port proxy-metrics 10249)" \
    --conntrack-max-per-core 0 --iptables-min-sync-period 20ms --nodeport-addresses 127.0.0.1/32
  write_kubeconfig admin "$url"
  cp -p "$pki/admin.kubeconfig" "$own_kubeconfig"
}

docker_endpoint() { echo "${DOCKER_HOST:-unix://$RUN/docker.sock}"; }

run() {
  local program=$1
  shift
  pid_of "$(pidfile_of "$program")" > /dev/null || launch "$(pidfile_of "$program")" "$home/$program.log" "$@"
}

# The service range gets a route of its own, so that nothing leaves the machine while kube-proxy is away.
route_services() {
  ip link show "$SERVICE_BRIDGE" > /dev/null 2>&1 || ip link add "$SERVICE_BRIDGE" type bridge
  ip link set "$SERVICE_BRIDGE" up
  ip route replace $SERVICES dev "$SERVICE_BRIDGE"
  echo 1 > /proc/sys/net/ipv4/ip_forward
  [ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables
}

# ---- Credentials: a certificate authority, and a token for each program ------------------------------------------------
make_credentials() (
  umask 077
  cd "$home/pki"
  openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=boottify-cluster -keyout ca.key -out ca.pem 2> /dev/null
  sign apiserver /CN=kube-apiserver serverAuth "subjectAltName=DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.96.0.1,IP:$(bridge_address)"
  sign kubelet-client /O=system:masters/CN=kube-apiserver clientAuth subjectAltName=DNS:kube-apiserver
  openssl genrsa -out accounts.key 2048 2> /dev/null
  openssl rsa -in accounts.key -pubout -out accounts.pub 2> /dev/null
  account admin admin system:masters
  account kube-controller-manager system:kube-controller-manager ''
  account kube-scheduler system:kube-scheduler ''
  account kube-proxy system:kube-proxy ''
  account kubelet "system:node:$NODE" system:nodes
  for program in admin kube-controller-manager kube-scheduler kube-proxy kubelet; do write_kubeconfig "$program" "$1"; done
  echo "header = \"Authorization: Bearer $(cat admin.token)\"" > admin.curl
  mv tokens.new tokens
)
sign() {
  openssl req -newkey rsa:2048 -nodes -subj "$2" -keyout "$1.key" -out "$1.csr" 2> /dev/null
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -out "$1.pem" \
    -extfile <(printf 'extendedKeyUsage=%s\n%s\n' "$3" "$4") 2> /dev/null
}
account() {
  openssl rand -hex 24 > "$1.token"
  echo "$(cat "$1.token"),$2,$2,\"$3\"" >> tokens.new
}
write_kubeconfig() {
  private "$home/pki/$1.kubeconfig" <<CONF
apiVersion: v1
kind: Config
clusters:
- name: boottify
  cluster:
    server: $2
    certificate-authority-data: $(base64 -w0 < "$home/pki/ca.pem")
users:
- name: $1
  user: { token: $(cat "$home/pki/$1.token") }
contexts:
- name: boottify
  context: { cluster: boottify, user: $1 }
current-context: boottify
CONF
}

# Images are pruned by the platform, not by kubelet; a nearly full disk evicts nobody before 1 % is left.
write_kubelet_config() {
  cat > "$home/kubelet.yaml" <<CONF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $1
port: $(machine_port kubelet 10250)
healthzBindAddress: 127.0.0.1
healthzPort: $(machine_port kubelet-health 10248)
authentication:
  anonymous: { enabled: false }
  webhook: { enabled: true }
  x509: { clientCAFile: $home/pki/ca.pem }
authorization: { mode: Webhook }
cgroupDriver: cgroupfs
failSwapOn: false
enforceNodeAllocatable: []
maxPods: 900
serializeImagePulls: false
registryPullQPS: 0
nodeStatusUpdateFrequency: 1s
eventRecordQPS: 0
kubeAPIQPS: 50
kubeAPIBurst: 100
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard: { memory.available: 100Mi, nodefs.available: 1%, nodefs.inodesFree: 1%, imagefs.available: 1% }
volumePluginDir: $home/volume-plugins
CONF
}

publish() { provide KUBECONFIG "$(kubeconfig)"; }

# Called when this checkout goes and others stay: removes the namespaces of its apps, told by the registry they pull from
# and by the control plane's list, and the images in Docker.
forget_apps() {
  local registry namespace all=''
  registry=$(value BOOTTIFY_REGISTRY)
  all=$({ api /apis/apps/v1/deployments | jq -r --arg from "$registry/" \
      '.items[] | select(any(.spec.template.spec.containers[]; .image | startswith($from))) | .metadata.namespace'
    curl -sf -m 10 -K - "$(value BOOTTIFY_URL)/api/apps?limit=200" <<< "header = \"Authorization: Bearer $(value BOOTTIFY_TOKEN)\"" |
      jq -r '.items[].namespace'; } 2> /dev/null | sort -u) || true          # a control plane that never came up knows of none
  for namespace in $all; do
    api "/api/v1/namespaces/$namespace" -X DELETE -o /dev/null || true
    api "/api/v1/namespaces/$namespace/pods?gracePeriodSeconds=0" -X DELETE -o /dev/null || true
  done
  for namespace in $all; do pidfile='' await 90 namespace_gone "$namespace" || echo "the namespace $namespace is still there" >&2; done
  docker --host "$(docker_endpoint)" images -q --filter "reference=$registry/*" --filter "reference=$registry/*/*" | sort -u |
    xargs -r docker --host "$(docker_endpoint)" rmi -f > /dev/null 2>&1 || true
}
namespace_gone() { [ "$(api "/api/v1/namespaces/$1" -o /dev/null -w '%{http_code}')" = 404 ]; }

# Called when the machine's last checkout goes: stops everything, and removes what it has left in the kernel.
stop() {
  local program i
  for program in k3s kubelet; do end "$(pidfile_of $program)"; done
  if pid_of "$RUN/docker.pid" > /dev/null; then
    docker --host "unix://$RUN/docker.sock" ps -aq --filter name=^k8s_ 2>/dev/null |
      xargs -r docker --host "unix://$RUN/docker.sock" rm -f > /dev/null 2>&1 || true
  fi
  for ((i = ${#PROGRAMS[@]} - 1; i >= 0; i--)); do end "$(pidfile_of "${PROGRAMS[i]}")"; done
  [ ! -d "$home" ] || unmount_below "$home"
  remove_chains 'KUBE-.*' 'KUBE-'
  ip link del "$SERVICE_BRIDGE" 2>/dev/null || true
  remove_cgroups kubepods
  rm -rf /run/dockershim.sock /var/log/pods /var/log/containers
}
