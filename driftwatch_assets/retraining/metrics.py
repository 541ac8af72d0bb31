"""What a governance rule may name: every metric of a batch, and which of them a kind of task has."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALWAYS = {
    "rows": "rows of the batch",
    "psi": "population stability index of the score (or confidence) against rows held out at training",
    "wasserstein_scaled": "Wasserstein-1 of the score (or confidence), in standard deviations of the held-out rows",
    "drifted_share": "share of the judged features that drifted",
    "whole_table_auc": "AUC of telling the batch's rows from the reference's",
}
_LABELLED = {
    "labelled_rows": "rows whose label is known",
    "accuracy": "share of rows whose class was predicted",
    "accuracy_low": "lower end of the accuracy's interval",
    "accuracy_high": "upper end of the accuracy's interval",
    "f1_macro": "mean F1 over the classes",
    "mean_confidence": "mean of the highest score of a row",
    "correlation_change": "largest change of a feature's relation with the label",
}
_BINARY = {
    "auc": "area under the ROC curve",
    "auc_low": "lower end of the AUC's interval",
    "auc_high": "upper end of the AUC's interval",
    "precision": "share of the rows predicted positive that are",
    "precision_low": "lower end of the precision's interval",
    "precision_high": "upper end of the precision's interval",
    "recall": "share of the positive rows that were predicted positive",
    "recall_low": "lower end of the recall's interval",
    "recall_high": "upper end of the recall's interval",
    "f1": "F1 of the positive class",
    "brier": "mean squared error of the score",
    "prevalence": "share of positive rows",
}
_ANOMALY = {
    "anomaly_rate": "share of rows called anomalous",
    "anomaly_rate_low": "lower end of that share's interval",
    "anomaly_rate_high": "upper end of that share's interval",
    "rate_fit": "1 - |anomaly rate - contamination|",
}

METRICS: Mapping[str, str] = MappingProxyType(_ALWAYS | _LABELLED | _BINARY | _ANOMALY)
"""What each metric is, by name."""

MEASURED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "multiclass": frozenset(_ALWAYS | _LABELLED),
        "binary": frozenset(_ALWAYS | _LABELLED | _BINARY),
        "anomaly": frozenset(_ALWAYS | _ANOMALY),
    }
)
"""The metrics that a kind of task has, by the kind's name."""

RECORDED: Mapping[str, str] = MappingProxyType(
    {
        "value": "the declared metric of the batch's champion",
        "frozen_value": "the declared metric of the first champion, never retrained, on the batch",
        "previous_value": "the declared metric of the champion before the batch's, on the batch",
        "drifted_features": "features that drifted",
        "quarantined": "rows that were set aside",
    }
)
"""What is recorded of a batch besides `METRICS`, whatever the task, by name."""
