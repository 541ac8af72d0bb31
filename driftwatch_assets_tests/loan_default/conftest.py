"""Fixtures of the loans."""

from driftwatch_assets_tests.loan_default.replayed import real_house, real_replay

__all__ = ["real_house", "real_replay"]
