"""What arrives: landed files and published archives, as tables with a fingerprint or as a clear refusal."""

from driftwatch_assets.sources.libsvm import LibsvmSource
from driftwatch_assets.sources.quarantine import RowsUnaccounted, Split, readable, split
from driftwatch_assets.sources.refusal import DeliveryRefused

__all__ = [
    "DeliveryRefused",
    "LibsvmSource",
    "RowsUnaccounted",
    "Split",
    "readable",
    "split",
]
