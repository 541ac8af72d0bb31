"""How often a rule raises an alarm without drift, what it finds, and what it flags that nobody would act on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.workloads import FEATURES, SHIFT, W1, normal
from driftwatch_assets.drift import Policy, Reference, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

DRAWS = 300
TINY_SHIFT = 0.02
MANY_ROWS = 100_000
SIGNIFICANCE_ONLY = {
    "rule": "any",
    "psi": None,
    "wasserstein_scaled": None,
}


def _policy(policy: Policy) -> Callable[[pd.DataFrame], tuple[list[str], bool]]:
    def decide(statistics: pd.DataFrame) -> tuple[list[str], bool]:
        verdict = judge(statistics, policy)
        return verdict.drifted_features, verdict.drift_detected is True

    return decide


def _evidently(statistics: pd.DataFrame) -> tuple[list[str], bool]:
    """Apply Evidently's default above 1,000 reference rows: normed Wasserstein 0.1, and half of the columns."""
    flagged = statistics.index[statistics["wasserstein_scaled"] >= 0.1].tolist()
    return flagged, len(flagged) >= 0.5 * len(statistics)


OURS = "**driftwatch's default policy**"
RULES: dict[str, Callable[[pd.DataFrame], tuple[list[str], bool]]] = {
    "KS p < 0.05, any feature (SciPy, Frouros, the gas original)": _policy(Policy.model_validate(SIGNIFICANCE_ONLY)),
    "KS p < 0.05 or PSI 0.2 or Wasserstein 0.3 (`rule: any`)": _policy(Policy(rule="any")),
    "KS with Bonferroni, any feature": _policy(
        Policy.model_validate({**SIGNIFICANCE_ONLY, "adjustment": "bonferroni"})
    ),
    "KS with Benjamini-Hochberg, any feature": _policy(
        Policy.model_validate({**SIGNIFICANCE_ONLY, "adjustment": "benjamini_hochberg"})
    ),
    "Evidently's default (half of the columns)": _evidently,
    OURS: _policy(Policy()),
    "driftwatch's, one feature enough": _policy(Policy(min_share_of_features=0)),
}


@dataclass
class Record:
    """What a rule did.

    Attributes
    ----------
    flagged
        Features flagged in each draw without drift.
    alarms
        Draws without drift in which the whole batch was called drifted.
    true, false
        Features rightly and wrongly flagged on W1.
    tiny
        Features flagged at a shift of 0.02 standard deviations and 100,000 rows.
    """

    flagged: list[int] = field(default_factory=list)
    alarms: int = 0
    true: int = 0
    false: int = 0
    tiny: int = 0

    def cells(self) -> Iterator[str]:
        """Give the table's cells."""
        yield f"{min(self.flagged)}-{max(self.flagged)}"
        yield f"{100 * self.alarms / len(self.flagged):.1f} %"
        yield f"{self.true}/{self.false}"
        yield str(self.tiny)


def measure(draws: int = DRAWS) -> dict[str, Record]:
    """Draw, compare once, and apply every rule to the same statistics."""
    records = {name: Record() for name in RULES}
    rng = np.random.default_rng(300)
    for draw in range(draws):
        if draw % 50 == 0:
            print(f"  false alarms: {draw} of {draws} draws without drift", flush=True)
        statistics = Reference.fit(normal(rng, W1.reference_rows)).compare(normal(rng, W1.batch_rows))
        for name, rule in RULES.items():
            flagged, alarm = rule(statistics)
            records[name].flagged.append(len(flagged))
            records[name].alarms += alarm
    shifted = {f"x{at}" for at in range(FEATURES // 2)}
    statistics = Reference.fit(normal(rng, W1.reference_rows)).compare(normal(rng, W1.batch_rows, SHIFT))
    tiny = Reference.fit(normal(rng, MANY_ROWS)).compare(normal(rng, MANY_ROWS, TINY_SHIFT, FEATURES))
    for name, rule in RULES.items():
        found = set(rule(statistics)[0])
        records[name].true, records[name].false = len(found & shifted), len(found - shifted)
        records[name].tiny = len(rule(tiny)[0])
    return records
