"""Content for the pages of the other tasks: loans with labels that come late, and crashes without any."""

from __future__ import annotations

import functools
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from driftwatch_assets.drift import Reference, judge
from driftwatch_assets.reporting import (
    BatchReport,
    Heatmap,
    HistoryEntry,
    QualityPage,
    RelationDrift,
    Verdict,
    WholeTableScore,
    anomaly_from,
    heatmap_of,
    histograms,
    performance_from,
    quality_name,
    score_bins,
    strongest,
    verdict_from,
)
from driftwatch_assets.results import (
    AnomalyMeasured,
    BinaryMeasured,
    ExpectationResult,
    Governance,
    JudgedPerformance,
    QualityResult,
    RulePart,
)
from driftwatch_assets.steps.measure import measured_of
from driftwatch_assets.steps.verdicts import data_drift_of
from driftwatch_assets.training import measure_task
from driftwatch_assets.training.task import Anomaly, Binary
from driftwatch_assets_tests.reporting.examples import column_drift, scorer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch_assets.reporting import ScoreBin
    from driftwatch_assets.results import Layer

BINARY = Binary(kind="binary", id="loan", label="outcome", positive="default", negative="repaid", threshold=0.4)
ANOMALY = Anomaly(kind="anomaly", id="crash", contamination=0.1)
RULE = "auc < 0.70 or psi >= 0.2 or precision < 0.60 or recall < 0.50"


def loans(rng: np.random.Generator, rows: int, shift: float = 0.0, without: str = "") -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "Credit_History_Months": rng.normal(220 + 40 * shift, 90, rows),
            "Monthly_Inhand_Salary": rng.lognormal(8.2 + shift / 3, 0.6, rows),
            "Interest_Rate": rng.gamma(4, 3.5, rows),
            "fe_10_mean": rng.normal(120, 30, rows),
            "Credit_Mix": rng.choice(["Good", "Standard", "Bad", "Unknown"], rows),
            "Occupation": rng.choice([f"Occupation_number_{at:02d}" for at in range(16)], rows),
        }
    )
    if shift:
        frame["Credit_Mix"] = frame["Credit_Mix"].replace("Unknown", "Not told")
    if without:
        frame[without] = np.nan
    return frame


@functools.cache
def loan_metrics() -> tuple[BinaryMeasured, tuple[ScoreBin, ...]]:
    """What is measured of 521 loans, as it is stored, and the bins of their scores."""
    rng = np.random.default_rng(3)
    labels = np.where(rng.random(521) < 0.288, "default", "repaid")
    score = 1 / (1 + np.exp(-rng.normal(np.where(labels == "default", 0.1, -1.3), 1.1)))
    scored = pd.DataFrame(
        {"score_default": score, "score_repaid": 1 - score, "confidence": np.maximum(score, 1 - score)}
    )
    scored["predicted"] = np.where(score >= 0.4, "default", "repaid")
    measured = measured_of(measure_task(BINARY, labels, scored))
    assert isinstance(measured, BinaryMeasured)
    return measured, score_bins(score, labels, "default")


def loan_history(batches: int, known: int) -> tuple[HistoryEntry, ...]:
    """Months judged by AUC, of which the labels of the newest are not known yet."""
    rng = np.random.default_rng(8)
    first = 4
    entries = []
    for at in range(batches):
        value = float(0.79 + rng.normal(0, 0.015))
        scored = {
            "value": value,
            "value_low": value - 0.04,
            "value_high": value + 0.04,
            "frozen_value": value - at / batches * 0.1,
            "previous_value": value - 0.01,
        }
        entries.append(
            HistoryEntry(
                f"{2013 + at // 12}-{at % 12 + 1:02d}",
                rows=521,
                champion_trained_through=None
                if at < first
                else f"{2013 + (at - at % 9) // 12}-{(at - at % 9) % 12 + 1:02d}",
                metric="auc",
                drift_detected=None if at < first else at % 5 == 0,
                severity="low",
                drifted_features=at % 7,
                retrained=at > first and at % 9 == 0,
                promoted=at == first - 1 or (at > first and at % 18 == 0),
                **(scored if first <= at < known else {}),
            )
        )
    return tuple(entries)


@functools.cache
def binary_report() -> BatchReport:
    """A month of loans whose labels came, with everything known of it."""
    rng = np.random.default_rng(4)
    before, now = loans(rng, 3000), loans(rng, 521, shift=0.5, without="fe_10_mean")
    reference = Reference.fit(before)
    compared = reference.compare(now)
    verdict = judge(compared)
    statistics = verdict.mark(compared)
    metrics, bins = loan_metrics()
    said = JudgedPerformance(
        metric="auc",
        value=metrics.auc,
        low=metrics.auc_low,
        high=metrics.auc_high,
        baseline=0.79,
        degraded=False,
        severity="none",
        reason="auc is within 0.050 of the expected 0.790 or above it",
    )
    return BatchReport(
        model="loan_default",
        title="Loan defaults",
        task="binary",
        batch="2024-07",
        rows=521,
        verdict=verdict_from(data_drift_of(verdict, {})),
        statistics=statistics,
        champion=scorer("4", "2023-12", "gradient boosting"),
        quarantine={"financials: age is outside 18 to 100": 31},
        reference="batches 2023-01 to 2023-12",
        label_drift=column_drift(
            "outcome", pd.Series(["repaid"] * 700 + ["default"] * 300), now["Credit_Mix"].map(_label)
        ),
        performance=performance_from(metrics, said, baseline_rows="later batches than it had seen", scores=bins),
        mean_confidence=metrics.mean_confidence,
        distributions=histograms(reference, now, strongest(statistics, 6)),
        correlation=relation(),
        whole_table=whole_table(),
        governance=Governance(
            rule=RULE,
            fires=True,
            reason="the rule fires: recall < 0.50 holds (recall is 0.455)",
            parts=(
                RulePart(text="auc < 0.70", value=metrics.auc, fires=False),
                RulePart(text="psi >= 0.2", value=None, fires=None),
                RulePart(text="recall < 0.50", value=0.455, fires=True),
            ),
        ),
        history=loan_history(18, 12),
        provenance={"gold fingerprint": "5f0d1a7c" * 8},
        quality_page=quality_name("2024-07"),
    )


def _label(mix: str) -> str:
    return "default" if mix == "Bad" else "repaid"


def relation() -> RelationDrift:
    table = pd.DataFrame(
        {
            "feature": ["Interest_Rate", "Credit_Mix", "Occupation", "fe_10_mean"],
            "classes": ["default against repaid"] * 3 + [""],
            "judged": [True, True, True, False],
            "strength_reference": [0.31, 0.28, 0.05, -0.22],
            "strength_current": [0.02, 0.26, 0.06, np.nan],
            "change": [-0.29, -0.02, 0.01, np.nan],
            "pvalue_adjusted": [1e-9, 0.71, 0.9, np.nan],
            "drifted": [True, False, False, False],
        }
    )
    rule = "a relation changes when adjusted p < 0.01 and its strength changes by 0.1"
    return RelationDrift(Verdict(True, "medium", ("Interest_Rate",), "1 of 4 relations changed", rule), table)


def whole_table() -> WholeTableScore:
    strongest = (("fe_10_mean", 0.61), ("Credit_Mix", 0.24), ("Monthly_Inhand_Salary", 0.09))
    verdict = Verdict(True, "high", reason="the rows are told apart with AUC 0.93, the alarm is at 0.75")
    return WholeTableScore(verdict, 0.93, 0.75, 0.91, 0.95, 1042, strongest)


@functools.cache
def anomaly_report() -> BatchReport:
    """A year of crashes, scored without labels."""
    rng = np.random.default_rng(6)
    score = rng.beta(8, 10, 142)
    limit = float(np.quantile(score, 0.86))
    scored = pd.DataFrame({"score": score, "predicted": np.where(score > limit, "anomaly", "normal")})
    report = measure_task(ANOMALY, None, scored, [f"C{at:05d}" for at in range(142)], threshold=limit)
    measured = measured_of(report)
    assert isinstance(measured, AnomalyMeasured)
    history = tuple(
        HistoryEntry(
            str(2015 + at),
            rows=rows,
            champion_trained_through=None if at < 2 else "2016",
            metric="anomaly_rate",
            value=None if at < 2 else rate,
            value_low=None if at < 2 else rate - 0.04,
            value_high=None if at < 2 else rate + 0.05,
            frozen_value=None if at < 2 else rate + 0.03,
            contamination=0.1,
            drift_detected=None if at < 2 else False,
            severity="none",
            drifted_features=0,
            retrained=at == 4,
            promoted=at in {1, 4},
        )
        for at, (rows, rate) in enumerate(
            zip((11, 42, 86, 142, 145, 123), (0, 0, 0.08, 0.12, 0.095, 0.141), strict=True)
        )
    )
    return BatchReport(
        model="traffic_accidents",
        title="Traffic accidents",
        task="anomaly",
        batch="2018",
        rows=142,
        verdict=Verdict(False, reason="0 of 20 features drifted"),
        champion=scorer("1", "2016", "IsolationForest"),
        anomaly=anomaly_from(
            measured,
            JudgedPerformance(
                degraded=False,
                severity="none",
                metric="anomaly_rate",
                reason="anomaly_rate 0.141 is within 0.050 of the declared 0.100",
            ),
        ),
        history=history,
        quality_page=quality_name("2018"),
    )


def empty_report() -> BatchReport:
    """A month in which no loan began."""
    return BatchReport(
        model="loan_default",
        title="Loan defaults",
        task="binary",
        batch="2025-03",
        rows=0,
        verdict=Verdict(None, reason="not judged: the batch has 0 rows"),
        champion=scorer("4", "2023-12"),
        history=loan_history(18, 12),
    )


def mixed_heatmap() -> Heatmap:
    """Loans over six months: numbers and categories, an empty column, and a feature that comes later."""
    rng = np.random.default_rng(12)
    before = loans(rng, 2000)
    reference = Reference.fit(before)
    tables: dict[str, pd.DataFrame] = {"2023-12": pd.DataFrame(columns=["wasserstein_scaled", "effect", "drifted"])}
    for at in range(1, 6):
        compared = reference.compare(loans(rng, 400, shift=0.2 * at, without="fe_10_mean" if at > 2 else ""))
        tables[f"2024-{at:02d}"] = judge(compared).mark(compared)
    tables["2024-05"] = pd.concat([tables["2024-05"], tables["2024-05"].iloc[:1].set_axis(["fe_21_mean"])])
    found = heatmap_of(tables)
    assert found is not None
    return found


def verdict(
    name: str,
    *,
    passed: bool = True,
    severity: Literal["warn", "error"] = "error",
    blocking: bool = False,
    **observed: Any,
) -> ExpectationResult:
    said = "holds" if passed else "broken"
    return ExpectationResult(
        name=name,
        sentence=f"{said}: {name.replace('_', ' ')} as declared; 9,000 rows looked at",
        passed=passed,
        severity=severity,
        blocking=blocking,
        observed={"rows": 9000, "unexpected_count": 0, "unexpected_share": 0.0, **observed},
    )


def table(
    layer: Layer,
    name: str,
    rows: int,
    verdicts: Sequence[ExpectationResult] = (),
    reasons: Mapping[str, int] = MappingProxyType({}),
) -> QualityResult:
    return QualityResult(
        layer=layer,
        table=name,
        rows=rows,
        rejected=sum(reasons.values()),
        reasons=dict(reasons),
        verdicts=tuple(verdicts),
    )


def quality_page() -> QualityPage:
    """A batch of four tables, halted by one check."""
    ages = verdict(
        "ages_between_18_and_100",
        passed=False,
        severity="warn",
        unexpected_count=31,
        unexpected_share=0.0034,
        worst_columns={"Age": 30, "Age_of_the_second_applicant": 1},
        first_rows=[
            {"row": "CUS_0x1", "column": "Age", "value": -500},
            {"row": ["CUS_0x2", "2023-01"], "column": "Age", "value": None},
        ],
    )
    keys = verdict(
        "one_row_a_customer",
        passed=False,
        blocking=True,
        unexpected_count=2,
        unexpected_share=0.0002,
        first_rows=[{"row": 17, "column": None, "value": "withheld"}],
    )
    rejected = {"Age is outside 18 to 100": 31, "Annual_Income is no number: _": 4}
    return QualityPage(
        model="loan_default",
        title="Loan defaults",
        batch="2024-07",
        tables=(
            table("bronze", "financials", 9035, [verdict("columns_as_declared", blocking=True)]),
            table("silver", "financials", 9000, [verdict("types"), ages, keys], rejected),
            table("silver", "lms", 99000, [verdict(f"column_{at:02d}_in_bounds") for at in range(9)]),
            table("gold", "features", 0),
        ),
        halted="silver/financials, batch 2024-07, may not go on: broken: one row a customer; 2 exceptions",
    )
