"""Reports: plain results become self-contained pages for people and JSON twins for machines."""

from driftwatch_assets.reporting.batch_page import render_batch
from driftwatch_assets.reporting.content import (
    BatchReport,
    Champion,
    ColumnDrift,
    Decision,
    Heatmap,
    HistoryEntry,
    Performance,
    ReportContentError,
    Verdict,
    WithinClass,
)
from driftwatch_assets.reporting.distributions import Distribution, histogram, histograms, strongest
from driftwatch_assets.reporting.machine import batch_json, json_bytes, summary_json
from driftwatch_assets.reporting.results import confidence_of, performance_of, verdict_of, within_of
from driftwatch_assets.reporting.retrainings import RetrainingGain, retraining_gains
from driftwatch_assets.reporting.summary_page import render_summary
from driftwatch_assets.reporting.wording import SUMMARY_JSON, SUMMARY_PAGE, json_name, page_name

__all__ = [
    "SUMMARY_JSON",
    "SUMMARY_PAGE",
    "BatchReport",
    "Champion",
    "ColumnDrift",
    "Decision",
    "Distribution",
    "Heatmap",
    "HistoryEntry",
    "Performance",
    "ReportContentError",
    "RetrainingGain",
    "Verdict",
    "WithinClass",
    "batch_json",
    "confidence_of",
    "histogram",
    "histograms",
    "json_bytes",
    "json_name",
    "page_name",
    "performance_of",
    "render_batch",
    "render_summary",
    "retraining_gains",
    "strongest",
    "summary_json",
    "verdict_of",
    "within_of",
]
