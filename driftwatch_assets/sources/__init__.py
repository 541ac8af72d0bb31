"""What arrives: landed files and published archives, as tables with a fingerprint or as a clear refusal."""

from driftwatch_assets.sources.csv_cache import forget_cached, read_cached
from driftwatch_assets.sources.csv_source import CsvSource
from driftwatch_assets.sources.csv_window import extent_of, rows_of_window, window_fingerprints
from driftwatch_assets.sources.fetch_failure import (
    FetchFailed,
    FetchUnderWay,
    LandingOccupied,
    PublicationRefused,
    PublisherUnreachable,
)
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
from driftwatch_assets.sources.publisher import Publisher, fetch, read_checksums
from driftwatch_assets.sources.quarantine import RowsUnaccounted, Split, readable, split
from driftwatch_assets.sources.refusal import DeliveryRefused

__all__ = [
    "Conflict",
    "CsvSource",
    "Delivery",
    "DeliveryRefused",
    "FetchFailed",
    "FetchUnderWay",
    "Held",
    "KnownFile",
    "Landing",
    "LandingOccupied",
    "LandingUnreadable",
    "LibsvmSource",
    "PublicationRefused",
    "Publisher",
    "PublisherUnreachable",
    "RowsUnaccounted",
    "Split",
    "extent_of",
    "fetch",
    "fingerprint_file",
    "forget_cached",
    "list_landing",
    "read_cached",
    "read_checksums",
    "readable",
    "rows_of_window",
    "split",
    "window_fingerprints",
]
