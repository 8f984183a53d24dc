#!/usr/bin/env bash
# Run once by PostgreSQL's image, when its volume is empty: the database of CKAN and the user that owns it and nothing else.
set -euo pipefail
psql --set=ON_ERROR_STOP=1 --set=password="${CKAN_DB_PASSWORD:?}" --username="${POSTGRES_USER:-postgres}" --dbname=postgres <<'SQL'
CREATE ROLE ckan LOGIN PASSWORD :'password';
CREATE DATABASE ckan OWNER ckan ENCODING 'UTF8' TEMPLATE template0 LOCALE 'C.UTF-8';
SQL
