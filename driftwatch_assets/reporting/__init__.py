"""Reports: plain results become self-contained pages for people and JSON twins for machines."""

from driftwatch_assets.reporting.anomaly import AnomalyScores, anomaly_from
from driftwatch_assets.reporting.batch_page import render_batch
from driftwatch_assets.reporting.content import BatchReport, ColumnDrift, Decision
from driftwatch_assets.reporting.distributions import Distribution, histogram, histograms, strongest
from driftwatch_assets.reporting.errors import ReportContentError
from driftwatch_assets.reporting.heatmap import Heatmap, heatmap_of
from driftwatch_assets.reporting.history import HistoryEntry
from driftwatch_assets.reporting.index_entry import IndexEntry, OpenAlert
from driftwatch_assets.reporting.index_page import render_index
from driftwatch_assets.reporting.machine import batch_json, json_bytes, summary_json
from driftwatch_assets.reporting.performance import (
    BinaryPerformance,
    Performance,
    ScoreBin,
    performance_from,
    score_bins,
)
from driftwatch_assets.reporting.quality import QualityPage
from driftwatch_assets.reporting.quality_page import quality_json, render_quality
from driftwatch_assets.reporting.relations import RelationDrift, WholeTableScore, relation_from, whole_table_from
from driftwatch_assets.reporting.retrainings import RetrainingGain, retraining_gains
from driftwatch_assets.reporting.summary_page import render_summary
from driftwatch_assets.reporting.verdict import Verdict, statistics_from, verdict_from
from driftwatch_assets.reporting.wording import (
    SUMMARY_JSON,
    SUMMARY_PAGE,
    json_name,
    page_name,
    quality_json_name,
    quality_name,
)

__all__ = [
    "SUMMARY_JSON",
    "SUMMARY_PAGE",
    "AnomalyScores",
    "BatchReport",
    "BinaryPerformance",
    "ColumnDrift",
    "Decision",
    "Distribution",
    "Heatmap",
    "HistoryEntry",
    "IndexEntry",
    "OpenAlert",
    "Performance",
    "QualityPage",
    "RelationDrift",
    "ReportContentError",
    "RetrainingGain",
    "ScoreBin",
    "Verdict",
    "WholeTableScore",
    "anomaly_from",
    "batch_json",
    "heatmap_of",
    "histogram",
    "histograms",
    "json_bytes",
    "json_name",
    "page_name",
    "performance_from",
    "quality_json",
    "quality_json_name",
    "quality_name",
    "relation_from",
    "render_batch",
    "render_index",
    "render_quality",
    "render_summary",
    "retraining_gains",
    "score_bins",
    "statistics_from",
    "strongest",
    "summary_json",
    "verdict_from",
    "whole_table_from",
]
