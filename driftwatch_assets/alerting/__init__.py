"""Alerts: declared rules, when one opens and resolves, what is said, and the channels that say it."""
