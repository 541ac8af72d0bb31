"""Which rows a training takes, and how the newest batch is split."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch_assets.training import (
    ColumnsAbsent,
    GoldBatch,
    LabelledRows,
    NotEnoughLabels,
    identity,
    labelled_parts,
    train,
    training_fingerprint,
    training_window,
)
from driftwatch_assets.training.ranking import ranking_steps
from driftwatch_assets.training.window import learn_and_judge
from driftwatch_assets_tests.training.drifting import FEATURES, TASK, declaration, drifting_batches


def batch(key: str, labels: list[str | None]) -> GoldBatch:
    return GoldBatch(key, pd.DataFrame({"x": np.arange(len(labels), dtype=float), "y": labels}), f"content of {key}")


def rows(key: str, labels: list[str]) -> LabelledRows:
    return training_window([batch(key, list(labels))], "y", through=key)[0]


def test_the_window_ends_with_the_batch_and_skips_what_has_no_labels() -> None:
    batches = [batch("10", ["a", "b"]), batch("2", ["a", None]), batch("3", [None, None]), batch("11", ["a", "b"])]
    window = training_window(batches, "y", through="10")
    assert [(one.batch, one.labels.tolist()) for one in window] == [("2", ["a"]), ("10", ["a", "b"])]


def test_the_newest_labelled_batches_make_a_window_of_a_size() -> None:
    batches = [batch("1", ["a", "b"]), batch("2", ["a", "b"]), batch("3", [None]), batch("4", ["a", "b"])]
    assert [one.batch for one in training_window(batches, "y", through="4", size=2)] == ["2", "4"]


def test_labels_that_have_not_come_yet_are_waited_for() -> None:
    with pytest.raises(NotEnoughLabels, match=r"cannot train through batch 8: it has no row with a value in 'y'.*7"):
        training_window([batch("7", ["a", "b"]), batch("8", [None, None])], "y", through="8")


def test_a_single_class_trains_nothing() -> None:
    with pytest.raises(NotEnoughLabels, match="the single class 'a'"):
        training_window([batch("7", ["a"] * 90)], "y", through="7")


def test_numeric_labels_become_names() -> None:
    assert training_window([batch("7", [0, 1])], "y", through="7")[0].labels.tolist() == ["0", "1"]  # type: ignore[list-item]


@given(
    st.lists(st.sampled_from("abc"), min_size=4, max_size=200).filter(lambda one: len(set(one)) > 1),
    st.floats(0.2, 0.8),
    st.integers(0, 5),
)
def test_the_split_is_disjoint_whole_and_keeps_the_classes_shares(labels: list[str], share: float, seed: int) -> None:
    whole = rows("7", labels)
    learn, judge = learn_and_judge(whole, share, seed=seed, minimum=0)
    assert sorted([*learn.frame["x"], *judge.frame["x"]]) == list(whole.frame["x"])
    assert len(judge.labels) == int(np.floor(len(labels) * share + 1e-9))
    for name in set(labels):
        assert abs((judge.labels == name).sum() - share * labels.count(name)) <= 1 + 1e-6


def test_the_split_is_the_same_for_a_seed_and_another_for_another() -> None:
    whole = rows("7", ["a", "b"] * 50)
    drawn = [learn_and_judge(whole, 0.5, seed=seed, minimum=1)[1].frame["x"].tolist() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_with_a_time_the_end_of_the_batch_judges() -> None:
    whole = rows("7", ["a", "b"] * 10)
    whole.frame["at"] = -whole.frame["x"]
    learn, judge = learn_and_judge(whole, 0.3, seed=1, minimum=1, time_column="at")
    assert judge.frame["at"].min() > learn.frame["at"].max()
    assert len(judge.labels) == 6


@pytest.mark.parametrize(("count", "minimum"), [(10, 6), (1, 0)])
def test_too_few_judging_rows_are_refused(count: int, minimum: int) -> None:
    few = LabelledRows("7", "f", pd.DataFrame({"x": np.arange(count)}), np.array(["a"] * count))
    if count == 1:
        few = LabelledRows("7", "f", few.frame, few.labels)
    with pytest.raises(NotEnoughLabels, match="cannot judge a challenger on batch 7"):
        learn_and_judge(few, 0.5 if count > 1 else 0.99, seed=1, minimum=max(minimum, 1))


def steps(*batches: list[str], rank_batches: int = 2) -> list[tuple[list[str], str]]:
    window = [rows_of(str(at), labels) for at, labels in enumerate(batches, start=1)]
    found = ranking_steps(window, window[-1], rank_batches)
    return [([one.batch for one in step.earlier], step.later.batch) for step in found]


def rows_of(key: str, labels: list[str]) -> LabelledRows:
    return LabelledRows(key, key, pd.DataFrame({"x": np.arange(len(labels))}), np.array(labels))


def test_candidates_are_ranked_on_the_batches_before_the_newest() -> None:
    both = ["a", "b"]
    assert steps(both, both, both, both) == [(["1"], "2"), (["1", "2"], "3")]
    assert steps(both, both, both, both, rank_batches=1) == [(["1", "2"], "3")]


def test_a_step_whose_earlier_batches_have_one_class_is_left_out() -> None:
    both = ["a", "b"]
    assert steps(["a"], both, both, both) == [(["1", "2"], "3")]


def test_with_two_batches_the_learning_part_of_the_newest_ranks() -> None:
    assert steps(["a", "b"], ["a", "b"]) == [(["1"], "2")]
    assert steps(["a", "b"]) == []


IMPUTING = [
    {
        "name": "vectors",
        "steps": [
            {"estimator": "sklearn.impute.SimpleImputer", "parameters": {"keep_empty_features": True}},
            {"estimator": "sklearn.discriminant_analysis.LinearDiscriminantAnalysis"},
        ],
    }
]


def grown() -> list[GoldBatch]:
    """Give five batches of which the last two have a feature more."""
    old = drifting_batches(5)
    return [*old[:3], *(GoldBatch(one.batch, one.frame.assign(bark=one.frame["depth"]), "new") for one in old[3:])]


def window_of(batches: list[GoldBatch], **declared: object) -> tuple[LabelledRows, ...]:
    features = [*FEATURES, "bark"]
    return labelled_parts(declaration(**declared), batches, task=TASK, through="5", features=features)[0]


def test_a_feature_that_older_batches_lack_is_told_with_them_and_with_both_ways() -> None:
    with pytest.raises(ColumnsAbsent) as told:
        train(declaration(), grown(), task=TASK, through="5", features=[*FEATURES, "bark"])
    assert "'bark' is not in gold of batches 1, 2, 3" in str(told.value)
    assert "`leave_batches_out`" in str(told.value)
    assert "`impute`" in str(told.value)


def test_a_feature_that_no_batch_of_the_window_lacks_needs_no_declaration() -> None:
    assert [one.batch for one in window_of(grown(), window=2)] == ["4", "5"]


def test_batches_without_the_feature_are_left_out_or_have_it_without_a_value() -> None:
    assert [one.batch for one in window_of(grown(), new_columns="leave_batches_out")] == ["4", "5"]
    imputed = window_of(grown(), new_columns="impute")
    assert [int(one.frame["bark"].isna().sum()) for one in imputed] == [240, 240, 240, 0, 0]


@pytest.mark.parametrize("new_columns", ["leave_batches_out", "impute"])
def test_a_training_goes_through_as_declared(new_columns: str) -> None:
    declared = declaration(candidates=IMPUTING, new_columns=new_columns, rank_batches=1)
    outcome = train(declared, grown(), task=TASK, through="5", features=[*FEATURES, "bark"])
    assert outcome.features == (*FEATURES, "bark")
    assert outcome.window == (("4", "5") if new_columns == "leave_batches_out" else ("1", "2", "3", "4", "5"))


def test_without_new_columns_a_training_is_the_one_that_it_was_before_these_could_be_declared() -> None:
    window = training_window(drifting_batches(5), "kind", through="5")

    def fingerprint(new_columns: str | None) -> str:
        declared = declaration(new_columns=new_columns)
        return training_fingerprint(declared, window, FEATURES, None, task=TASK, through="5")

    plain = declaration().model_dump(mode="json", exclude={"new_columns"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity, "_declared", lambda _: plain)
        before = fingerprint("impute")
    assert fingerprint(None) == before != fingerprint("impute")
