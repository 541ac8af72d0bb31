"""What arrives: files, tables of a database and answers over HTTP, as tables or as a clear refusal."""

from driftwatch_assets.sources.csv_cache import forget_cached, read_cached
from driftwatch_assets.sources.csv_source import CsvSource
from driftwatch_assets.sources.csv_window import extent_of, rows_of_window, window_fingerprints
from driftwatch_assets.sources.declared import (
    Database,
    DatabaseTable,
    Files,
    Source,
    WindowedFiles,
    WindowedTable,
)
from driftwatch_assets.sources.embedded import embedded_database, rows_aside
from driftwatch_assets.sources.fetch_failure import (
    AnswerRefused,
    FetchFailed,
    FetchUnconfigured,
    FetchUnderWay,
    LandingOccupied,
    PublicationRefused,
    PublisherUnreachable,
    SourceUnanswered,
)
from driftwatch_assets.sources.http_fetch import Fetched, HttpFetch, fetch_once
from driftwatch_assets.sources.landing import (
    CLOCK_SKEW_SECONDS,
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
from driftwatch_assets.sources.quarantine import REJECT_REASON, RowsUnaccounted, Split, readable, split
from driftwatch_assets.sources.refusal import DeliveryRefused
from driftwatch_assets.sources.simulated import mark_simulated, simulated_with
from driftwatch_assets.sources.sql import SqlTable, extract, open_snapshot
from driftwatch_assets.sources.sql_failure import (
    DatabaseUnreachable,
    DatabaseUrlRefused,
    ExtractionFailed,
    QueryRefused,
)
from driftwatch_assets.sources.unplaced import Unplaced, is_placed, unplaced_rows
from driftwatch_assets.sources.window import (
    EARLIEST,
    FORMATS,
    LATEST,
    Every,
    Window,
    WindowUnknown,
    window_at,
    window_of,
    windows_between,
)

__all__ = [
    "CLOCK_SKEW_SECONDS",
    "EARLIEST",
    "FORMATS",
    "LATEST",
    "REJECT_REASON",
    "AnswerRefused",
    "Conflict",
    "CsvSource",
    "Database",
    "DatabaseTable",
    "DatabaseUnreachable",
    "DatabaseUrlRefused",
    "Delivery",
    "DeliveryRefused",
    "Every",
    "ExtractionFailed",
    "FetchFailed",
    "FetchUnconfigured",
    "FetchUnderWay",
    "Fetched",
    "Files",
    "Held",
    "HttpFetch",
    "KnownFile",
    "Landing",
    "LandingOccupied",
    "LandingUnreadable",
    "LibsvmSource",
    "PublicationRefused",
    "Publisher",
    "PublisherUnreachable",
    "QueryRefused",
    "RowsUnaccounted",
    "Source",
    "SourceUnanswered",
    "Split",
    "SqlTable",
    "Unplaced",
    "Window",
    "WindowUnknown",
    "WindowedFiles",
    "WindowedTable",
    "embedded_database",
    "extent_of",
    "extract",
    "fetch",
    "fetch_once",
    "fingerprint_file",
    "forget_cached",
    "is_placed",
    "list_landing",
    "mark_simulated",
    "open_snapshot",
    "read_cached",
    "read_checksums",
    "readable",
    "rows_aside",
    "rows_of_window",
    "simulated_with",
    "split",
    "unplaced_rows",
    "window_at",
    "window_fingerprints",
    "window_of",
    "windows_between",
]
