# shellcheck shell=bash disable=SC2015,SC2034,SC2154,SC2317
# What the two programs are told beside the components' own names: ports, tokens, folders. Starts nothing.

title=Settings
needs='postgres docker registry kubernetes dns acme git'

address() { echo .boottify/services.env; }
healthy() { :; }
stop() { :; }

publish() {
  local url edge
  url=http://127.0.0.1:$(port control-plane 7080)
  edge=http://127.0.0.1:$(port edge 7081)
  mkdir -p "$STATE/data"
  provide \
    BOOTTIFY_LISTEN "$url" BOOTTIFY_URL "${BOOTTIFY_URL:-$url}" BOOTTIFY_TOKEN "bt_$(secret token)" \
    BOOTTIFY_DATA "$STATE/data" BOOTTIFY_MASTER_KEY_FILE "$STATE/secrets/master-key" \
    BOOTTIFY_EDGE_ADDRESS "${BOOTTIFY_EDGE_ADDRESS:-127.0.0.1}" BOOTTIFY_EDGE_URL "$edge" BOOTTIFY_EDGE_LISTEN "$edge" \
    BOOTTIFY_EDGE_TOKEN "$(secret edge-token)" BOOTTIFY_EDGE_DATA "$(public_folder edge www-data)" \
    BOOTTIFY_NGINX "$(command -v nginx)" BOOTTIFY_NGINX_TEMPLATES "$STATE/bin/Boottify.Edge/nginx-templates" \
    BOOTTIFY_HTTP_PORT "$(port http 8080)" BOOTTIFY_HTTPS_PORT "$(port https 8443)" BOOTTIFY_SELF_CHECK_PORT "$(port http 8080)"
  mv "$STATE/env/$component.new" "$STATE/env/$component"
  write_settings
}
