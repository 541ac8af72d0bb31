"""Within classes, changed proportions are no drift and a drift of one class is found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.drift import (
    ClassReferences,
    DriftError,
    Policy,
    Reference,
    ReferenceUnreadable,
    fit_within,
    judge,
    judge_within,
)


def classes(counts: dict[str, int], seed: int, **shifts: float) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(seed)
    labels = pd.Series([name for name, count in counts.items() for _ in range(count)], name="gas")
    centre = labels.map({name: 3.0 * at + shifts.get(name, 0) for at, name in enumerate(["a", "b", "c"])}).to_numpy()
    return pd.DataFrame({f"x{at}": centre + rng.normal(size=len(labels)) for at in range(4)}), labels


def test_changed_proportions_drift_overall_but_not_within_classes() -> None:
    (reference, labels), (batch, found) = classes({"a": 500, "b": 500}, 0), classes({"a": 500, "b": 60}, 1)
    assert judge(Reference.fit(reference).compare(batch)).drift_detected is True
    within = judge_within(fit_within(reference, labels).compare(batch, found))
    assert within["drift_detected"].tolist() == [False, False]
    assert within["n_current"].tolist() == [500, 60]


def test_the_class_that_drifted_is_named_with_its_strongest_feature() -> None:
    (reference, labels), (batch, found) = classes({"a": 500, "b": 500}, 0), classes({"a": 300, "b": 300}, 1, b=0.8)
    batch["x2"] += (found == "b").to_numpy() * 2.0
    within = judge_within(fit_within(reference, labels).compare(batch, found))
    assert within["drifted"].tolist() == [0, 4]
    assert within["share_drifted"].tolist() == [0, 1]
    assert within.loc["b", "strongest"] == "x2"
    assert within.index.name == "class"


def test_classes_with_few_rows_are_listed_without_a_verdict_and_absent_ones_left_out() -> None:
    (reference, labels), (batch, found) = (
        classes({"a": 500, "b": 10, "c": 500}, 0),
        classes({"a": 12, "b": 300}, 1),
    )
    within = judge_within(fit_within(reference, labels).compare(batch, found), Policy(min_rows=30))
    assert within.index.tolist() == ["a", "b"]
    assert within["drift_detected"].tolist() == [None, None]
    assert within["drifted"].isna().all()


def test_rows_without_a_label_are_left_out_whatever_the_index() -> None:
    reference, labels = classes({"a": 400, "b": 400}, 0)
    batch, found = classes({"a": 200, "b": 200}, 1)
    found[::2] = None
    statistics = fit_within(reference, labels).compare(batch.set_axis(range(1000, 1400)), found)
    assert {name: table["n_current"].iloc[0] for name, table in statistics.items()} == {"a": 100, "b": 100}


def test_no_labels_at_all_give_nothing_to_judge() -> None:
    reference, labels = classes({"a": 400, "b": 400}, 0)
    batch, found = classes({"a": 200}, 1)
    statistics = fit_within(reference, labels).compare(batch, pd.Series([None] * len(found)))
    assert judge_within(statistics).empty
    with pytest.raises(DriftError, match="none of the 800 rows has a label"):
        fit_within(reference, pd.Series([None] * 800))
    with pytest.raises(DriftError, match="10 labels for 800 rows"):
        fit_within(reference, labels.head(10))


def test_stored_references_give_the_same_statistics(tmp_path) -> None:  # noqa: ANN001 - Path
    (reference, labels), (batch, found) = classes({"a": 500, "b": 300}, 0), classes({"a": 300, "b": 300}, 1)
    within = fit_within(reference, labels)
    within.save(tmp_path / "within.npz")
    for stored in (ClassReferences.load(tmp_path / "within.npz"), ClassReferences.from_bytes(within.to_bytes())):
        assert stored.fingerprint == within.fingerprint
        for name, statistics in stored.compare(batch, found).items():
            pd.testing.assert_frame_equal(statistics, within.compare(batch, found)[name])
    with pytest.raises(ReferenceUnreadable):
        ClassReferences.from_bytes(Reference.fit(reference).to_bytes())
