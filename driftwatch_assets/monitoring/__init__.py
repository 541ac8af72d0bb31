"""The monitoring database: what the lake and the registry know, as tables for dashboards, and the outbox of alerts."""
