# shellcheck shell=bash disable=SC2015,SC2034,SC2154,SC2317
# Boottify's control plane, with the settings of services.env in its environment.

title='Control plane'
needs='settings programs images'
program=Boottify
ready() { echo "$(value BOOTTIFY_LISTEN)/health/ready"; }

address() { value BOOTTIFY_URL; }
start() { run_program; }
healthy() { program_is_current && curl -sf -m 10 -o /dev/null "$(ready)"; }
stop() { end "$pidfile" TERM 30; }
