"""A verdict follows the declared rule, and carries its evidence."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from driftwatch_assets.drift import Policy, Reference, judge
from driftwatch_assets.drift.severity import severity_score

RNG_ROWS = 4000


def normal(rows: int, columns: int, seed: int, **shifts: float) -> pd.DataFrame:
    frame = pd.DataFrame(
        np.random.default_rng(seed).normal(size=(rows, columns)), columns=[f"x{at}" for at in range(columns)]
    )
    for name, shift in shifts.items():
        frame[name] += shift
    return frame


def verdict_on(reference: pd.DataFrame, batch: pd.DataFrame, policy: Policy | None = None):  # noqa: ANN201 - Verdict
    return judge(Reference.fit(reference).compare(batch), policy or Policy())


def test_shifted_features_are_found_most_drifted_first() -> None:
    verdict = verdict_on(normal(RNG_ROWS, 8, 0), normal(1000, 8, 1, x3=0.4, x5=1.5))
    assert verdict.drift_detected is True
    assert verdict.drifted_features == ["x5", "x3"]
    assert verdict.share_drifted == 0.25
    assert "2 of 8 features drifted" in verdict.reason
    assert "x5" in verdict.reason


def test_no_drift_is_a_pass_with_a_reason() -> None:
    verdict = verdict_on(normal(RNG_ROWS, 8, 0), normal(1000, 8, 1))
    assert (verdict.drift_detected, verdict.severity, verdict.drifted_features) == (False, "none", [])
    assert verdict.reason.startswith("0 of 8 features drifted")


def test_a_certain_but_tiny_shift_is_no_drift_under_the_default_and_is_under_any() -> None:
    reference, batch = normal(50_000, 4, 0), normal(50_000, 4, 1) + 0.03
    assert verdict_on(reference, batch).drifted_features == []
    assert len(verdict_on(reference, batch, Policy(rule="any")).drifted_features) == 4


def test_a_large_difference_by_chance_is_no_drift() -> None:
    statistics = Reference.fit(normal(40, 30, 0)).compare(normal(35, 30, 1))
    assert (statistics["psi"] >= 0.1).any()
    assert judge(statistics).drift_detected is False


def test_the_originals_rule_takes_any_threshold() -> None:
    statistics = Reference.fit(normal(2000, 3, 0)).compare(normal(1000, 3, 1, x1=0.15))
    assert judge(statistics, Policy(rule="any")).drifted_features == ["x1"]
    assert judge(statistics, Policy(rule="any", alpha=None)).drifted_features == []
    assert judge(statistics, Policy(rule="any", alpha=None, wasserstein_scaled=0.1)).drifted_features == ["x1"]
    assert judge(statistics, Policy(rule="any", alpha=None, psi=0.03)).drifted_features == ["x1"]


@pytest.mark.parametrize("rows", [0, 1, 29])
def test_too_few_rows_are_neither_pass_nor_failure(rows: int) -> None:
    verdict = verdict_on(normal(2000, 3, 0), normal(rows, 3, 1, x1=9.0))
    assert (verdict.drift_detected, verdict.severity, verdict.drifted_features) == (None, "none", [])
    assert f"the batch has {rows} rows" in verdict.reason
    assert verdict_on(normal(rows or 1, 3, 1), normal(2000, 3, 0)).drift_detected is None


def test_the_share_of_features_decides_over_the_batch() -> None:
    statistics = Reference.fit(normal(2000, 10, 0)).compare(normal(1000, 10, 1, x1=0.8, x2=0.8))
    assert judge(statistics, Policy(min_share_of_features=0.2)).drift_detected is True
    below = judge(statistics, Policy(min_share_of_features=0.21))
    assert (below.drift_detected, below.severity) == (False, "none")
    assert below.drifted_features == sorted(below.drifted_features, key=lambda name: -_effect(below, name))
    assert len(below.drifted_features) == 2


def _effect(verdict, name: str) -> float:  # noqa: ANN001 - Verdict
    return next(each.effect for each in verdict.features if each.feature == name)


@pytest.mark.parametrize(
    ("shift", "shifted", "severity"),
    [(0.18, 8, "low"), (0.35, 8, "medium"), (1.0, 8, "high"), (1.0, 2, "high"), (0.3, 1, "low"), (0.5, 1, "medium")],
)
def test_severity_weighs_how_far_features_moved_by_how_many_did(shift: float, shifted: int, severity: str) -> None:
    batch = normal(2000, 8, 1, **{f"x{at}": shift for at in range(shifted)})
    assert verdict_on(normal(RNG_ROWS, 8, 0), batch).severity == severity


def test_one_feature_of_few_that_moved_by_two_standard_deviations_is_grave() -> None:
    verdict = verdict_on(normal(RNG_ROWS, 8, 0), normal(2000, 8, 1, x3=2.0))
    strongest = max(each.effect for each in verdict.features)
    assert (verdict.drifted_features, verdict.severity) == (["x3"], "high")
    assert verdict.severity_effect == pytest.approx(strongest * np.sqrt(1 / 8 / 0.25))
    assert f"1 of 8 moved by {strongest:.2f} or more" in verdict.reason


def test_the_score_grows_with_each_effect_and_each_feature_and_is_never_below_what_a_quarter_reach() -> None:
    rng = np.random.default_rng(8)
    for _ in range(200):
        judged = int(rng.integers(1, 130))
        effects = rng.exponential(size=int(rng.integers(1, judged + 1)))
        score = severity_score(list(effects), judged, 0.25).value
        place = int(np.ceil(0.25 * judged))
        reached = sorted(effects, reverse=True)[place - 1] if place <= len(effects) else 0.0
        assert reached <= score <= max(effects)
        assert severity_score([*effects[1:], effects[0] + 0.5], judged, 0.25).value >= score
        if len(effects) < judged:
            assert severity_score([*effects, 0.01], judged, 0.25).value >= score


def test_a_changed_missing_rate_is_drift_of_its_own() -> None:
    batch = normal(1000, 4, 1)
    batch.loc[:99, "x2"] = np.nan
    verdict = verdict_on(normal(2000, 4, 0), batch)
    assert verdict.drifted_features == ["x2"]
    assert verdict.features[2].because == ("missing rate",)
    assert "missing 0 % before and 10 % now" in verdict.reason
    assert verdict_on(normal(2000, 4, 0), batch, Policy(missing_rate_change=0.2)).drift_detected is False
    assert verdict_on(normal(2000, 4, 0), batch, Policy(missing_rate_change=None)).drift_detected is False


def test_a_column_that_lost_all_values_drifted() -> None:
    verdict = verdict_on(normal(2000, 4, 0), normal(1000, 4, 1).assign(x0=np.nan))
    assert (verdict.drift_detected, verdict.drifted_features) == (True, ["x0"])


def test_new_and_lost_categories_are_drift_that_can_be_switched_off() -> None:
    reference = pd.DataFrame({"gas": ["a"] * 970 + ["b"] * 970 + ["rare"] * 60})
    batch = pd.DataFrame({"gas": ["a"] * 485 + ["b"] * 485 + ["unseen"] * 30})
    verdict = verdict_on(reference, batch)
    assert verdict.drifted_features == ["gas"]
    assert {"new categories", "lost categories"} <= set(verdict.features[0].because)
    quiet = Policy(new_categories=False, lost_categories=False, psi=5)
    assert verdict_on(reference, batch, quiet).drift_detected is False
    assert verdict_on(reference, batch, Policy(psi=5, lost_categories=False)).features[0].because == ("new categories",)


def test_a_rare_category_missing_from_a_small_batch_is_no_drift() -> None:
    reference = pd.DataFrame({"gas": ["a"] * 970 + ["b"] * 970 + ["rare"] * 60})
    assert verdict_on(reference, pd.DataFrame({"gas": ["a", "b"] * 30})).drift_detected is False


@pytest.mark.parametrize("kind", [str, bool])
def test_a_rare_category_that_surges_is_drift(kind: type) -> None:
    values = {str: ("no", "yes"), bool: (False, True)}[kind]
    reference, batch = (pd.DataFrame({"flag": np.repeat(values, counts)}) for counts in ((19_980, 20), (1, 99)))
    verdict = verdict_on(reference, batch)
    assert (verdict.drift_detected, verdict.severity, verdict.drifted_features) == (True, "high", ["flag"])
    assert verdict.features[0].pvalue_adjusted == pytest.approx(2.8e-246, rel=0.01)


def test_a_vocabulary_of_rare_values_that_was_replaced_is_drift_and_one_of_identifiers_is_not() -> None:
    reference = pd.DataFrame({"item": [f"a{at % 5000}" for at in range(20_000)], "id": np.arange(20_000).astype(str)})
    batch = pd.DataFrame({"item": [f"b{at % 500}" for at in range(1000)], "id": np.arange(50_000, 51_000).astype(str)})
    verdict = verdict_on(reference, batch)
    assert verdict.drifted_features == ["item"]
    assert {"distribution", "new categories", "lost categories"} == set(verdict.features[0].because)


def test_label_drift_is_judged_on_one_column() -> None:
    verdict = verdict_on(pd.DataFrame({"gas": ["a", "b"] * 400}), pd.DataFrame({"gas": ["a"] * 300 + ["b"] * 100}))
    assert (verdict.drift_detected, verdict.drifted_features) == (True, ["gas"])
    assert "1 of 1 feature drifted" in verdict.reason


def test_a_constant_that_moved_drifted_without_bound() -> None:
    verdict = verdict_on(pd.DataFrame({"x": np.ones(500)}), pd.DataFrame({"x": np.zeros(200)}))
    assert (verdict.drift_detected, verdict.severity, verdict.severity_effect) == (True, "high", np.inf)
    assert verdict.as_dict()["severity_effect"] is None


def test_the_verdict_is_json_and_marks_the_statistics() -> None:
    statistics = Reference.fit(normal(2000, 4, 0)).compare(normal(1000, 4, 1, x1=1.0))
    verdict = judge(statistics)
    told = json.loads(json.dumps(verdict.as_dict(), allow_nan=False))
    assert told["drift_detected"] is True
    assert told["policy"]["alpha"] == 0.01
    marked = verdict.mark(statistics)
    assert marked["drifted"].tolist() == [False, True, False, False]
    assert marked["because"].tolist() == ["", "distribution", "", ""]
    assert (marked["ks_pvalue_adjusted"] >= marked["ks_pvalue"]).all()


def test_statistics_can_be_judged_after_storage(tmp_path) -> None:  # noqa: ANN001 - Path
    reference = normal(2000, 3, 0).assign(gas=["a", "b"] * 1000)
    batch = normal(1000, 3, 1, x1=1.0).assign(gas=["a"] * 500 + ["z"] * 500)
    statistics = Reference.fit(reference).compare(batch)
    path = tmp_path / "drift.parquet"
    statistics.reset_index().to_parquet(path)
    stored = judge(pd.read_parquet(path))
    assert stored == judge(statistics)
    assert stored.drifted_features == ["gas", "x1"]


def test_the_nine_named_columns_are_enough_for_a_verdict() -> None:
    statistics = Reference.fit(normal(2000, 3, 0)).compare(normal(1000, 3, 1, x1=1.0))
    assert judge(statistics.iloc[:, :9]).drifted_features == ["x1"]
    with pytest.raises(ValueError, match="they lack psi"):
        judge(statistics.drop(columns="psi"))


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"ksp": 0.05}, "Extra inputs"),
        ({"rule": "anything"}, "'effect_and_significance' or 'any'"),
        ({"alpha": 5}, "less than 1"),
        ({"alpha": None}, "needs an alpha"),
        ({"rule": "any", "alpha": None, "psi": None, "wasserstein_scaled": None}, "all null"),
        ({"medium": 0.9, "high": 0.2}, "below medium"),
        ({"min_rows": 0}, "greater than or equal to 2"),
    ],
)
def test_a_wrong_policy_is_refused(declared: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Policy.model_validate(declared)


def test_what_is_declared_wins_over_the_rules_defaults() -> None:
    assert Policy(rule="any", psi=0.15).psi == 0.15
    assert Policy(rule="any").adjustment == "none"
    assert Policy.model_validate(Policy(rule="any").model_dump()) == Policy(rule="any")
