"""The verdict on the relations of the features with the label: which of them changed, and whether it matters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from driftwatch_assets.drift.severity import (
    chance,
    features_needed,
    finite,
    graded,
    percent,
    score_in_words,
    severity_score,
)
from driftwatch_assets.drift.significance import adjusted

if TYPE_CHECKING:
    import pandas as pd

    from driftwatch_assets.drift.policy import Severity

NEEDED = ("classes", "strength_reference", "strength_current", "change", "pvalue", "least_reference", "least_current")


class CorrelationPolicy(BaseModel):
    """What counts as a changed relation with the label.

    A feature has drifted when its relation changed noticeably and not by chance::

        adjusted p < alpha  and  change >= change threshold

    The threshold of 0.1 is an area under the curve that differs by 0.05, or, for a category, ten points of the share
    by which two classes differ; the severity's cut points are 0.3 and 0.5, which is where a rank-biserial correlation
    itself is called medium and large. All p-values of a comparison are adjusted together: without drift a batch
    raises an alarm with a probability of about ``alpha`` at most.

    A batch has drifted when the share of judged features that drifted is ``min_share_of_features`` or more, and one
    at least. The severity is read off the score of the changes, as at `Policy`.

    Examples
    --------
    >>> CorrelationPolicy().in_words()
    'a relation with the label drifts when p < 0.01 (Benjamini-Hochberg) and it changes by 0.1; the batch drifts with \
at least 5 % of the features'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    change: float = Field(
        default=0.1,
        gt=0,
        le=2,
        description="Change of the rank-biserial (or of the difference of shares) that matters.",
    )
    alpha: float = Field(default=0.01, gt=0, lt=1, description="p-value below which a change is not called chance.")
    adjustment: Literal["benjamini_hochberg", "bonferroni", "none"] = Field(
        default="benjamini_hochberg", description="How p-values are adjusted for the number of features."
    )
    min_rows: int = Field(
        default=20,
        ge=10,
        description="Values of each of two classes, on each side, without which they are not compared.",
    )
    min_share_of_features: float = Field(
        default=0.05, ge=0, le=1, description="Share of the judged features that makes the batch drift; one at least."
    )
    severity_share: float = Field(
        default=0.25,
        gt=0,
        le=1,
        description="Share of the judged features whose change counts in full for the severity.",
    )
    medium: float = Field(default=0.3, gt=0, description="Score from which the severity is medium.")
    high: float = Field(default=0.5, gt=0, description="Score from which the severity is high.")

    @model_validator(mode="after")
    def _ascending(self) -> CorrelationPolicy:
        if self.high < self.medium:
            raise ValueError(f"high is {self.high}, below medium, which is {self.medium}")
        return self

    def in_words(self) -> str:
        """Say the rule in one sentence, with its thresholds."""
        names = {"benjamini_hochberg": " (Benjamini-Hochberg)", "bonferroni": " (Bonferroni)", "none": ""}
        share = f"{100 * self.min_share_of_features:g} % of the features" if self.min_share_of_features else "one"
        return (
            f"a relation with the label drifts when p < {self.alpha:g}{names[self.adjustment]} and it changes by "
            f"{self.change:g}; the batch drifts with at least {share}"
        )


@dataclass(frozen=True)
class RelationVerdict:
    """The verdict on one feature's relation with the label.

    Attributes
    ----------
    feature
        Its name.
    judged
        Whether two classes had enough values on both sides.
    drifted
        Whether it drifted; False when it was not judged.
    effect
        The change, 0 to 2; 0 when it was not judged.
    pvalue_adjusted
        Of the change; None when it was not judged.
    """

    feature: str
    judged: bool
    drifted: bool
    effect: float
    pvalue_adjusted: float | None


@dataclass(frozen=True)
class CorrelationVerdict:
    """Whether the relations with the label changed, how much, and on what evidence.

    The attributes are those of `Verdict`; ``rows_reference`` and ``rows_current`` are labelled rows, the most over all
    features.
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
    features: tuple[RelationVerdict, ...]
    policy: CorrelationPolicy

    def mark(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give the statistics with ``pvalue_adjusted``, ``judged`` and ``drifted`` beside them."""
        return table.assign(
            pvalue_adjusted=[
                np.nan if each.pvalue_adjusted is None else each.pvalue_adjusted for each in self.features
            ],
            judged=[each.judged for each in self.features],
            drifted=[each.drifted for each in self.features],
        )

    def as_dict(self) -> dict[str, Any]:
        """Give the verdict as JSON-compatible values."""
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


def judge_correlation(table: pd.DataFrame, policy: CorrelationPolicy | None = None) -> CorrelationVerdict:
    """Judge what `CorrelationReference.compare` found, under the rule that `CorrelationPolicy` states.

    Parameters
    ----------
    table
        Indexed by feature, or with a column ``feature``.
    policy
        The thresholds; the default ones when None.

    Raises
    ------
    ValueError
        When a column that the decision needs is absent.

    Examples
    --------
    >>> import pandas as pd
    >>> from driftwatch_assets.drift import CorrelationReference
    >>> rng = np.random.default_rng(5)
    >>> outcome = pd.Series(["repaid", "default"] * 1000)
    >>> late = (outcome == "default").to_numpy()
    >>> frame = pd.DataFrame({"income": rng.normal(size=2000) - late, "age": rng.normal(size=2000)})
    >>> batch = frame.assign(income=frame["income"] + late)
    >>> judge_correlation(CorrelationReference.fit(frame, outcome).compare(batch, outcome)).reason
    'the relation of 1 of 2 features with the label changed (50 %, the alarm is at 5 %), most of all income (default \
against repaid: -0.53 before and 0.00 now, adjusted p < 1e-10); 1 of 2 moved by 0.53 or more, \
which scores 0.53, so the severity is high'
    """
    policy = CorrelationPolicy() if policy is None else policy
    table = table.set_index("feature") if "feature" in table.columns else table
    absent = [name for name in NEEDED if name not in table.columns]
    if absent:
        raise ValueError(
            f"the relations cannot be judged: their table lacks {', '.join(absent)}. "
            "Pass what CorrelationReference.compare returned."
        )
    features = _judged(table, policy)
    judged = [each for each in features if each.judged]
    drifted = sorted((each for each in judged if each.drifted), key=lambda each: -each.effect)
    detected = len(drifted) >= features_needed(len(judged), policy.min_share_of_features) if judged else None
    score = severity_score([each.effect for each in drifted], len(judged), policy.severity_share)
    severity: Severity = graded(score.value, policy.medium, policy.high) if detected else "none"
    rows_reference, rows_current = (
        int(table[name].max()) if name in table.columns and len(table) else 0 for name in ("n_reference", "n_current")
    )
    if detected is None:
        reason = (
            f"not judged: the batch has {rows_current} labelled rows and the reference {rows_reference}, and no two "
            f"classes have the {policy.min_rows} values each on both sides that a verdict needs"
        )
    else:
        reason = _in_words(drifted, len(judged), table, policy)
        if detected:
            reason += f"; {score_in_words(score, len(judged), severity)}"
    return CorrelationVerdict(
        drift_detected=detected,
        severity=severity,
        drifted_features=[each.feature for each in drifted],
        reason=reason,
        judged_features=len(judged),
        share_drifted=len(drifted) / len(judged) if judged else 0.0,
        severity_effect=score.value,
        rows_reference=rows_reference,
        rows_current=rows_current,
        features=features,
        policy=policy,
    )


def _judged(table: pd.DataFrame, policy: CorrelationPolicy) -> tuple[RelationVerdict, ...]:
    least = np.minimum(table["least_reference"].to_numpy(), table["least_current"].to_numpy())
    raw = table["pvalue"].to_numpy(dtype=np.float64)
    pvalues = adjusted(np.where(least >= policy.min_rows, raw, np.nan), policy.adjustment)
    changes = table["change"].to_numpy(dtype=np.float64)
    drifted = (pvalues < policy.alpha) & (changes >= policy.change)
    return tuple(
        RelationVerdict(
            feature=str(name),
            judged=not np.isnan(pvalue),
            drifted=bool(moved),
            effect=0.0 if np.isnan(pvalue) else float(change),
            pvalue_adjusted=None if np.isnan(pvalue) else float(pvalue),
        )
        for name, pvalue, change, moved in zip(table.index, pvalues, changes, drifted, strict=True)
    )


def _in_words(drifted: list[RelationVerdict], judged: int, table: pd.DataFrame, policy: CorrelationPolicy) -> str:
    noun = "feature" if judged == 1 else "features"
    counted = f"the relation of {len(drifted)} of {judged} {noun} with the label changed"
    if not drifted:
        return f"{counted}: none differs from the reference by more than chance and by enough to matter"
    alarm = (
        f"the alarm is at {percent(policy.min_share_of_features)}" if policy.min_share_of_features else "one is enough"
    )
    top = drifted[0]
    row = table.loc[table.index.astype(str) == top.feature].iloc[0]
    return (
        f"{counted} ({percent(len(drifted) / judged)}, {alarm}), most of all {top.feature} ({row['classes']}: "
        f"{_rounded(row['strength_reference'])} before and {_rounded(row['strength_current'])} now, "
        f"{chance(top.pvalue_adjusted or 0.0)})"
    )


def _rounded(strength: float) -> str:
    return f"{round(float(strength), 2) + 0.0:.2f}"  # no minus sign before a zero
