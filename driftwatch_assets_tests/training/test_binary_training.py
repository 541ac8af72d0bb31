"""Two classes: judged by scores, decided by a threshold, with late labels, text columns and missing values."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from driftwatch_assets.training import (
    BinaryReport,
    CandidateInvalid,
    GoldBatch,
    LabelUnknown,
    NotEnoughLabels,
    TrainingOutcome,
    check_candidate,
    locate_candidate,
    predict,
    train,
)
from driftwatch_assets.training.finishing import decided_crosswise
from driftwatch_assets.training.window import LabelledRows
from driftwatch_assets_tests.training.applications import (
    JOBS,
    LOAN_FEATURES,
    LOANS,
    PREPARED,
    loan_batches,
    loan_declaration,
    loans,
)


def trained(batches: list[GoldBatch] | None = None, through: str = "2023-04", **options: Any) -> TrainingOutcome:
    declared = options.pop("declared", loan_declaration())
    return train(
        declared,
        loan_batches() if batches is None else batches,
        task=options.pop("task", LOANS),
        through=through,
        features=LOAN_FEATURES,
        **options,
    )


def champion(outcome: TrainingOutcome) -> Any:
    return SimpleNamespace(
        estimator=outcome.estimator,
        features=outcome.features,
        fingerprint=outcome.fingerprint,
        trained_through=outcome.trained_through,
    )


def blanked(batch: GoldBatch) -> GoldBatch:
    return GoldBatch(batch.batch, batch.frame.assign(outcome=None), batch.fingerprint)


def test_the_usual_metric_is_the_area_and_it_is_measured_on_scores() -> None:
    outcome = trained()
    report = outcome.comparison.challenger_report
    assert isinstance(report, BinaryReport)
    assert outcome.comparison.metric == "auc"
    expected = roc_auc_score(outcome.held_out["label"] == "lost", outcome.held_out["score_lost"])
    assert outcome.comparison.challenger.value == report.auc == pytest.approx(expected)
    assert outcome.ranking.table["score"].between(0.6, 0.95).all()
    assert set(outcome.held_out) == {"loan", "batch", "label", "predicted", "confidence", "score_lost", "score_paid"}


def test_a_threshold_decides_and_the_champion_keeps_its_own() -> None:
    low = trained(task=LOANS.model_copy(update={"threshold": 0.2}))
    high = trained(task=LOANS.model_copy(update={"threshold": 0.7}))
    assert (low.threshold, high.threshold) == (0.2, 0.7)
    frame = loan_batches(5)[-1].frame
    for outcome in (low, high):
        said = predict(outcome.estimator, frame, LOAN_FEATURES)
        assert ((said["score_lost"] >= outcome.threshold) == (said["predicted"] == "lost")).all()
        chance = np.where(said["predicted"] == "lost", said["score_lost"], said["score_paid"])
        np.testing.assert_array_equal(said["confidence"], chance)
        assert (
            outcome.estimator.predict(frame[list(LOAN_FEATURES)].fillna({"job": np.nan})) == said["predicted"]
        ).all()
    judged = trained(
        loan_batches(5), "2023-05", champion=champion(low), task=LOANS.model_copy(update={"threshold": 0.7})
    )
    report = judged.comparison.champion_report
    assert isinstance(report, BinaryReport)
    assert report.threshold == 0.2
    assert report.recall > 0.7
    assert low.fingerprint != high.fingerprint


@pytest.mark.parametrize("metric", ["accuracy", "f1_macro", "f1", "precision", "recall"])
def test_every_metric_of_the_task_ranks_and_judges(metric: str) -> None:
    outcome = trained(declared=loan_declaration(metric=metric), task=LOANS.model_copy(update={"threshold": 0.3}))
    report = outcome.comparison.challenger_report
    assert outcome.comparison.challenger.value == pytest.approx(report.value(metric))  # type: ignore[arg-type]
    assert outcome.comparison.challenger.low < outcome.comparison.challenger.value < outcome.comparison.challenger.high
    assert outcome.ranking.table["score"].notna().all()


def test_a_model_that_never_names_the_class_it_looks_for_has_no_precision() -> None:
    never = {"name": "never", "estimator": "sklearn.dummy.DummyClassifier", "parameters": {"strategy": "prior"}}
    outcome = trained(declared=loan_declaration(candidates=[never], metric="precision", gates={"minimum": 0.1}))
    assert outcome.comparison.challenger.value == 0
    assert outcome.comparison.challenger_report.as_dict()["precision"] is None
    assert not outcome.promotion.promote


def test_with_a_time_the_end_of_the_batch_judges() -> None:
    outcome = trained(task=LOANS.model_copy(update={"time": "at"}))
    newest = loan_batches()[-1].frame.sort_values("at")
    assert set(outcome.held_out["loan"]) == set(newest["loan"].tail(200))


class TestLateLabels:
    """Trained as of December, with labels up to June."""

    def test_the_newest_batch_with_known_labels_judges_and_the_moment_is_kept(self) -> None:
        batches = loan_batches(8)
        known = [*batches[:4], *map(blanked, batches[4:])]
        outcome = trained(known, through="2023-08", newest="2023-04")
        assert (outcome.trained_through, outcome.window[-1]) == ("2023-08", "2023-04")
        assert set(outcome.held_out["batch"]) == {"2023-04"}
        assert outcome.fingerprint == trained(known).fingerprint
        assert outcome.training_fingerprint != trained(known).training_fingerprint

    def test_what_comes_later_changes_nothing(self) -> None:
        """Not even where a caller forgets to blank it: neither later labels nor later features are looked at."""
        batches = loan_batches(8)
        rubbish = [
            GoldBatch(one.batch, one.frame.assign(income=1e9, outcome="lost", job="unheard of"), "later")
            for one in batches[4:]
        ]
        one = trained(batches[:4], through="2023-08", newest="2023-04")
        two = trained([*rubbish, *batches[:4]], through="2023-08", newest="2023-04")
        assert one.training_fingerprint == two.training_fingerprint
        frame = batches[5].frame
        pd.testing.assert_frame_equal(
            predict(one.estimator, frame, LOAN_FEATURES), predict(two.estimator, frame, LOAN_FEATURES), check_exact=True
        )

    def test_labels_that_have_not_come_are_waited_for(self) -> None:
        batches = [*loan_batches(3), blanked(loan_batches(4)[3])]
        with pytest.raises(NotEnoughLabels, match="through batch 2023-10: batch 2023-04, the newest one whose labels"):
            trained(batches, through="2023-10", newest="2023-04")

    def test_a_judging_part_of_one_class_cannot_judge_an_area(self) -> None:
        batches = loan_batches(2)
        batches[1] = GoldBatch("2023-02", batches[1].frame[batches[1].frame["outcome"] == "paid"], "one class")
        with pytest.raises(NotEnoughLabels, match="have the single class 'paid', on which auc is undefined"):
            trained(batches, through="2023-02")

    def test_a_batch_of_one_class_ranks_nobody_by_area(self) -> None:
        batches = loan_batches()
        batches[2] = GoldBatch("2023-03", batches[2].frame[batches[2].frame["outcome"] == "paid"], "one class")
        assert {name for name in trained(batches).ranking.table if name.startswith("batch_")} == {"batch_2023-02"}


def test_a_label_that_is_neither_class_stops_the_training() -> None:
    batches = loan_batches()
    batches[1].frame.loc[3, "outcome"] = "open"
    with pytest.raises(LabelUnknown, match=r"'open' \(1\)"):
        trained(batches)


class TestGap:
    """How much better a model is on the rows that it was fitted on."""

    GROWN = (
        {
            "name": "grown",
            "steps": [PREPARED, {"estimator": "sklearn.tree.DecisionTreeClassifier"}],
        },
    )

    def test_a_model_that_learned_by_heart_is_refused(self) -> None:
        outcome = trained(declared=loan_declaration(candidates=list(self.GROWN), gates={"maximum_gap": 0.1}))
        gate = next(one for one in outcome.gates if one.gate == "maximum_gap")
        assert outcome.comparison.train_score is not None
        assert outcome.comparison.train_score > 0.99
        assert gate.value == pytest.approx(outcome.comparison.train_score - outcome.comparison.challenger.value)
        assert not gate.passed
        assert "refused: auc is 0." in outcome.promotion.reason
        assert "higher on the rows that were fitted on" in outcome.promotion.reason

    def test_a_plain_model_passes_and_the_ranking_shows_the_gap_of_all(self) -> None:
        declared = loan_declaration(
            candidates=[*self.GROWN, *loan_declaration().model_dump()["candidates"]], gates={"maximum_gap": 0.1}
        )
        outcome = trained(declared=declared)
        table = outcome.ranking.table
        assert table.loc["grown", "gap"] > 0.2 > table.loc["regression", "gap"]
        np.testing.assert_allclose(table["gap"], table["train_score"] - table["score"])
        assert outcome.candidate.name == "regression"
        assert outcome.promotion.promote

    def test_without_the_gate_no_model_is_asked_for_rows_that_it_saw(self) -> None:
        outcome = trained()
        assert outcome.comparison.train_score is outcome.comparison.gap is None
        assert outcome.ranking.table[["train_score", "gap"]].isna().all(axis=None)


class TestOnePreparation:
    """Gaps are filled once, by the model, with what training learned: neither training nor scoring can differ."""

    def test_scoring_fills_with_the_medians_of_training(self) -> None:
        outcome = trained()
        frame = loan_batches(5)[-1].frame
        stack = pd.concat([one.frame for one in loan_batches()])
        medians = stack[["income", "debt"]].median()
        scored = predict(outcome.estimator, frame, LOAN_FEATURES)
        filled = predict(outcome.estimator, frame.fillna(medians), LOAN_FEATURES)
        pd.testing.assert_frame_equal(scored, filled, check_exact=True)
        one = predict(outcome.estimator, frame[frame["income"].isna()].head(1), LOAN_FEATURES)
        assert one["score_lost"].iloc[0] == pytest.approx(scored.loc[one.index[0], "score_lost"], rel=1e-12)

    def test_filling_with_zeros_before_scoring_would_cost_what_it_cost_elsewhere(self) -> None:
        """The fault that cannot happen here: the area falls when gaps are filled otherwise than in training."""
        outcome = trained()
        frame = loans(4000, seed=99)
        lost = frame["outcome"] == "lost"
        right = roc_auc_score(lost, predict(outcome.estimator, frame, LOAN_FEATURES)["score_lost"])
        zeros = frame.fillna({"income": 0.0, "debt": 0.0})
        wrong = roc_auc_score(lost, predict(outcome.estimator, zeros, LOAN_FEATURES)["score_lost"])
        assert right - wrong > 0.02

    @pytest.mark.parametrize("sign", [None, np.nan, pd.NA])
    def test_every_sign_of_a_missing_value_scores_alike(self, sign: Any) -> None:
        outcome = trained()
        frame = loan_batches(5)[-1].frame
        signed = frame.astype({"income": object, "debt": object})
        for name in LOAN_FEATURES:
            signed[name] = [sign if pd.isna(value) else value for value in signed[name]]
        signed = signed.astype({"income": "Float64", "debt": "Float64"}) if sign is pd.NA else signed
        pd.testing.assert_frame_equal(
            predict(outcome.estimator, signed, LOAN_FEATURES),
            predict(outcome.estimator, frame, LOAN_FEATURES),
            check_exact=True,
        )

    def test_every_sign_of_a_missing_value_trains_alike(self) -> None:
        other = []
        for one in loan_batches():
            frame = one.frame.astype({"income": "Float64", "job": "string", "debt": object})
            frame["debt"] = [None if pd.isna(value) else value for value in frame["debt"]]
            other.append(GoldBatch(one.batch, frame.astype({"debt": "Float64"}), one.fingerprint))
        frame = loan_batches(5)[-1].frame
        pd.testing.assert_frame_equal(
            predict(trained().estimator, frame, LOAN_FEATURES),
            predict(trained(other).estimator, frame, LOAN_FEATURES),
            check_exact=True,
        )

    def test_a_column_without_any_value_is_scored(self) -> None:
        outcome = trained()
        frame = loan_batches(5)[-1].frame
        for empty in (None, np.nan):
            gone = predict(outcome.estimator, frame.assign(job=empty, income=empty), LOAN_FEATURES)
            assert gone["score_lost"].between(0, 1).all()
        known = predict(outcome.estimator, frame.assign(job=None), LOAN_FEATURES)
        unheard = predict(outcome.estimator, frame.assign(job="astronaut"), LOAN_FEATURES)
        assert known["score_lost"].notna().all()
        assert unheard["score_lost"].notna().all()

    def test_a_batch_without_any_value_of_a_column_is_trained_on(self) -> None:
        batches = loan_batches()
        batches[1] = GoldBatch("2023-02", batches[1].frame.assign(job=np.nan, income=None), "gaps")
        assert trained(batches).promotion.promote

    def test_an_unseen_category_changes_no_other_row(self) -> None:
        outcome = trained()
        frame = loan_batches(5)[-1].frame
        changed = frame.assign(job=["astronaut", *frame["job"].iloc[1:]])
        before, after = (predict(outcome.estimator, one, LOAN_FEATURES) for one in (frame, changed))
        pd.testing.assert_frame_equal(before.iloc[1:], after.iloc[1:], check_exact=True)

    def test_trees_that_take_gaps_need_no_imputer(self) -> None:
        encoded = {
            "estimator": "sklearn.preprocessing.OrdinalEncoder",
            "parameters": {"handle_unknown": "use_encoded_value", "unknown_value": -1},
        }
        prepared = {
            "estimator": "sklearn.compose.ColumnTransformer",
            "parameters": {"transformers": [["jobs", encoded, ["job"]]], "remainder": "passthrough"},
        }
        boosted = {"estimator": "sklearn.ensemble.HistGradientBoostingClassifier", "parameters": {"max_iter": 5}}
        outcome = trained(declared=loan_declaration(candidates=[{"name": "boosted", "steps": [prepared, boosted]}]))
        assert outcome.comparison.challenger.value > 0.6
        assert outcome.estimator.threshold == 0.5


class TestNestedDeclaration:
    """What is nested in a ColumnTransformer is found, checked and built like all else."""

    def changed(self, **imputer: Any) -> Any:
        steps = [
            {"estimator": "sklearn.impute.SimpleImputer", "parameters": imputer},
            {"estimator": "sklearn.preprocessing.OneHotEncoder"},
        ]
        columns = {
            "estimator": "sklearn.compose.ColumnTransformer",
            "parameters": {"transformers": [["jobs", {"steps": steps}, ["job"]]]},
        }
        last = {"estimator": "sklearn.linear_model.LogisticRegression"}
        return loan_declaration(candidates=[{"name": "nested", "steps": [columns, last]}]).candidates[0]

    def test_its_parts_are_named_in_order(self) -> None:
        assert [path.rpartition(".")[2] for path in self.changed().paths] == [
            "ColumnTransformer",
            "SimpleImputer",
            "OneHotEncoder",
            "LogisticRegression",
        ]

    @pytest.mark.parametrize("check", [locate_candidate, lambda one: check_candidate(one, "binary")])
    def test_an_unknown_parameter_is_found(self, check: Any) -> None:
        check(self.changed(strategy="most_frequent"))
        with pytest.raises(
            CandidateInvalid, match=r"sklearn\.impute\.SimpleImputer has no parameter 'stratgy'; nearest"
        ):
            check(self.changed(stratgy="most_frequent"))

    def test_a_refused_value_is_found(self) -> None:
        with pytest.raises(CandidateInvalid, match=r"SimpleImputer refuses its parameters: The 'strategy' parameter"):
            check_candidate(self.changed(strategy="guess"), "binary")

    def test_categories_are_learned_by_name(self) -> None:
        outcome = trained()
        prepared = outcome.estimator.estimator_.steps[0][1]
        learned = prepared.named_transformers_["jobs"].steps[-1][1].categories_[0]
        assert sorted(learned) == sorted([*JOBS, "none"])


def test_no_row_is_ranked_by_a_temperature_that_its_own_label_helped_to_find() -> None:
    frame = loan_batches(1)[0].frame.dropna(subset=["income", "debt"])
    fitted = LogisticRegression().fit(frame[["income", "debt"]], frame["outcome"])
    task = LOANS.model_copy(update={"threshold": 0.4})
    labels = frame["outcome"].to_numpy().astype(str)
    even = np.arange(len(labels)) % 2 == 0
    swapped = np.where(even, np.where(labels == "lost", "paid", "lost"), labels)

    def decided(names: np.ndarray) -> np.ndarray:
        return decided_crosswise(
            task, fitted, LabelledRows("1", "", frame, names), ["income", "debt"], what="the candidate"
        )

    before, after = decided(labels), decided(swapped)
    assert (before[even] == after[even]).all()
    assert (before[~even] != after[~even]).any()


def test_a_temperature_changes_no_area() -> None:
    outcome = trained()
    inner = outcome.judged_estimator.estimator_
    newest = loan_batches()[-1].frame.set_index("loan").loc[outcome.held_out["loan"]]
    raw = inner.predict_proba(newest[list(LOAN_FEATURES)].fillna({"job": np.nan}))[:, 0]
    assert outcome.temperature != 1.0
    assert roc_auc_score(newest["outcome"] == "lost", raw) == pytest.approx(outcome.comparison.challenger.value)
