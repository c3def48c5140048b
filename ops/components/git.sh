# shellcheck shell=bash disable=SC2015,SC2034,SC2154,SC2317
# The samples' Git server: nginx and git-http-backend. A bare repository put into the folder is served, read-only.

title='Git server'
needs=packages

packages() { echo git nginx fcgiwrap curl; }
external() { [ -n "${BOOTTIFY_GIT_URL:-}" ]; }
address() { echo "${BOOTTIFY_GIT_URL:-http://127.0.0.1:$(port git 8418)}"; }
# A socket file, short enough for a socket's name: fcgiwrap cannot bind a port whose last connection is less than a minute old.
socket() { echo "$RUN/$CHECKOUT/git.sock"; }
root() { echo "${BOOTTIFY_GIT_ROOT:-$home/repositories}"; }
version() { git --version | sed 's/[^0-9.]//g'; }

install() {
  mkdir -p "$home/repositories" "$home/tmp" "$RUN/$CHECKOUT"
  cat > "$home/nginx.conf" <<CONF
user root;
worker_processes 1;
daemon off;
pid $home/nginx.pid;
error_log $home/nginx.log warn;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path $home/tmp; proxy_temp_path $home/tmp; fastcgi_temp_path $home/tmp;
  uwsgi_temp_path $home/tmp; scgi_temp_path $home/tmp;
  client_max_body_size 100m;
  server {
    listen 127.0.0.1:$(port git 8418);
    location = /health { return 204; }
    location / {
      fastcgi_pass unix:$(socket);
      fastcgi_read_timeout 300s;
      fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
      fastcgi_param GIT_PROJECT_ROOT $home/repositories;
      fastcgi_param GIT_HTTP_EXPORT_ALL "";
      fastcgi_param GIT_PROTOCOL \$http_git_protocol;
      fastcgi_param PATH_INFO \$uri;
      fastcgi_param QUERY_STRING \$query_string;
      fastcgi_param REQUEST_METHOD \$request_method;
      fastcgi_param CONTENT_TYPE \$content_type;
      fastcgi_param CONTENT_LENGTH \$content_length;
      fastcgi_param HTTP_CONTENT_ENCODING \$http_content_encoding;
    }
  }
}
CONF
}

start() {
  # Any owner's repository is served, any commit of it may be asked for by its name, and history without the files.
  rm -f "$(socket)"
  launch "$home/fcgiwrap.pid" "$log" env \
    GIT_CONFIG_COUNT=3 GIT_CONFIG_KEY_0=safe.directory 'GIT_CONFIG_VALUE_0=*' \
    GIT_CONFIG_KEY_1=uploadpack.allowAnySHA1InWant GIT_CONFIG_VALUE_1=true \
    GIT_CONFIG_KEY_2=uploadpack.allowFilter GIT_CONFIG_VALUE_2=true \
    fcgiwrap -f -c 4 -s "unix:$(socket)"
  launch "$pidfile" "$log" nginx -c "$home/nginx.conf"
}

healthy() {
  if external; then [ -d "$BOOTTIFY_GIT_ROOT" ]
  else pid_of "$pidfile" && pid_of "$home/fcgiwrap.pid" && curl -sf -m 5 "$(address)/health"; fi > /dev/null
}

stop() { end_group "$pidfile"; end_group "$home/fcgiwrap.pid"; rm -f "$(socket)"; }

# Its address is loopback or private: without being named, the control plane would refuse it.
publish() {
  provide BOOTTIFY_GIT_URL "$(address)" BOOTTIFY_GIT_ROOT "$(root)" \
    BOOTTIFY_GIT_PRIVATE_SERVERS "$(address | sed 's|^[a-z]*://||; s|/.*||; s|.*@||')${BOOTTIFY_GIT_PRIVATE_SERVERS:+,$BOOTTIFY_GIT_PRIVATE_SERVERS}"
}
