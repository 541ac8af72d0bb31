"""Trainings as a person launches them: typed settings of a run, gates that refuse, and what the schedules ask for."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from driftwatch_assets.components.run_settings import training_settings, with_settings
from driftwatch_assets.defs.loan_eligibility.simulate import simulate
from driftwatch_assets.training import Candidate
from driftwatch_assets_tests.loan_eligibility.lending import MODEL, lending, take
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftwatch_assets_tests.loan_eligibility.lending import Lending

pytestmark = DAGSTERS_OWN_WARNINGS

WEEKS = ("2015-04-13", "2015-04-20", "2015-04-27")
NEWEST = WEEKS[-1]


@pytest.fixture(scope="module")
def lent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lending]:
    """Give the model before anything has arrived."""
    with lending(House(tmp_path_factory.mktemp("lent"), MODEL)) as lent:
        yield lent


@pytest.fixture(scope="module")
def taught(lent: Lending) -> Lending:
    """Give three weeks of gold."""
    simulate(lent.watched.landing, seed=1, days=18)
    for week in WEEKS:
        take(lent.watched, week)
    return lent


def promotions(result: dg.ExecuteInProcessResult) -> list[dg.AssetCheckEvaluation]:
    return [one for one in result.get_asset_check_evaluations() if one.check_name == "promotion"]


def facts(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (event,) = result.asset_materializations_for_node(f"{MODEL}__model")
    return {name: value.value for name, value in event.metadata.items()}


@pytest.mark.parametrize("name", ["x'; DROP TABLE loan_details; --", "random forest"])
def test_a_candidate_that_is_not_declared_is_refused_with_the_valid_names(lent: Lending, name: str) -> None:
    versions = len(lent.watched.registry.history(MODEL))
    told = lent.why(lent.learn(NEWEST, {"candidate": name}))
    assert f"a run asks for the candidate {name!r}, which is not declared" in told
    assert "valid: all, random_forest, gradient_boosting" in told
    assert len(lent.watched.registry.history(MODEL)) == versions


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"query": "DROP TABLE loan_details"}, "query"),
        ({"threshold": "a lot"}, "threshold"),
        ({"seed": 0.5}, "seed"),
        ({"parameters": [4]}, "parameters"),
    ],
)
def test_a_setting_that_is_none_or_of_another_type_is_refused_before_the_run(
    lent: Lending, config: dict[str, Any], said: str
) -> None:
    with pytest.raises(dg.DagsterInvalidConfigError, match=said):
        lent.learn(NEWEST, config)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "gives the parameters max_depth without the candidate that they are for; choose one: random_forest, "),
        (
            {"candidate": "random_forest", "parameters": {"max_dept": 4}},
            "RandomForestClassifier has no parameter 'max_dept'; nearest: max_depth",
        ),
        (
            {"candidate": "random_forest", "parameters": {"max_depth": "deep"}},
            "refuses its parameters: The 'max_depth' parameter of RandomForestClassifier must be an int",
        ),
        (
            {"candidate": "random_forest", "parameters": {"criterion": {"estimator": "os.system"}}},
            "a parameter is a text, a number, true, false or null; found another value of 'criterion'",
        ),
    ],
    ids=["of no candidate", "unknown", "refused", "no plain value"],
)
def test_parameters_that_the_chosen_candidate_does_not_take_fail_the_run(
    lent: Lending, config: dict[str, Any], said: str
) -> None:
    versions = len(lent.watched.registry.history(MODEL))
    assert said in lent.why(lent.learn(NEWEST, {"parameters": {"max_depth": 4}, **config}))
    assert len(lent.watched.registry.history(MODEL)) == versions


def test_parameters_of_a_run_stand_in_place_of_the_declared_ones(lent: Lending) -> None:
    settings = training_settings(lent.component.declaration)
    given = settings(candidate="gradient_boosting", parameters={"max_depth": 4, "min_samples_leaf": 0.1})
    [candidate] = with_settings(lent.watched, given).declaration.training.candidates
    [_, declared] = lent.component.declaration.training.candidates
    built, usual = (one.build(seed=1, task_kind="binary") for one in (candidate, declared))
    assert [type(step) for _, step in built.steps] == [type(step) for _, step in usual.steps]
    before, after = usual[-1].get_params(), built[-1].get_params()
    assert after == before | {"max_depth": 4, "min_samples_leaf": 0.1}


@pytest.mark.parametrize(("name", "value"), [("threshold", 1.5), ("judge_share", 0.0), ("seed", -1)])
def test_a_setting_out_of_its_range_fails_the_run(lent: Lending, name: str, value: float) -> None:
    told = lent.why(lent.learn(NEWEST, {name: value}))
    assert name in told


def test_the_launchpad_shows_every_setting_with_its_meaning_and_declared_value(lent: Lending) -> None:
    job = lent.daemon.definitions.resolve_job_def(lent.component.keys.training_job)
    op: Any = job.run_config_schema.config_type
    fields = op.fields["ops"].config_type.fields[f"{MODEL}__model"].config_type.fields["config"].config_type.fields
    shown = {name: field.default_value for name, field in fields.items()}
    assert shown == {
        "candidate": "all",
        "parameters": {},
        "judge_share": 0.5,
        "seed": 42,
        "minimum": 0.7,
        "threshold": 0.4,
    }
    assert all(field.description for field in fields.values())
    assert (
        fields["candidate"].description
        == "Which candidate is trained: all, or one of random_forest, gradient_boosting."
    )


SCHEDULED = {"inference": "0 5 * * *", "monitoring": "0 6 * * *", "training": "0 7 * * 1"}


def test_schedules_are_there_and_off_until_somebody_switches_them_on(lent: Lending) -> None:
    repository = lent.daemon.definitions.get_repository_def()
    found = {schedule.name: schedule for schedule in repository.schedule_defs}
    assert {name: one.cron_schedule for name, one in found.items()} == {
        f"{MODEL}_{what}_schedule": cron for what, cron in SCHEDULED.items()
    }
    assert {one.default_status for one in found.values()} == {dg.DefaultScheduleStatus.STOPPED}


@pytest.mark.parametrize("what", SCHEDULED)
def test_a_schedule_has_nothing_to_ask_for_before_anything_has_arrived(lent: Lending, what: str) -> None:
    repository = lent.daemon.definitions.get_repository_def()
    schedule = repository.get_schedule_def(f"{MODEL}_{what}_schedule")
    with dg.build_schedule_context(
        instance=lent.instance,
        repository_def=repository,
        scheduled_execution_time=dt.datetime(2015, 5, 4, tzinfo=dt.UTC),
        resources={"places": lent.places},
    ) as context:
        ticked = schedule.evaluate_tick(context)
    assert not ticked.run_requests
    told = "nothing new among 0 landed batches; " if what == "inference" else f"nothing of {MODEL} is stored yet"
    assert (ticked.skip_message or "").startswith(told)


@pytest.mark.slow
def test_settings_of_a_run_change_what_is_trained_and_what_it_says(taught: Lending) -> None:
    declared = taught.learn(NEWEST)
    assert declared.success, taught.why(declared)
    changed = {"candidate": "gradient_boosting", "parameters": {"n_estimators": 50}, "threshold": 0.5}
    chosen = taught.learn(NEWEST, {**changed, "judge_share": 0.4, "seed": 7})
    assert chosen.success, taught.why(chosen)
    before, after = facts(declared), facts(chosen)
    assert "random_forest" in before["ranking"]
    assert "gradient_boosting" in before["ranking"]
    assert after["candidate"] == "gradient_boosting"
    assert "random_forest" not in after["ranking"]
    assert before["fingerprint"] != after["fingerprint"]
    assert before["challenger"] != after["challenger"], "other rows judged it"
    versions = taught.watched.registry.history(MODEL)
    assert [version.candidate for version in versions][-1] == "gradient_boosting"
    first, last = (taught.watched.registry.load(version) for version in (versions[0], versions[-1]))
    assert (first.threshold, last.threshold) == (0.4, 0.5)
    assert last.estimator.estimator_[-1].n_estimators == 50
    # A higher threshold refuses fewer applications with the very same scores.
    gold = taught.watched.lake.read(f"{MODEL}/gold/features", NEWEST)
    said = last.predict(gold)
    assert (said["predicted"] == "loan refused").equals(said["score_loan refused"] >= 0.5)


@pytest.mark.slow
def test_a_candidate_that_learns_by_heart_is_refused_by_the_gap(taught: Lending) -> None:
    declaration = taught.component.declaration
    (careful, *_) = declaration.training.candidates
    by_heart = Candidate.model_validate(
        {
            "name": "by_heart",
            "steps": [
                careful.steps[0].model_dump(),
                {"estimator": "sklearn.tree.DecisionTreeClassifier"},
            ],
        }
    )
    gates = declaration.training.gates.model_copy(update={"minimum": 0.5, "must_beat_champion": False})
    training = declaration.training.model_copy(update={"candidates": (by_heart,), "gates": gates})
    component = replace(taught.component, declaration=declaration.model_copy(update={"training": training}))
    champion = taught.watched.registry.champion_as_of(MODEL, "2015-05-04")
    result = taught.with_model(component).learn(NEWEST)
    assert result.success
    (promotion,) = promotions(result)
    assert not promotion.passed
    assert promotion.severity == dg.AssetCheckSeverity.WARN
    assert promotion.metadata["failed_gates"].value == ["maximum_gap"]
    assert str(promotion.description).startswith("refused: auc is 0.")
    assert "higher on the rows that were fitted on (1.0000), more than the gap of 0.1500" in str(promotion.description)
    assert taught.watched.registry.champion_as_of(MODEL, "2015-05-04") == champion


@pytest.mark.slow
@pytest.mark.parametrize("what", ["monitoring", "training"])
def test_a_schedule_asks_for_the_newest_batch_and_what_it_asks_for_runs(taught: Lending, what: str) -> None:
    made = taught.materialize(NEWEST)
    assert made.success, taught.why(made)
    repository = taught.daemon.definitions.get_repository_def()
    schedule = repository.get_schedule_def(f"{MODEL}_{what}_schedule")
    moment = dt.datetime(2015, 5, 4, 7, tzinfo=dt.UTC)
    with dg.build_schedule_context(
        instance=taught.instance,
        repository_def=repository,
        scheduled_execution_time=moment,
        resources={"places": taught.places},
    ) as context:
        ticked = schedule.evaluate_tick(context)
    (request,) = ticked.run_requests or ()
    assert request.partition_key == NEWEST
    assert request.run_key == f"{MODEL}_{what}_schedule/2015-05-04T07:00/{NEWEST}"
    result = taught.daemon.run(schedule.job_name, request)
    assert result.success, taught.why(result)
