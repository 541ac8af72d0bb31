"""Drift: a reference, the statistics of a batch against it, and the verdict on them."""

from driftwatch_assets.drift.columns import CategoricalColumn, NumericColumn
from driftwatch_assets.drift.correlation import CorrelationReference
from driftwatch_assets.drift.correlation_verdict import (
    CorrelationPolicy,
    CorrelationVerdict,
    RelationVerdict,
    judge_correlation,
)
from driftwatch_assets.drift.errors import ColumnRefused, ColumnsDiffer, DriftError, ReferenceUnreadable
from driftwatch_assets.drift.feature_verdict import FeatureVerdict
from driftwatch_assets.drift.newest import NOTHING, NewestValues, against_newest, newest_values, presence_of
from driftwatch_assets.drift.policy import DEFAULT, Policy
from driftwatch_assets.drift.reference import Reference
from driftwatch_assets.drift.verdict import Verdict, judge
from driftwatch_assets.drift.whole_table import WholeTable, compare_whole_table
from driftwatch_assets.drift.whole_table_policy import WholeTablePolicy
from driftwatch_assets.drift.whole_table_verdict import WholeTableVerdict, judge_whole_table
from driftwatch_assets.drift.within_classes import ClassReferences, fit_within, judge_within

__all__ = [
    "DEFAULT",
    "NOTHING",
    "CategoricalColumn",
    "ClassReferences",
    "ColumnRefused",
    "ColumnsDiffer",
    "CorrelationPolicy",
    "CorrelationReference",
    "CorrelationVerdict",
    "DriftError",
    "FeatureVerdict",
    "NewestValues",
    "NumericColumn",
    "Policy",
    "Reference",
    "ReferenceUnreadable",
    "RelationVerdict",
    "Verdict",
    "WholeTable",
    "WholeTablePolicy",
    "WholeTableVerdict",
    "against_newest",
    "compare_whole_table",
    "fit_within",
    "judge",
    "judge_correlation",
    "judge_whole_table",
    "judge_within",
    "newest_values",
    "presence_of",
]
