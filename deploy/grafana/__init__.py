"""Grafana: datasources and dashboards, one a monitored model and one over all.

The dashboards are committed as JSON, which Grafana provisions, and built by `python -m deploy.grafana.build`.
"""
