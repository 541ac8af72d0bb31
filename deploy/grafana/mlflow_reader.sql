-- Lets a role read what the dashboards show of MLflow's database, and nothing else of it. Run as the owner of the
-- tables, in MLflow's database, after MLflow has made them; running it again changes nothing:
--   psql -v ON_ERROR_STOP=1 -v reader=grafana_reader -f mlflow_reader.sql
-- The role is made before, by `driftwatch monitoring grant` or by: CREATE ROLE grafana_reader LOGIN; \password grafana_reader
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :"reader";
GRANT SELECT ON experiments, runs, latest_metrics, params TO :"reader";
