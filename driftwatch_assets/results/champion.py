"""The model that a batch was scored by."""

from __future__ import annotations

from driftwatch_assets.results.record import Record


class Champion(Record):
    """The model that a batch was scored by.

    Attributes
    ----------
    version
        Its number in the registry.
    trained_through
        The newest batch of its training.
    fingerprint
        What it was trained on and how.
    candidate
        The name of its candidate.
    """

    version: str
    trained_through: str
    fingerprint: str
    candidate: str = ""
