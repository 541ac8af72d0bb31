"""Metrics agree with scikit-learn and SciPy, intervals with the bootstrap that they abbreviate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support

from driftwatch_assets.training import measure, wilson_interval
from driftwatch_assets.training.resampling import resampled
from driftwatch_assets.training.scores import paired_scores

pairs = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=60)


@given(pairs)
def test_metrics_are_those_of_scikit_learn(rows: list[tuple[str, str]]) -> None:
    labels, predicted = zip(*rows, strict=True)
    report = measure(labels, predicted, classes=["a", "b", "c", "d", "e"])
    assert report.accuracy == pytest.approx(accuracy_score(labels, predicted))
    assert report.f1_macro == pytest.approx(f1_score(labels, predicted, average="macro", zero_division=0))
    listed = list("abcde")
    assert (report.confusion.to_numpy() == confusion_matrix(labels, predicted, labels=listed)).all()
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=listed, zero_division=np.nan
    )
    np.testing.assert_allclose(report.per_class["precision"], precision)
    np.testing.assert_allclose(report.per_class["recall"], recall)
    there = (report.per_class["support"] + report.per_class["predicted"]).to_numpy() > 0
    np.testing.assert_allclose(report.per_class["f1"].to_numpy()[there], f1[there])
    assert (report.per_class["support"] == support).all()


@given(st.integers(1, 4000).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows))))
def test_wilsons_interval_is_that_of_scipy(counts: tuple[int, int]) -> None:
    low, high = wilson_interval(*counts)
    expected = binomtest(*counts).proportion_ci(method="wilson")
    assert low == pytest.approx(expected.low, abs=1e-12)
    assert high == pytest.approx(expected.high, abs=1e-12)


def test_undefined_metrics_are_left_out_of_the_flat_ones() -> None:
    flat = measure(["a", "a"], ["a", "a"], classes=["a", "b"]).metrics()
    assert flat["recall_a"] == 1.0
    assert {"recall_b", "precision_b", "f1_b", "mean_confidence"}.isdisjoint(flat)


def test_a_class_that_is_not_listed_comes_after_the_listed_ones() -> None:
    assert list(measure(["z", "a"], ["a", "a"], classes=["m", "a"]).per_class.index) == ["m", "a", "z"]


@pytest.mark.parametrize(("labels", "predicted"), [([], []), (["a"], ["a", "b"])])
def test_nothing_to_measure_is_an_error(labels: list[str], predicted: list[str]) -> None:
    with pytest.raises(ValueError, match="give one label a row"):
        measure(labels, predicted)


@pytest.mark.parametrize("metric", ["accuracy", "f1_macro"])
def test_resampling_patterns_is_resampling_rows(metric: str) -> None:
    generator = np.random.default_rng(3)
    labels = generator.choice(list("abc"), size=150, p=[0.6, 0.3, 0.1])
    guess = np.where(generator.random(150) < 0.7, labels, generator.choice(list("abc"), size=150))
    _, draws = resampled(labels, {"m": guess}, metric, draws=4000, generator=generator)  # type: ignore[arg-type]
    score = accuracy_score if metric == "accuracy" else lambda a, b: f1_score(a, b, average="macro")
    rows = generator.integers(0, 150, size=(1500, 150))
    direct = [score(labels[at], guess[at]) for at in rows]
    assert draws["m"].mean() == pytest.approx(np.mean(direct), abs=0.004)
    assert draws["m"].std() == pytest.approx(np.std(direct), rel=0.08)


def test_the_paired_difference_is_known_better_than_each_score() -> None:
    generator = np.random.default_rng(4)
    labels = generator.choice(list("ab"), size=400)
    poor = np.where(generator.random(400) < 0.7, labels, "x")
    good = np.where((poor == "x") & (generator.random(400) < 0.2), labels, poor)
    paired = paired_scores([("1", labels, {"good": good, "poor": poor})], "accuracy", seed=1)
    difference = paired.difference("good", "poor")
    assert difference.low > 0
    assert difference.high - difference.low < paired.scores["good"].high - paired.scores["good"].low
    assert paired.scores["good"].low < paired.scores["poor"].high


def test_each_batch_counts_once_however_many_rows_it_has() -> None:
    small = ("1", ["a"] * 10, {"m": ["a"] * 10})
    large = ("2", ["a"] * 1000, {"m": ["b"] * 1000})
    assert paired_scores([small, large], "accuracy", seed=1).scores["m"].value == 0.5
