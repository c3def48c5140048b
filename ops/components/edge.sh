# shellcheck shell=bash disable=SC2015,SC2034,SC2154,SC2317
# Boottify's edge: one service beside the nginx that it starts and steers.

title=Edge
needs='settings programs'
program=Boottify.Edge
ready() { echo "$(value BOOTTIFY_EDGE_URL)/health/ready"; }

packages() { echo nginx publicsuffix; }
address() { echo "https://127.0.0.1:$(value BOOTTIFY_HTTPS_PORT) http://127.0.0.1:$(value BOOTTIFY_HTTP_PORT)"; }
version() { nginx -v 2>&1 | sed 's|.*nginx/|(nginx |; s|$|)|'; }
start() { run_program; }
healthy() { program_is_current && curl -sf -m 10 -o /dev/null "$(ready)"; }
stop() { clear_away; end_nginx; }

# The edge's nginx serves on while the edge restarts, or is away; it goes when the platform goes.
clear_away() { end "$pidfile" TERM 30; }
end_nginx() {
  local data pid
  data=$(value BOOTTIFY_EDGE_DATA)
  pid=$(cat "$data/nginx/nginx.pid" 2>/dev/null) || return 0
  grep -qaF "$data" "/proc/$pid/cmdline" 2>/dev/null || return 0       # another process has that number by now
  kill -QUIT "$pid" 2>/dev/null || return 0
  pidfile='' await 5 test ! -d "/proc/$pid" || kill -TERM "$pid" 2>/dev/null || true
  pidfile='' await 5 test ! -d "/proc/$pid" || kill -KILL "$pid" 2>/dev/null || true
}
