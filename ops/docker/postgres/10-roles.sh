#!/usr/bin/env bash
# Runs when the data volume is new: the control plane's role and database, and the role that makes the apps' databases.
# The apps' roles share this server: none but those named may open its other databases.
set -euo pipefail
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres <<SQL
create role boottify login createdb password '$BOOTTIFY_DATABASE_PASSWORD';
create role boottify_apps login createdb createrole password '$BOOTTIFY_APP_DATABASE_PASSWORD';
create database boottify owner boottify;
revoke connect on database postgres, template1, boottify from public;
grant connect on database postgres to boottify_apps;
SQL
