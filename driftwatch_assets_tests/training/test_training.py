"""A whole training: in the order of time, on rows that no judged model saw, and repeatable."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler

from driftwatch_assets.training import (
    FeaturesMissing,
    GoldBatch,
    NotEnoughLabels,
    ScoringFailed,
    TrainingFailed,
    TrainingOutcome,
    measure,
    predict,
    train,
)
from driftwatch_assets.training.temperature import TemperatureScaled, best_temperature, class_scores
from driftwatch_assets_tests.training.drifting import CLASSES, FEATURES, TASK, Recording, declaration, drifting_batches

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDING = {"name": "recording", "estimator": "driftwatch_assets_tests.training.drifting.Recording"}
FITTING = ("fit", "fit_transform", "partial_fit", "fit_predict")


@pytest.fixture
def recorded() -> Iterator[type[Recording]]:
    Recording.fitted.clear()
    Recording.scored.clear()
    yield Recording
    Recording.fitted.clear()
    Recording.scored.clear()


def trained(batches: list[GoldBatch] | None = None, through: str = "5", **options: Any) -> TrainingOutcome:
    declared = options.pop("declared", declaration())
    return train(
        declared,
        drifting_batches() if batches is None else batches,
        through=through,
        task=TASK,
        features=FEATURES,
        **options,
    )


def champion(outcome: TrainingOutcome) -> Any:
    return SimpleNamespace(
        estimator=outcome.estimator,
        features=outcome.features,
        fingerprint=outcome.fingerprint,
        trained_through=outcome.trained_through,
    )


def forbid_fitting(monkeypatch: pytest.MonkeyPatch, estimator: Any) -> None:
    """Let every part of a fitted model refuse to be fitted again."""
    inner = estimator.estimator_
    parts = [estimator, inner, *(part for _, part in getattr(inner, "steps", []))]
    for part in parts:
        for name in FITTING:
            if hasattr(type(part), name):

                def refuse(*_: object, **__: object) -> None:
                    raise AssertionError("something was fitted while scoring")

                monkeypatch.setattr(type(part), name, refuse)


def test_no_row_is_scored_by_a_model_that_saw_it(recorded: type[Recording]) -> None:
    outcome = trained(declared=declaration(candidates=[RECORDING, RECORDING | {"name": "twin"}], rank_batches=2))
    assert outcome.promotion.promote
    assert len(recorded.scored) == 2 * 2 + 2
    newest = set(drifting_batches()[-1].frame["length"])
    chosen_on = recorded.scored[:5]
    assert all(not asked & newest for asked in chosen_on), "the batch that judges also ranked, or gave the temperature"


def test_the_winner_is_refitted_on_every_row_and_the_judged_one_was_not(recorded: type[Recording]) -> None:
    outcome = trained(declared=declaration(candidates=[RECORDING]))
    judged, final = recorded.fitted[-2:]
    everything = {value for batch in drifting_batches() for value in batch.frame["length"]}
    assert final == everything
    assert len(everything) - len(judged) == outcome.comparison.rows == len(outcome.held_out) == 120


def test_a_refused_challenger_is_not_refitted(recorded: type[Recording]) -> None:
    outcome = trained(declared=declaration(candidates=[RECORDING], gates={"minimum": 1.0}))
    assert not outcome.promotion.promote
    assert outcome.estimator is outcome.judged_estimator
    assert outcome.fingerprint == outcome.judged_fingerprint
    everything = {value for batch in drifting_batches() for value in batch.frame["length"]}
    assert everything not in recorded.fitted


def test_the_champion_is_asked_to_predict_and_never_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    first = trained(through="4")
    other = declaration(candidates=[{"name": "bayes", "estimator": "sklearn.naive_bayes.GaussianNB"}])
    forbid_fitting(monkeypatch, first.estimator)
    outcome = trained(champion=champion(first), declared=other)
    assert outcome.champion == first.fingerprint
    rows = outcome.held_out["tree"]
    newest = drifting_batches()[-1].frame.set_index("tree").loc[rows]
    expected = measure(newest["kind"], predict(first.estimator, newest, FEATURES)["predicted"])
    assert outcome.comparison.champion_report is not None
    assert outcome.comparison.champion_report.accuracy == expected.accuracy


def test_scoring_never_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = trained()
    frame = drifting_batches(6)[-1].frame
    before = predict(outcome.estimator, frame, outcome.features)
    forbid_fitting(monkeypatch, outcome.estimator)
    after = predict(outcome.estimator, frame, outcome.features)
    pd.testing.assert_frame_equal(before, after)
    one = predict(outcome.estimator, frame.head(1), outcome.features)
    assert one["confidence"].iloc[0] == pytest.approx(before["confidence"].iloc[0], rel=1e-12)


def test_the_same_declaration_and_data_give_the_same_model() -> None:
    one, two = trained(), trained(list(reversed(drifting_batches(7))))
    assert one.fingerprint == two.fingerprint
    assert one.training_fingerprint == two.training_fingerprint
    frame = drifting_batches(6)[-1].frame
    pd.testing.assert_frame_equal(
        predict(one.estimator, frame, FEATURES), predict(two.estimator, frame, FEATURES), check_exact=True
    )
    pd.testing.assert_frame_equal(one.held_out, two.held_out, check_exact=True)
    pd.testing.assert_frame_equal(
        one.ranking.table.drop(columns="seconds"), two.ranking.table.drop(columns="seconds"), check_exact=True
    )


@pytest.mark.parametrize("changed", [{"seed": 1}, {"judge_share": 0.4}, {"window": 3}, {"metric": "f1_macro"}])
def test_another_declaration_is_another_model(changed: dict[str, Any]) -> None:
    assert trained().fingerprint != trained(declared=declaration(**changed)).fingerprint


def test_a_corrected_batch_is_another_model() -> None:
    batches = drifting_batches()
    batches[1] = GoldBatch("2", batches[1].frame, "corrected")
    assert trained().fingerprint != trained(batches).fingerprint


def test_gates_and_champion_are_part_of_the_training_but_not_of_the_model() -> None:
    one, two = trained(), trained(declared=declaration(gates={"minimum": 0.1}))
    assert one.fingerprint == two.fingerprint
    assert one.training_fingerprint != two.training_fingerprint
    three = trained(champion=champion(trained(through="4")))
    assert three.training_fingerprint != one.training_fingerprint


def test_a_retraining_buys_the_newest_batch() -> None:
    batches = drifting_batches(6, drift=1.5)
    frozen = trained(batches, through="3")
    outcome = trained(batches, through="5", champion=champion(frozen))
    assert outcome.promotion.promote
    assert outcome.comparison.difference is not None
    assert outcome.comparison.difference.low > 0
    later = batches[5].frame
    accuracy = [
        measure(later["kind"], predict(one.estimator, later, FEATURES)["predicted"]).accuracy
        for one in (frozen, outcome)
    ]
    assert accuracy[1] > accuracy[0]


def test_within_noise_the_earlier_listed_is_chosen() -> None:
    listed = declaration().candidates
    outcome = trained(declared=declaration(candidates=[listed[0], listed[0].model_copy(update={"name": "same"})]))
    assert outcome.ranking.chosen == "discriminant"
    table = outcome.ranking.table
    assert table["within_noise"].tolist() == [True, True]
    assert {"batch_3", "batch_4"} <= set(table.columns)


def test_a_clearly_better_candidate_is_chosen_wherever_it_stands() -> None:
    constant = {"name": "constant", "estimator": "driftwatch_assets_tests.training.drifting.Constant"}
    outcome = trained(declared=declaration(candidates=[constant, declaration().candidates[0]]))
    assert outcome.ranking.chosen == "discriminant"
    row = outcome.ranking.table.loc["constant"]
    assert row["difference_high"] < 0
    assert not row["within_noise"]


STUMP = {"name": "stump", "estimator": "sklearn.tree.DecisionTreeClassifier", "parameters": {"max_depth": 1}}
GROWN = {"name": "grown", "estimator": "sklearn.ensemble.ExtraTreesClassifier", "parameters": {"n_estimators": 30}}


def test_a_better_candidate_whose_gap_is_too_large_is_left_out_for_one_that_keeps_it() -> None:
    still = drifting_batches(drift=0.0)
    for listed in ([STUMP, GROWN], [GROWN, STUMP]):
        free = trained(still, declared=declaration(candidates=listed))
        held = trained(still, declared=declaration(candidates=listed, gates={"maximum_gap": 0.05}))
        assert (free.ranking.chosen, held.ranking.chosen) == ("grown", "stump")
        table = held.ranking.table
        assert table["score"]["grown"] > table["score"]["stump"]
        assert table["gap"]["grown"] > 0.05 >= table["gap"]["stump"]
        assert table["gap_allowed"].to_dict() == {"grown": False, "stump": True}
        gap = f"{table['gap']['grown']:.4f}"
        assert held.ranking.reason.endswith(f"; left out, with a gap of more than 0.0500: grown ({gap})")
        assert held.promotion.promote
        assert free.ranking.table["gap_allowed"].all()


def test_where_no_candidate_keeps_the_gap_the_best_is_judged_and_refused() -> None:
    twin = GROWN | {"name": "twin"}
    outcome = trained(declared=declaration(candidates=[GROWN, twin], gates={"maximum_gap": 0.01}))
    assert not outcome.ranking.table["gap_allowed"].any()
    assert "; all the same ranked, since no candidate has a smaller one, with a gap" in outcome.ranking.reason
    assert not outcome.promotion.promote
    assert "more than the gap of 0.0100" in outcome.promotion.reason


def test_one_batch_is_enough_to_begin_and_says_that_it_was_not_ranked() -> None:
    outcome = trained(drifting_batches(1), through="1")
    assert outcome.ranking.reason == "discriminant is taken without ranking: there is no later batch to rank on"
    assert outcome.promotion.promote


def test_late_labels_leave_rows_out_and_nothing_else() -> None:
    batches = drifting_batches()
    late = batches[-1].frame.copy()
    late.loc[late.index[:100], "kind"] = None
    outcome = trained([*batches[:-1], GoldBatch("5", late, "late")])
    assert outcome.rows == 4 * 240 + 140
    assert outcome.comparison.rows == 70
    assert outcome.held_out["label"].notna().all()


def test_too_few_labels_are_told_apart_from_a_failure() -> None:
    few = drifting_batches()
    few[-1] = GoldBatch("5", few[-1].frame.head(40), "few")
    with pytest.raises(NotEnoughLabels, match="of its 40 labelled rows 20 would judge, and 30 are needed"):
        trained(few)


@pytest.mark.parametrize(
    ("at", "error", "said"),
    [
        (0, TrainingFailed, "candidate 'discriminant' could not be fitted on 480 rows of batches 1 to 2: ValueError: "),
        (2, ScoringFailed, "candidate 'discriminant', asked for batch 3, could not score 240 rows: ValueError: "),
    ],
)
def test_a_missing_value_is_named_with_candidate_batch_and_column(at: int, error: type[Exception], said: str) -> None:
    batches = drifting_batches()
    batches[at].frame.loc[7, "width"] = np.nan
    with pytest.raises(error) as raised:
        trained(batches)
    assert str(raised.value).startswith(said)
    assert "Features with missing values: 1, first: width (1); put an imputer before the estimator" in str(raised.value)


def test_a_library_warning_is_kept_as_a_note() -> None:
    hurried = {
        "name": "hurried",
        "estimator": "sklearn.linear_model.LogisticRegression",
        "parameters": {"max_iter": 1},
    }
    outcome = trained(declared=declaration(candidates=[hurried]))
    assert len(outcome.notes) == 1
    assert outcome.notes[0].startswith("hurried: ConvergenceWarning: ")


def test_a_class_that_only_the_newest_batch_has_is_learned_from_it() -> None:
    batches = drifting_batches()
    two = [GoldBatch(one.batch, one.frame[one.frame["kind"] != "cedar"], one.fingerprint) for one in batches[:4]]
    first = trained(two, through="4")
    outcome = trained([*two, batches[4]], champion=champion(first))
    assert outcome.classes == ("ash", "beech", "cedar")
    assert outcome.comparison.champion_report is not None
    assert outcome.comparison.champion_report.per_class.loc["cedar", "recall"] == 0
    assert outcome.promotion.promote


def test_missing_features_are_named_before_anything_is_scored() -> None:
    outcome = trained()
    with pytest.raises(FeaturesMissing, match=r"1 of the model's 3 features are missing, first \['width'\]"):
        predict(outcome.estimator, drifting_batches()[0].frame.drop(columns="width"), outcome.features)


def test_no_rows_give_an_empty_table_with_all_columns() -> None:
    outcome = trained()
    scored = predict(outcome.estimator, drifting_batches()[0].frame.head(0), outcome.features)
    assert list(scored.columns) == ["predicted", "confidence", "score_ash", "score_beech", "score_cedar"]
    assert len(scored) == 0


@pytest.mark.parametrize("estimator", ["sklearn.svm.SVC", "sklearn.linear_model.RidgeClassifier"])
def test_estimators_without_probabilities_get_a_confidence(estimator: str) -> None:
    outcome = trained(declared=declaration(candidates=[{"name": "only", "estimator": estimator}]))
    chances = outcome.held_out[["score_ash", "score_beech", "score_cedar"]]
    assert chances.sum(axis=1).to_numpy() == pytest.approx(1.0)
    report = outcome.comparison.challenger_report
    assert report.mean_confidence == pytest.approx(report.accuracy, abs=0.05)


def test_a_model_that_was_always_right_is_not_certain() -> None:
    apart = drifting_batches(drift=0.0)
    for batch in apart:
        batch.frame["length"] += 40.0 * batch.frame["kind"].map({"ash": 0, "beech": 1, "cedar": 2})
    outcome = trained(apart, declared=declaration(candidates=[{"name": "only", "estimator": "sklearn.svm.SVC"}]))
    assert outcome.comparison.challenger_report.accuracy == 1.0
    assert outcome.held_out["confidence"].max() < 0.9999


def test_two_classes_have_two_scores() -> None:
    two = [GoldBatch(one.batch, one.frame[one.frame["kind"] != "cedar"], one.fingerprint) for one in drifting_batches()]
    outcome = trained(two, declared=declaration(candidates=[{"name": "only", "estimator": "sklearn.svm.SVC"}]))
    assert outcome.classes == ("ash", "beech")
    inner = outcome.estimator.estimator_
    frame = two[0].frame[list(FEATURES)]
    assert (outcome.estimator.predict(frame) == inner.predict(frame)).all()


def test_a_temperature_changes_no_prediction() -> None:
    outcome = trained()
    frame = drifting_batches(6)[-1].frame[list(FEATURES)]
    cold, hot = (TemperatureScaled.around(outcome.estimator.estimator_, heat) for heat in (0.1, 10.0))
    assert (cold.predict(frame) == hot.predict(frame)).all()
    assert (cold.predict(frame) == outcome.estimator.estimator_.predict(frame)).all()
    assert cold.predict_proba(frame).max() > hot.predict_proba(frame).max()


def relabelled(outcome: TrainingOutcome, batches: list[GoldBatch]) -> list[GoldBatch]:
    """Give batches in which the rows that judged have each other's labels, as many of each as before."""
    frame = batches[-1].frame.copy()
    judged = frame["tree"].isin(outcome.held_out["tree"])
    frame.loc[judged, "kind"] = frame.loc[judged, "kind"].to_numpy()[::-1]
    return [*batches[:-1], GoldBatch(batches[-1].batch, frame, "relabelled")]


def test_rows_that_judge_do_not_choose_the_temperature() -> None:
    batches = [GoldBatch(one.batch, one.frame.assign(at=range(len(one.frame))), "") for one in drifting_batches()]
    timed = TASK.model_copy(update={"time": "at"})
    for count in (5, 2, 1):
        once = train(declaration(), batches[:count], through=str(count), task=timed, features=FEATURES)
        again = train(
            declaration(), relabelled(once, batches[:count]), through=str(count), task=timed, features=FEATURES
        )
        assert once.comparison.challenger.value > again.comparison.challenger.value
        assert once.temperature == again.temperature != 1.0


def test_a_temperature_is_found_by_a_fit_on_what_came_before() -> None:
    outcome = trained()
    batches = drifting_batches()
    earlier = pd.concat([one.frame for one in batches[:3]])
    fitted = clone(outcome.estimator.estimator_).fit(earlier[list(FEATURES)], earlier["kind"])
    later = batches[3].frame
    expected = best_temperature(class_scores(fitted, later[list(FEATURES)]), CLASSES, later["kind"])
    assert outcome.temperature == pytest.approx(expected)
    single = trained(declared=declaration(candidates=declaration().candidates[:1]))
    assert single.temperature == pytest.approx(expected)


def test_a_window_without_other_rows_leaves_scores_as_they_are() -> None:
    batch = drifting_batches(1)[0]
    kinds = ["ash"] * 100 + ["beech"] * 140
    ordered = GoldBatch("1", batch.frame.assign(kind=kinds, at=range(240)), "ordered")
    timed = TASK.model_copy(update={"time": "at"})
    declared = declaration(judge_share=0.5)
    outcome = train(declared, [ordered], through="1", task=timed, features=FEATURES)
    assert outcome.temperature == 1.0


def test_progress_is_told_step_by_step() -> None:
    told: list[str] = []
    trained(progress=told.append)
    assert told == [
        "ranking discriminant on batch 3",
        "ranking forest on batch 3",
        "ranking discriminant on batch 4",
        "ranking forest on batch 4",
        "fitting the challenger discriminant",
        "judging the challenger",
        "refitting discriminant on the whole window",
    ]


def test_candidates_that_begin_alike_share_the_fitted_beginning() -> None:
    scaled = {"estimator": "sklearn.preprocessing.StandardScaler"}
    listed = [
        {"name": "bayes", "steps": [scaled, {"estimator": "sklearn.naive_bayes.GaussianNB"}]},
        {"name": "vectors", "steps": [scaled, {"estimator": "sklearn.svm.SVC"}]},
        {
            "name": "other",
            "steps": [
                {"estimator": "sklearn.preprocessing.StandardScaler", "parameters": {"with_mean": False}},
                {"estimator": "sklearn.svm.SVC"},
            ],
        },
    ]
    fits: list[bool] = []
    original = StandardScaler.fit

    def counting(self: Any, *args: Any, **kwargs: Any) -> Any:
        fits.append(self.with_mean)
        return original(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StandardScaler, "fit", counting)
        together = trained(declared=declaration(candidates=listed, rank_batches=1))
    assert fits.count(False) == 1
    assert fits.count(True) == 1 + 2
    alone = trained(declared=declaration(candidates=listed[1:], rank_batches=1))
    assert together.ranking.table.loc["vectors", "score"] == alone.ranking.table.loc["vectors", "score"]
