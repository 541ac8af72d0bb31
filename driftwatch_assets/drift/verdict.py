"""The verdict on a batch: what a policy makes of its statistics, with the evidence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch_assets.drift.feature_verdict import categorical, judge_features
from driftwatch_assets.drift.newest import COMPARED_WITH, TRAINING
from driftwatch_assets.drift.policy import DEFAULT
from driftwatch_assets.drift.severity import (
    chance,
    features_needed,
    finite,
    graded,
    percent,
    score_in_words,
    severity_score,
)
from driftwatch_assets.quoting import quoted

if TYPE_CHECKING:
    import pandas as pd

    from driftwatch_assets.drift.feature_verdict import FeatureVerdict
    from driftwatch_assets.drift.policy import Policy, Severity

_NAMED = 3
NEEDED = (
    "ks_pvalue",
    "psi",
    "wasserstein_scaled",
    "missing_rate_reference",
    "missing_rate_current",
    "n_reference",
    "n_current",
)


@dataclass(frozen=True)
class Verdict:
    """Whether a batch drifted, how much, and on what evidence.

    Attributes
    ----------
    drift_detected
        None when there was not enough data: neither a pass nor a failure.
    severity
        ``"none"``, ``"low"``, ``"medium"`` or ``"high"``; ``"none"`` unless drift was detected.
    drifted_features
        The features that drifted, most drifted first; also when they are too few for the batch to have drifted.
    reason
        One sentence for people.
    judged_features, share_drifted
        How many features were judged, and the share of them that drifted (0 to 1; 0 when none was judged).
    severity_effect
        The score that the severity was read off (see `severity_score`); an older version stored the effect that
        ``severity_share`` of the judged features reach, which is never more.
    rows_reference, rows_current
        Rows on both sides, the most over all features.
    features
        The verdict on each feature, in the order of the statistics.
    policy
        The thresholds.
    """

    drift_detected: bool | None
    severity: Severity
    drifted_features: list[str]
    reason: str
    judged_features: int
    share_drifted: float
    severity_effect: float
    rows_reference: int
    rows_current: int
    features: tuple[FeatureVerdict, ...]
    policy: Policy

    def mark(self, statistics: pd.DataFrame) -> pd.DataFrame:
        """Give the statistics with the verdict beside them.

        Adds ``ks_pvalue_adjusted``, ``chi2_pvalue_adjusted``, ``effect``, ``judged``, ``drifted`` and ``because``
        (text, reasons separated by commas).
        """
        p = np.array([np.nan if each.pvalue_adjusted is None else each.pvalue_adjusted for each in self.features])
        of_categories = categorical(statistics)
        return statistics.assign(
            ks_pvalue_adjusted=np.where(of_categories, np.nan, p),
            chi2_pvalue_adjusted=np.where(of_categories, p, np.nan),
            effect=[each.effect for each in self.features],
            judged=[each.judged for each in self.features],
            drifted=[each.drifted for each in self.features],
            because=[", ".join(each.because) for each in self.features],
        )

    def as_dict(self) -> dict[str, Any]:
        """Give the verdict as JSON-compatible values; an infinite effect is written as null."""
        return {
            "drift_detected": self.drift_detected,
            "severity": self.severity,
            "drifted_features": list(self.drifted_features),
            "reason": self.reason,
            "judged_features": self.judged_features,
            "share_drifted": self.share_drifted,
            "severity_effect": finite(self.severity_effect),
            "rows_reference": self.rows_reference,
            "rows_current": self.rows_current,
            "rule": self.policy.in_words(),
            "policy": self.policy.model_dump(mode="json"),
        }


def judge(statistics: pd.DataFrame, policy: Policy = DEFAULT) -> Verdict:
    """Judge what `Reference.compare` found.

    The decision rule is written out at `Policy`. Features with fewer than ``policy.min_rows`` values on a side are
    not judged by their distribution, and not at all when the side has fewer rows than that; when no feature can be
    judged the verdict is None.

    Parameters
    ----------
    statistics
        Indexed by feature, or with a column ``feature``. Columns that only `Reference.compare` adds (``kind``, the
        categories, ``missing_pvalue``) may be absent; the questions that need them are not asked then.
    policy
        The thresholds.

    Raises
    ------
    ValueError
        When a column that the decision needs is absent.

    Examples
    --------
    >>> import pandas as pd
    >>> from driftwatch_assets.drift import Reference
    >>> rng = np.random.default_rng(1)
    >>> reference = Reference.fit(pd.DataFrame(rng.normal(size=(2000, 4)), columns=list("abcd")))
    >>> batch = pd.DataFrame(rng.normal([0, 0, 0, 0.6], size=(500, 4)), columns=list("abcd"))
    >>> verdict = judge(reference.compare(batch))
    >>> verdict.drift_detected, verdict.severity, verdict.drifted_features
    (True, 'high', ['d'])
    >>> verdict.reason
    '1 of 4 features drifted (25 %, the alarm is at 5 %), most of all d (PSI 0.36, scaled Wasserstein 0.59, \
adjusted p < 1e-10); 1 of 4 moved by 0.59 or more, which scores 0.59, so the severity is high'
    >>> judge(reference.compare(batch.head(12))).drift_detected is None
    True
    """
    table = statistics.set_index("feature") if "feature" in statistics.columns else statistics
    absent = [name for name in NEEDED if name not in table.columns]
    if absent:
        raise ValueError(
            f"the statistics cannot be judged: they lack {', '.join(absent)}. Pass what Reference.compare returned."
        )
    features = judge_features(table, policy)
    judged = [each for each in features if each.judged]
    drifted = sorted((each for each in judged if each.drifted), key=lambda each: -each.effect)
    rows_reference, rows_current = _rows(table, "reference"), _rows(table, "current")
    share = len(drifted) / len(judged) if judged else 0.0
    needed = features_needed(len(judged), policy.min_share_of_features)
    detected = None if not judged else len(drifted) >= needed
    score = severity_score([each.effect for each in drifted], len(judged), policy.severity_share)
    severity: Severity = graded(score.value, policy.medium, policy.high) if detected else "none"
    if detected is None:
        reason = (
            f"not judged: the batch has {rows_current} rows and the reference {rows_reference}, and no feature has the "
            f"{policy.min_rows} values on each side that a verdict needs"
        )
    else:
        reason = _in_words(drifted, judged, table, policy)
        if detected:
            reason += f"; {score_in_words(score, len(judged), severity)}"
    return Verdict(
        drift_detected=detected,
        severity=severity,
        drifted_features=[each.feature for each in drifted],
        reason=reason,
        judged_features=len(judged),
        share_drifted=share,
        severity_effect=score.value,
        rows_reference=rows_reference,
        rows_current=rows_current,
        features=features,
        policy=policy,
    )


def _in_words(drifted: list[FeatureVerdict], judged: list[FeatureVerdict], table: pd.DataFrame, policy: Policy) -> str:
    noun = "feature" if len(judged) == 1 else "features"
    alarm = (
        f"the alarm is at {percent(policy.min_share_of_features)}" if policy.min_share_of_features else "one is enough"
    )
    counted = f"{len(drifted)} of {len(judged)} {noun} drifted"
    if not drifted:
        return (
            f"{counted}: none differs from the reference by more than chance and by enough to matter"
            if (policy.rule == "effect_and_significance")
            else f"{counted}: none reaches a threshold"
        )
    share = len(drifted) / len(judged)
    top = drifted[0]
    row = table.loc[table.index.astype(str) == top.feature].iloc[0]
    return f"{counted} ({percent(share)}, {alarm}), most of all {top.feature} ({_evidence(top, row)})"


def _evidence(top: FeatureVerdict, row: pd.Series[Any]) -> str:
    parts = []
    if "distribution" in top.because:
        parts.append(f"PSI {row['psi']:.2f}")
        if not math.isnan(row["wasserstein_scaled"]):
            parts.append(f"scaled Wasserstein {row['wasserstein_scaled']:.2f}")
        if top.pvalue_adjusted is not None:
            parts.append(chance(top.pvalue_adjusted))
        if row.get(COMPARED_WITH, TRAINING) != TRAINING:
            parts.append(f"against the newest batches {row[COMPARED_WITH]}")
    if "missing rate" in top.because:
        before, now = row["missing_rate_reference"], row["missing_rate_current"]
        parts.append(f"missing {percent(before)} before and {percent(now)} now")
    parts.extend(
        f"{kind} categories {_some(list(row[f'{kind}_categories']))}"
        for kind in ("new", "lost")
        if f"{kind} categories" in top.because
    )
    return ", ".join(parts)


def _some(categories: list[str]) -> str:
    """Quote a few categories, and count the others."""
    more = f" and {len(categories) - _NAMED:,} more" if len(categories) > _NAMED else ""
    return f"{', '.join(quoted(each) for each in categories[:_NAMED])}{more}"


def _rows(table: pd.DataFrame, side: str) -> int:
    name = f"rows_{side}" if f"rows_{side}" in table.columns else f"n_{side}"
    return int(table[name].max()) if len(table) else 0
