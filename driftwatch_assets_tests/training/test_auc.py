"""The area under the ROC curve agrees with scikit-learn, its interval with DeLong's definition and with experience."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_curve, roc_auc_score, roc_curve

from driftwatch_assets.training.auc import (
    POINTS,
    auc,
    auc_interval,
    delong_variance,
    precision_recall_points,
    resampled_auc,
    roc_points,
)
from driftwatch_assets.training.scores import paired_scores
from driftwatch_assets_tests.training.applications import LOANS

rows = st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=4, max_size=80).filter(
    lambda drawn: 2 <= sum(one for one, _ in drawn) <= len(drawn) - 2
)


@given(rows)
def test_the_area_is_that_of_scikit_learn_also_with_ties(drawn: list[tuple[bool, int]]) -> None:
    truth, scores = zip(*drawn, strict=True)
    assert auc(truth, scores) == pytest.approx(roc_auc_score(truth, scores))


@given(rows)
def test_the_variance_is_delongs_by_his_definition(drawn: list[tuple[bool, int]]) -> None:
    truth, scores = (np.array(column) for column in zip(*drawn, strict=True))
    pairs = np.sign(scores[truth][:, None] - scores[~truth][None, :]) / 2 + 0.5
    expected = pairs.mean(axis=1).var(ddof=1) / truth.sum() + pairs.mean(axis=0).var(ddof=1) / (~truth).sum()
    assert delong_variance(truth, scores) == pytest.approx(expected, abs=1e-12)


@given(rows)
def test_the_interval_lies_within_0_and_1_and_holds_the_area(drawn: list[tuple[bool, int]]) -> None:
    truth, scores = zip(*drawn, strict=True)
    low, high = auc_interval(truth, scores)
    assert 0 <= low <= auc(truth, scores) + 1e-12
    assert auc(truth, scores) - 1e-12 <= high <= 1


@pytest.mark.parametrize(("shift", "positives", "negatives"), [(0.8, 60, 140), (1.8, 30, 120)])
def test_the_interval_holds_the_true_area_as_often_as_it_says(shift: float, positives: int, negatives: int) -> None:
    generator = np.random.default_rng(11)
    truth = np.arange(positives + negatives) < positives
    true = NormalDist().cdf(shift / np.sqrt(2))
    held = 0
    for _ in range(1000):
        low, high = auc_interval(truth, generator.normal(size=len(truth)) + shift * truth)
        held += low <= true <= high
    assert 0.93 <= held / 1000 <= 0.97


def test_a_perfect_separation_of_few_rows_is_not_certain() -> None:
    assert auc_interval([1] * 10 + [0] * 50, [1.0] * 10 + [0.0] * 50) == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert auc_interval([1] * 10 + [0] * 50, [0.0] * 10 + [1.0] * 50) == pytest.approx((0.0, 0.2775), abs=1e-4)


def test_of_one_class_nothing_is_said() -> None:
    assert np.isnan(auc([True] * 5, range(5)))
    assert np.isnan(auc_interval([True] * 5, range(5))).all()
    assert np.isnan(auc_interval([True] + [False] * 5, range(6))).all()
    assert roc_points([True] * 5, range(5)) == precision_recall_points([False] * 5, range(5)) == []


@given(rows)
def test_resamples_are_those_of_drawn_rows(drawn: list[tuple[bool, int]]) -> None:
    truth, scores = (np.array(column) for column in zip(*drawn, strict=True))
    other = scores[::-1].copy()
    values, found = resampled_auc(truth, {"one": scores, "other": other}, draws=5, generator=np.random.default_rng(3))
    at = np.random.default_rng(3).integers(0, len(truth), size=(5, len(truth)))
    assert values == {"one": auc(truth, scores), "other": auc(truth, other)}
    for name, said in (("one", scores), ("other", other)):
        expected = [auc(truth[row], said[row]) for row in at]
        np.testing.assert_allclose(found[name], expected, atol=1e-12)


def test_the_interval_of_two_thousand_draws_is_that_of_the_formula() -> None:
    generator = np.random.default_rng(5)
    truth = np.where(generator.random(2000) < 0.3, LOANS.positive, LOANS.negative)
    scores = {name: generator.normal(size=2000).round(1) + (truth == LOANS.positive) for name in ("one", "other")}
    paired = paired_scores([("7", truth, scores)], "auc", seed=1, task=LOANS)
    low, high = auc_interval(truth == LOANS.positive, scores["one"])
    assert (paired.scores["one"].low, paired.scores["one"].high) == pytest.approx((low, high), abs=0.004)


@given(rows)
def test_the_curves_are_those_of_scikit_learn(drawn: list[tuple[bool, int]]) -> None:
    truth, scores = zip(*drawn, strict=True)
    false, true, _ = roc_curve(truth, scores, drop_intermediate=False)
    np.testing.assert_allclose(roc_points(truth, scores), np.column_stack([false, true]))
    precision, recall, _ = precision_recall_curve(truth, scores)
    expected = np.column_stack([recall, precision])[:-1][::-1]
    np.testing.assert_allclose(precision_recall_points(truth, scores), expected)


def test_long_curves_are_thinned_and_keep_their_ends_and_their_area() -> None:
    generator = np.random.default_rng(6)
    truth = generator.random(5000) < 0.2
    scores = generator.normal(size=5000) + truth
    curve = np.array(roc_points(truth, scores))
    assert len(curve) <= POINTS
    assert (curve[0].tolist(), curve[-1].tolist()) == ([0, 0], [1, 1])
    assert np.trapezoid(curve[:, 1], curve[:, 0]) == pytest.approx(auc(truth, scores), abs=0.005)
    found = np.array(precision_recall_points(truth, scores))
    assert len(found) <= POINTS
    assert found[-1].tolist() == [1.0, truth.mean()]
    assert (np.diff(found[:, 0]) >= 0).all()
