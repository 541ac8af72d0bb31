"""What the service said, hour by hour, as batches that are watched."""

from __future__ import annotations

HOUR = "%Y-%m-%dT%H"
"""Format of the key of an hour, in UTC."""


def served_table(model: str) -> str:
    """Give the table of a model's served predictions, one partition an hour."""
    return f"{model}/served"
