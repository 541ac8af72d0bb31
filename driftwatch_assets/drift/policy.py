"""What counts as drift: thresholds that a user declares."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Severity = Literal["none", "low", "medium", "high"]
Rule = Literal["effect_and_significance", "any"]

DEFAULTS: dict[str, dict[str, Any]] = {
    "effect_and_significance": {},
    "any": {
        "alpha": 0.05,
        "adjustment": "none",
        "psi": 0.2,
        "wasserstein_scaled": 0.3,
        "missing_rate_change": None,
        "new_categories": False,
        "lost_categories": False,
        "min_share_of_features": 0.0,
    },
}


class Policy(BaseModel):
    """A drift policy.

    With ``rule: effect_and_significance`` a feature has drifted when its distribution moved noticeably and not by
    chance::

        adjusted p < alpha  and  (wasserstein_scaled >= wasserstein_scaled threshold  or  psi >= psi threshold)

    with p from Kolmogorov-Smirnov (numeric) or chi-square (categorical); or when its missing rate changed by
    ``missing_rate_change`` or more, or categories that are new or lost make up ``category_rate`` or more of the
    values, each with an adjusted p-value below ``alpha`` too. All p-values of a comparison are adjusted together.
    Without drift a batch raises an alarm with a probability of ``alpha`` at most; it comes close to that only when the
    batch is so small that chance alone reaches the effect sizes (some hundred rows).

    With ``rule: any`` one of the thresholds is enough: ``adjusted p < alpha`` or ``psi`` or ``wasserstein_scaled``.
    Its other defaults are those of the classic monitors: alpha 0.05, no adjustment, PSI 0.2, scaled Wasserstein 0.3,
    missing values and categories left alone, one feature enough. It raises an alarm on nearly every batch of many
    features: see the table of false alarms in the benchmark.

    A batch has drifted when the share of judged features that drifted is ``min_share_of_features`` or more, and one
    at least.

    The severity says what moved and by how many::

        score = max over k of e[k] * min(1, sqrt(k / (severity_share * judged features)))

    with e[1] >= e[2] >= … the effects of the drifted features, each the largest of its PSI, its scaled Wasserstein
    distance and its change of missing rate or of categories. A quarter of the features counts in full, one alone as
    much as it is strong: ``medium`` and ``high`` are the cut points of the score, below is low.

    Examples
    --------
    >>> Policy().psi, Policy(rule="any").psi
    (0.1, 0.2)
    >>> Policy(rule="any", psi=None, wasserstein_scaled=None).in_words()
    'a feature drifts when p < 0.05; the batch drifts with at least one'
    >>> Policy().in_words()
    'a feature drifts when p < 0.01 (Benjamini-Hochberg) and (scaled Wasserstein >= 0.1 or PSI >= 0.1), or when its \
missing rate changes by 0.05, or when new or lost categories reach 0.01 of the values; the batch drifts with at least \
5 % of the features'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: Rule = Field(default="effect_and_significance", description="How the thresholds are combined.")
    alpha: float | None = Field(
        default=0.01, gt=0, lt=1, description="p-value below which a difference is not called chance; null: not asked."
    )
    adjustment: Literal["benjamini_hochberg", "bonferroni", "none"] = Field(
        default="benjamini_hochberg", description="How p-values are adjusted for the number of tests."
    )
    psi: float | None = Field(
        default=0.1, gt=0, description="Population stability index that matters; null: not asked."
    )
    wasserstein_scaled: float | None = Field(
        default=0.1,
        gt=0,
        description="Wasserstein-1 in standard deviations of the reference that matters; null: not asked.",
    )
    missing_rate_change: float | None = Field(
        default=0.05, gt=0, le=1, description="Change of the missing rate, up or down, that matters; null: not asked."
    )
    new_categories: bool = Field(default=True, description="Whether values never seen before are drift.")
    lost_categories: bool = Field(default=True, description="Whether values no longer seen are drift.")
    category_rate: float = Field(
        default=0.01, ge=0, le=1, description="Share of the values in new (or lost) categories that matters."
    )
    min_rows: int = Field(default=30, ge=2, description="Rows on each side without which nothing is judged.")
    min_share_of_features: float = Field(
        default=0.05, ge=0, le=1, description="Share of the judged features that makes the batch drift; one at least."
    )
    severity_share: float = Field(
        default=0.25,
        gt=0,
        le=1,
        description="Share of the judged features whose effect counts in full for the severity.",
    )
    medium: float = Field(default=0.25, gt=0, description="Score from which the severity is medium.")
    high: float = Field(default=0.5, gt=0, description="Score from which the severity is high.")

    @model_validator(mode="before")
    @classmethod
    def _with_defaults_of_rule(cls, declared: Any) -> Any:
        rule = declared.get("rule") if isinstance(declared, dict) else None
        return {**DEFAULTS[rule], **declared} if isinstance(rule, str) and rule in DEFAULTS else declared

    @model_validator(mode="after")
    def _consistent(self) -> Policy:
        if self.high < self.medium:
            raise ValueError(f"high is {self.high}, below medium, which is {self.medium}")
        if self.rule == "effect_and_significance" and self.alpha is None:
            raise ValueError("rule effect_and_significance needs an alpha; with rule any it may be null")
        if self.alpha is None and self.psi is None and self.wasserstein_scaled is None:
            raise ValueError("alpha, psi and wasserstein_scaled are all null: no distribution could ever drift")
        return self

    def in_words(self) -> str:
        """Say the rule in one sentence, with its thresholds."""
        names = {"benjamini_hochberg": " (Benjamini-Hochberg)", "bonferroni": " (Bonferroni)", "none": ""}
        chance = [f"p < {self.alpha:g}{names[self.adjustment]}"] if self.alpha is not None else []
        effects = [
            f"{name} >= {threshold:g}"
            for name, threshold in (("scaled Wasserstein", self.wasserstein_scaled), ("PSI", self.psi))
            if threshold is not None
        ]
        if self.rule == "any" or not effects:
            rule = " or ".join(chance + effects)
        else:
            rule = f"{chance[0]} and {effects[0] if len(effects) == 1 else '(' + ' or '.join(effects) + ')'}"
        parts = [f"a feature drifts when {rule}"]
        if self.missing_rate_change is not None:
            parts.append(f"or when its missing rate changes by {self.missing_rate_change:g}")
        kinds = [name for name, asked in (("new", self.new_categories), ("lost", self.lost_categories)) if asked]
        if kinds:
            parts.append(f"or when {' or '.join(kinds)} categories reach {self.category_rate:g} of the values")
        share = f"{100 * self.min_share_of_features:g} % of the features" if self.min_share_of_features else "one"
        return f"{', '.join(parts)}; the batch drifts with at least {share}"


DEFAULT = Policy()
