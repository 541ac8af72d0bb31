"""The real loans through the whole graph, 35 months: what came of each, what was known when, and how well it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.components import records
from driftwatch_assets.defs.loan_default.transforms import FEATURES
from driftwatch_assets.lake import batch_order
from driftwatch_assets.registry import champion_among
from driftwatch_assets.steps import with_labels
from driftwatch_assets.steps.watch import watch_drift
from driftwatch_assets_tests.evidence import stored_evidence
from driftwatch_assets_tests.loan_default.replayed import MODEL, Replayed
from driftwatch_assets_tests.severities import documented, stored
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch_assets.steps import Watched
    from driftwatch_assets_tests.steps.house import House

pytestmark = [pytest.mark.soak, *DAGSTERS_OWN_WARNINGS]

MONTHS = [str(month) for month in pd.period_range("2023-01", "2025-11", freq="M")]
WITH_LOANS = [month for month in MONTHS if month <= "2025-01"]
LATE = 6
FIRST_TRAINED_THROUGH = "2023-12"

# What a bronze suite counts, by table, over all months: the dirt as it was published, and what else was found.
DIRT = {
    "features_attributes": {
        "age_without_suffix": 637,
        "age_18_to_100": 988,
        "ssn_written_as_one": 703,
        "occupation_given": 880,
    },
    "features_financials": {
        "income_without_suffix": 859,
        "income_up_to_200000": 114,
        "loans_not_minus_100": 500,
        "bank_accounts_0_to_20": 171,
        "credit_cards_0_to_20": 296,
        "interest_0_to_60": 270,
        "credit_mix_given": 2_611,
        "payment_behaviour_given": 998,
        "invested_not_a_placeholder": 558,
    },
}
ROWS = {
    "feature_clickstream": 215_376,
    "features_attributes": 12_500,
    "features_financials": 12_500,
    "lms_loan_daily": 137_500,
}


@pytest.fixture(scope="module")
def house(real_replay: Replayed) -> House:
    return real_replay.house


@pytest.fixture(scope="module")
def watched(house: House) -> Watched:
    return house.watched


@pytest.fixture(scope="module")
def evidence(watched: Watched) -> Mapping[str, Mapping[str, dict[str, Any]]]:
    """Give the drift and performance of each month."""
    kinds = ("drift", "performance")
    return {month: {kind: stored_evidence(watched, month, kind) or {} for kind in kinds} for month in MONTHS}


@pytest.fixture(scope="module")
def runs(house: House) -> list[dg.RunRecord]:
    with house.instance() as instance:
        return list(instance.get_run_records(ascending=True))


@pytest.fixture(scope="module")
def materialized(house: House) -> Mapping[str, Mapping[str, list[dg.EventLogRecord]]]:
    """Give each asset's materializations by month, oldest first."""
    keys = house.component.keys
    found: dict[str, dict[str, list[dg.EventLogRecord]]] = {}
    with house.instance() as instance:
        for name in ("gold", "predictions", "drift", "performance", "report", "trained"):
            events = instance.fetch_materializations(getattr(keys, name), limit=1_000, ascending=True).records
            by_month: dict[str, list[dg.EventLogRecord]] = {}
            for event in events:
                by_month.setdefault(str(event.partition_key), []).append(event)
            found[name] = by_month
    return found


def later(month: str, by: int) -> str:
    return str(pd.Period(month, freq="M") + by)


def told(record: dg.EventLogRecord) -> dict[str, Any]:
    assert record.asset_materialization is not None
    return {name: value.value for name, value in record.asset_materialization.metadata.items()}


def judged(evidence: Mapping[str, Mapping[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Give the performance of the months in which a champion's word met labels."""
    return {month: found["performance"] for month, found in evidence.items() if found["performance"].get("metrics")}


class TestEveryMonth:
    def test_every_run_succeeded(self, real_replay: Replayed, runs: list[dg.RunRecord]) -> None:
        assert "failed" not in real_replay.printed
        assert {record.dagster_run.status for record in runs} == {dg.DagsterRunStatus.SUCCESS}
        arrivals = [run.dagster_run for run in runs if run.dagster_run.tags[records.PURPOSE_TAG] == "arrival"]
        assert [run.tags[records.BATCH_TAG] for run in arrivals] == MONTHS

    def test_four_tables_became_bronze_and_silver_whole(self, watched: Watched) -> None:
        for layer in ("bronze", "silver"):
            rows = {
                name: sum(len(watched.lake.read(f"{MODEL}/{layer}/{name}", month)) for month in MONTHS) for name in ROWS
            }
            assert rows == ROWS

    def test_twelve_thousand_five_hundred_loans_became_gold_or_were_set_aside_with_a_reason(
        self, watched: Watched
    ) -> None:
        gold = {month: watched.lake.read(watched.tables.gold, month) for month in MONTHS}
        aside = [watched.lake.read(watched.tables.quarantine("features"), month) for month in MONTHS]
        assert (sum(map(len, gold.values())), sum(map(len, aside))) == (12_469, 31)
        assert all(one["reason"].notna().all() for one in aside)
        assert [month for month, table in gold.items() if len(table)] == WITH_LOANS
        for table in gold.values():
            assert watched.features(table) == list(FEATURES)
            assert len(watched.features(table)) == 15

    def test_features_are_numbers_also_where_none_of_them_is_known(self, watched: Watched) -> None:
        for month in MONTHS:
            types = watched.lake.read(watched.tables.gold, month)[list(FEATURES[:-2])].dtypes
            assert {str(kind) for kind in types} == {"float64"}, month

    def test_every_kind_of_dirt_was_counted(self, watched: Watched) -> None:
        for table, wanted in DIRT.items():
            found = dict.fromkeys(wanted, 0)
            for month in MONTHS:
                content = stored_evidence(watched, month, f"quality_bronze_{table}")
                assert content is not None
                verdicts = {verdict["name"]: verdict for verdict in content["verdicts"]}
                for name in wanted:
                    count = verdicts[name]["observed"]["unexpected_count"]
                    assert verdicts[name]["passed"] == (count == 0)
                    found[name] += count
            assert found == wanted, table

    def test_every_month_has_its_pages(self, watched: Watched) -> None:
        tables = watched.tables
        for month in MONTHS:
            for path in (tables.page(month), tables.page_json(month), tables.quality_page(month)):
                assert watched.lake.has_file(path), path
        assert watched.lake.has_file(tables.summary)

    def test_months_without_a_loan_pass_through_the_whole_graph_and_judge_nothing(
        self,
        materialized: Mapping[str, Mapping[str, list[dg.EventLogRecord]]],
        evidence: Mapping[str, Mapping[str, dict[str, Any]]],
    ) -> None:
        for month in MONTHS[len(WITH_LOANS) :]:
            assert all(
                month in materialized[name] for name in ("gold", "predictions", "drift", "performance", "report")
            )
            assert evidence[month]["drift"]["champion"] is None
            assert evidence[month]["performance"]["verdict"]["degraded"] is None
            assert told(materialized["drift"][month][0])["verdict"] == "not judged: the batch has no row"

    def test_memory_stayed_within_its_bound(self, real_replay: Replayed) -> None:
        assert real_replay.peak_bytes < 1.5e9


class TestLateLabels:
    def test_performance_is_materialized_when_the_labels_arrive_and_nothing_else_is(
        self, materialized: Mapping[str, Mapping[str, list[dg.EventLogRecord]]], runs: list[dg.RunRecord]
    ) -> None:
        for name in ("gold", "predictions", "drift", "report"):
            once = {month: 1 + (name == "report" and month in materialized["trained"]) for month in MONTHS}
            assert {month: len(events) for month, events in materialized[name].items()} == once, name
        times = {month: len(events) for month, events in materialized["performance"].items()}
        assert times == {month: 2 if month in WITH_LOANS else 1 for month in MONTHS} | {
            month: 2 for month in MONTHS if later(month, LATE) in MONTHS
        }
        started = {
            run.dagster_run.tags[records.BATCH_TAG]: run.start_time
            for run in runs
            if run.dagster_run.tags[records.PURPOSE_TAG] == "arrival"
        }
        for month in MONTHS:
            tells, after = later(month, LATE), later(month, LATE + 1)
            if tells not in started:
                continue
            at = materialized["performance"][month][1].timestamp
            assert at > (started[tells] or 0), month
            assert after not in started or at < (started[after] or 0), month

    def test_before_it_is_not_judged(self, materialized: Mapping[str, Mapping[str, list[dg.EventLogRecord]]]) -> None:
        for month in WITH_LOANS:
            first, second = (told(event) for event in materialized["performance"][month])
            assert first["labelled_rows"] == 0
            assert first["verdict"].startswith("not judged"), month
            assert "auc" not in first
            assert second["labelled_rows"] > 400
            assert ("auc" in second) == (month > FIRST_TRAINED_THROUGH)

    def test_a_champion_was_trained_through_an_earlier_month_on_what_was_known_then(self, watched: Watched) -> None:
        versions = watched.registry.history(MODEL)
        assert versions[0].trained_through == FIRST_TRAINED_THROUGH
        for version in versions:
            model = watched.registry.load(version)
            newest = later(version.trained_through, -LATE)
            assert model.window[-1] == newest
            assert list(model.window) == [month for month in MONTHS if month <= newest]
            assert set(model.held_out["batch"]) == {newest}
        for month in WITH_LOANS:
            champion = champion_among(versions, before=month)
            said = watched.lake.read(watched.tables.predictions, month)
            if month <= FIRST_TRAINED_THROUGH:
                assert champion is None
                assert said.empty
                continue
            assert champion is not None
            assert batch_order(champion.trained_through) < batch_order(month)
            assert set(said["champion_trained_through"]) == {champion.trained_through}
            assert set(said["champion_version"]) == {str(champion.version)}


class TestHowWell:
    def test_three_candidates_were_ranked_each_time(
        self, materialized: Mapping[str, Mapping[str, list[dg.EventLogRecord]]], watched: Watched
    ) -> None:
        names = [one.name for one in watched.declaration.training.candidates]
        assert len(names) == 3
        assert materialized["trained"]
        for [event] in materialized["trained"].values():
            lines = told(event)["ranking"].splitlines()[2:]
            assert [line.split("|")[1].strip() for line in lines] == names
            assert all(0.6 < float(line.split("|")[2]) < 0.9 for line in lines)

    def test_the_champions_of_their_time_are_worth_the_published_figure(
        self, evidence: Mapping[str, Mapping[str, dict[str, Any]]], watched: Watched
    ) -> None:
        from sklearn.metrics import roc_auc_score  # noqa: PLC0415 - heavy, and only here

        months = judged(evidence)
        assert list(months) == [month for month in WITH_LOANS if month > FIRST_TRAINED_THROUGH]
        said = []
        for month in months:
            rows = with_labels(watched, month).gold[["loan_id", "label"]]
            said.append(rows.merge(watched.lake.read(watched.tables.predictions, month), on="loan_id"))
        pooled = pd.concat(said)
        assert np.mean([found["metrics"]["auc"] for found in months.values()]) >= 0.788 - 0.01
        assert roc_auc_score(pooled["label"] == "default", pooled["score_default"]) >= 0.788 - 0.01

    def test_retraining_is_no_worse_than_the_frozen_model(
        self, evidence: Mapping[str, Mapping[str, dict[str, Any]]]
    ) -> None:
        months = judged(evidence)
        bought = [found["metrics"]["auc"] - found["frozen_value"] for found in months.values()]
        assert np.mean(bought) >= 0


class TestGovernance:
    def test_it_fires_where_a_figure_falls_below_its_bound_and_nowhere_else(
        self, house: House, evidence: Mapping[str, Mapping[str, dict[str, Any]]]
    ) -> None:
        with house.instance() as instance:
            key = house.component.keys.triggers()["governance"]
            status = {one.batch: one.status for one in records.check_verdicts(instance, [key])}
        fired = {}
        for month, found in judged(evidence).items():
            metrics, governance = found["metrics"], found["governance"]
            psi = next(
                row["psi"]
                for row in evidence[month]["drift"]["prediction_drift"]["statistics"]
                if row["kind"] == "numeric"
            )
            expected = {
                "auc < 0.70": metrics["auc"] < 0.70,
                "psi >= 0.2": psi >= 0.2,
                "precision < 0.60": metrics["precision"] < 0.60,
                "recall < 0.50": metrics["recall"] < 0.50,
            }
            assert {part["text"]: part["fires"] for part in governance["parts"]} == expected, month
            assert governance["fires"] == any(expected.values())
            assert status[month] == ("failed" if governance["fires"] else "passed")
            fired[month] = expected
        assert any(parts["recall < 0.50"] for parts in fired.values())
        assert not all(parts["recall < 0.50"] for parts in fired.values())
        assert not any(parts["auc < 0.70"] for parts in fired.values())

    def test_a_training_answered_it_when_the_labels_told(
        self, evidence: Mapping[str, Mapping[str, dict[str, Any]]], watched: Watched
    ) -> None:
        first, *again = watched.registry.history(MODEL)
        assert again
        for version in again:
            failing = later(version.trained_through, -LATE)
            assert evidence[failing]["performance"]["governance"]["fires"] is True
        assert first.trained_through == FIRST_TRAINED_THROUGH


class TestTheEndOfTheClicks:
    def test_the_month_from_which_the_clicks_are_missing_is_found_by_name(
        self, evidence: Mapping[str, Mapping[str, dict[str, Any]]], watched: Watched
    ) -> None:
        # By the start of the loans it is July 2024, whose quarter is the third: the published 2024-Q4 is not what the
        # files hold.
        named = {}
        for month in WITH_LOANS:
            if evidence[month]["drift"]["champion"] is None:
                continue
            table = watched.lake.read(watched.tables.drift, month).set_index("feature")
            change = (table["missing_rate_current"] - table["missing_rate_reference"]).abs()
            named[month] = sorted(change.index[change >= watched.declaration.drift.features.missing_rate_change])
            assert table.loc["fe_10_mean", "missing_rate_current"] == float(month >= "2024-07")
        assert [month for month, found in named.items() if "fe_10_mean" in found] == [
            month for month in WITH_LOANS if month >= "2024-07"
        ]
        assert all(found in ([], ["fe_10_mean", "fe_10_std"]) for found in named.values())
        assert {"fe_10_mean", "fe_10_std"} <= set(evidence["2024-07"]["drift"]["data_drift"]["drifted_features"])

    def test_the_table_says_so(self, watched: Watched) -> None:
        table = watched.lake.read(watched.tables.drift, "2024-07").set_index("feature")
        assert "missing" in str(table.loc["fe_10_mean", "because"])
        assert "missing" not in str(
            watched.lake.read(watched.tables.drift, "2024-06").set_index("feature").loc["fe_10_mean", "because"]
        )


class TestWhatChangesByDefinition:
    def test_no_month_drifts_before_the_clicks_end_and_each_does_from_then_on(
        self, evidence: Mapping[str, Mapping[str, dict[str, Any]]]
    ) -> None:
        judged_months = {month: one["drift"] for month, one in evidence.items() if one["drift"]["champion"] is not None}
        assert len(judged_months) == 13
        for month, drift in judged_months.items():
            found = drift["data_drift"]["drift_detected"], drift["data_drift"]["severity"]
            assert found == ((True, "high") if month >= "2024-07" else (False, "none")), month
            # The spread over a single month is missing, which the first month of the training has and no later one.
            grades = {"high"} if month >= "2024-07" else {"none", "low"}
            assert drift["whole_table_drift"]["severity"] in grades, month

    def test_the_grades_are_those_of_the_documented_table(self, house: House) -> None:
        assert stored(house.folder / "lake", MODEL) == documented(MODEL)

    def test_the_months_that_a_history_stands_against_are_stored_and_shown(
        self, evidence: Mapping[str, Mapping[str, dict[str, Any]]], watched: Watched
    ) -> None:
        for month in WITH_LOANS:
            if evidence[month]["drift"]["champion"] is None:
                continue
            against = [one for one in MONTHS if one < min(month, "2024-07")][-3:]
            assert evidence[month]["drift"]["data_drift"]["newest"] == dict.fromkeys(
                ("fe_10_mean", "fe_10_std"), against
            )
            told = watched.lake.read(watched.tables.drift, month).set_index("feature")["compared_with"]
            assert told["fe_10_mean"] == told["fe_10_std"] == ", ".join(against)
            assert set(told.drop(["fe_10_mean", "fe_10_std"])) == {"training"}
            assert f"have a value: {', '.join(against)}." in watched.lake.read_file(watched.tables.page(month)).decode()

    @pytest.mark.parametrize("month", ["2024-05", "2024-09"])
    def test_a_month_judged_again_is_the_same_now_that_later_ones_are_there(
        self, real_house: House, month: str
    ) -> None:
        with real_house.lived_in():
            before = stored_evidence(real_house.watched, month, "drift")
            watch_drift(real_house.watched, month)
            assert stored_evidence(real_house.watched, month, "drift") == before


class TestTheSameInTrainingAndScoring:
    @pytest.mark.parametrize("month", ["2024-06", "2024-12"])
    def test_a_row_is_scored_alone_and_in_any_order_as_in_its_batch(self, watched: Watched, month: str) -> None:
        gold = watched.lake.read(watched.tables.gold, month)
        record = watched.registry.champion_as_of(MODEL, month)
        assert record is not None
        champion = watched.registry.load(record)
        stored = watched.lake.read(watched.tables.predictions, month).set_index("loan_id")["score_default"]
        ids = gold["loan_id"]

        shuffled = gold.sample(frac=1, random_state=1)
        again = champion.predict(shuffled).set_index(shuffled["loan_id"])["score_default"]
        np.testing.assert_allclose(again[ids], stored[ids], rtol=0, atol=1e-12)

        gaps = gold[list(FEATURES)].isna().sum(axis=1)
        chosen = gaps.sort_values(kind="stable").index[[*range(5), *range(-40, 0)]]
        assert gaps[chosen].min() == 0 or month >= "2024-07"
        assert gaps[chosen].max() >= 2
        alone = [float(champion.predict(gold.loc[[row]])["score_default"].iloc[0]) for row in chosen]
        np.testing.assert_allclose(alone, stored[ids[chosen]], rtol=0, atol=1e-12)

    def test_a_gap_is_filled_with_what_the_training_saw_and_not_with_zero(self, watched: Watched) -> None:
        record = watched.registry.champion_as_of(MODEL, "2024-06")
        assert record is not None
        champion = watched.registry.load(record)
        learned = pd.concat([watched.lake.read(watched.tables.gold, one) for one in champion.window])
        gold = watched.lake.read(watched.tables.gold, "2024-06")
        name = "Interest_Rate"
        told_apart = [
            champion.predict(gold.assign(**{name: value}))["score_default"].to_numpy()
            for value in (np.nan, learned[name].median(), 0.0)
        ]
        unknown, median, zero = told_apart
        assert np.abs(unknown - median).mean() < np.abs(unknown - zero).mean() / 3
