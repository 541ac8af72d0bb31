#!/usr/bin/env bash
# Run once by the image of PostgreSQL, when its data folder is new: a database and its owner for each who keeps one.
# The role that reads for dashboards is made by the service `grants`. Every password comes from the environment.
set -euo pipefail
: "${DAGSTER_DATABASE_PASSWORD:?}" "${MLFLOW_DATABASE_PASSWORD:?}" "${MONITORING_DATABASE_PASSWORD:?}"
made() {
  # psql's own quoting, from variables that no process list shows.
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<SQL
\\getenv password $2
\\set name '$1'
CREATE ROLE :"name" LOGIN $3 PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE CONNECT, TEMPORARY ON DATABASE :"name" FROM PUBLIC;
SQL
}
made dagster DAGSTER_DATABASE_PASSWORD NOCREATEROLE
made mlflow MLFLOW_DATABASE_PASSWORD NOCREATEROLE
# Makes the role that reads.
made monitoring MONITORING_DATABASE_PASSWORD CREATEROLE
