# The small parts that have no image of their own to pin, from the same Debian packages that ops/up installs.
FROM debian:12-slim AS base
RUN apt-get update && apt-get install -y --no-install-recommends curl ca-certificates && rm -rf /var/lib/apt/lists/*

FROM base AS prepare
RUN apt-get update && apt-get install -y --no-install-recommends openssl apache2-utils && rm -rf /var/lib/apt/lists/*
COPY ops/docker/prepare/ /usr/local/bin/

FROM base AS dns
RUN apt-get update && apt-get install -y --no-install-recommends pdns-server pdns-backend-sqlite3 sqlite3 && rm -rf /var/lib/apt/lists/* \
    && install -d -o pdns -g pdns -m 700 /var/lib/dns
COPY ops/docker/dns/ /usr/local/bin/
USER pdns
EXPOSE 5300 5300/udp 8081
CMD ["dns-start"]

FROM base AS acme
RUN apt-get update && apt-get install -y --no-install-recommends pebble && rm -rf /var/lib/apt/lists/*
COPY ops/docker/acme/pebble.json /etc/pebble.json
USER nobody
EXPOSE 14000 15000

FROM base AS git
RUN apt-get update && apt-get install -y --no-install-recommends git nginx fcgiwrap && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1000 --create-home git && install -d -o git -g git /repositories
COPY ops/docker/git/nginx.conf /etc/git-nginx.conf
COPY ops/docker/git/git-start /usr/local/bin/
USER git
EXPOSE 8418
CMD ["git-start"]
