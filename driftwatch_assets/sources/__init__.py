"""What arrives: landed files and published archives, as tables with a fingerprint or as a clear refusal."""

from driftwatch_assets.sources.landing import (
    Conflict,
    Delivery,
    Held,
    KnownFile,
    Landing,
    LandingUnreadable,
    fingerprint_file,
    list_landing,
)
from driftwatch_assets.sources.libsvm import LibsvmSource
from driftwatch_assets.sources.quarantine import RowsUnaccounted, Split, readable, split
from driftwatch_assets.sources.refusal import DeliveryRefused

__all__ = [
    "Conflict",
    "Delivery",
    "DeliveryRefused",
    "Held",
    "KnownFile",
    "Landing",
    "LandingUnreadable",
    "LibsvmSource",
    "RowsUnaccounted",
    "Split",
    "fingerprint_file",
    "list_landing",
    "readable",
    "split",
]
