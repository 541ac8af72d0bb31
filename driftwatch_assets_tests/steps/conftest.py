"""Fixtures of a replayed system."""

from driftwatch_assets_tests.steps.replayed import (
    deliveries,
    house6,
    house8,
    replayed,
    shared,
    through6,
    through8,
)

__all__ = ["deliveries", "house6", "house8", "replayed", "shared", "through6", "through8"]
