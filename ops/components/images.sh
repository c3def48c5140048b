# shellcheck shell=bash disable=SC2015,SC2034,SC2154,SC2317
# The two images that are there before any build: node:20-alpine, from a hub where one can be reached, else a stand-in
# made of this machine's parts; and the pause image that holds a pod's network.

title='Base images'
needs='packages docker'
shared=1
BASE=node:20-alpine
PAUSE=boottify/pause:1

packages() { echo busybox-static gcc libc6-dev binutils ca-certificates; node_20 > /dev/null || has_npm || echo npm; }
has_npm() { command -v npm > /dev/null; }
client() { docker --host "$(value DOCKER_HOST)" "$@"; }
have() { client image inspect "$1" > /dev/null 2>&1; }
healthy() { have $BASE && have $PAUSE; }
address() { echo "$BASE ($(client image inspect -f '{{.Size}}' $BASE 2> /dev/null | awk '{ printf "%.0f MB", $1 / 1e6 }'))"; }
stop() { :; }

start() {
  (
    flock 8
    have $PAUSE || pause_image
    have $BASE || from_hub || stand_in
  ) 8> "$RUN/images.lock"
}

from_hub() {
  timeout 8 docker --host "$(value DOCKER_HOST)" manifest inspect $BASE > /dev/null 2>&1 &&
    timeout 180 docker --host "$(value DOCKER_HOST)" pull -q $BASE
}

pause_image() {
  local work; work=$(mktemp -d)
  cat > "$work/pause.c" <<'C'
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void leave(int s) { (void)s; _exit(0); }
static void reap(int s) { (void)s; while (waitpid(-1, 0, WNOHANG) > 0); }
int main(void) {
  signal(SIGTERM, leave); signal(SIGINT, leave); signal(SIGCHLD, reap);
  for (;;) pause();
}
C
  gcc -Os -static -s -o "$work/pause" "$work/pause.c"
  tar -C "$work" -c pause | client import -c 'ENTRYPOINT ["/pause"]' -c 'USER 65535:65535' - $PAUSE > /dev/null
  rm -rf "$work"
}

stand_in() {
  local tar=$CACHE/node-20-alpine.tar
  [ -s "$tar" ] || "$OPS/components/node-image.sh" "$tar" || fail "the stand-in for $BASE could not be made" \
    "install Node 20, or reach an image hub"
  client import \
    -c 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    -c "ENV NODE_VERSION=$(tar -xOf "$tar" ./etc/node-version)" \
    -c 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' \
    -c 'ENTRYPOINT ["docker-entrypoint.sh"]' -c 'CMD ["node"]' "$tar" $BASE > /dev/null
}

# A Node 20 that links glibc, as this machine's libraries do.
node_20() { [ -x /usr/bin/node ] && /usr/bin/node -v | grep -q '^v20\.' && readlink -f /usr/bin/node; }
