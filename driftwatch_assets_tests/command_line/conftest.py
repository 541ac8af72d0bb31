"""Fixtures of a replayed system."""

from driftwatch_assets_tests.steps.replayed import (
    deliveries,
    house8,
    replayed,
    shared,
    through8,
)

__all__ = ["deliveries", "house8", "replayed", "shared", "through8"]
