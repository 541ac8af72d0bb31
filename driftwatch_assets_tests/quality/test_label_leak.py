"""`label_leak` names the feature and the region that give the label away, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch_assets.quality import SuiteError, TableColumns, parse_suite
from driftwatch_assets.quality.hypergeometric import FewOthers
from driftwatch_assets.quality.leaks import Thresholds, find_leaks
from driftwatch_assets_tests.quality.conftest import judge

if TYPE_CHECKING:
    from driftwatch_assets.quality import QualityVerdict

DEFAULT = Thresholds(purity=0.99, min_rows=5, min_share=0.01, alpha=0.01, auc=0.98, gap=0.0, missing=False)
SUITE = {"expect": "label_leak", "label": "status"}


def _applications(rows: int = 1000, seed: int = 4) -> pd.DataFrame:
    """Give applications of which 77.6 % are given; salary tells something, and nothing tells it away."""
    rng = np.random.default_rng(seed)
    given_loan = rng.random(rows) < 0.776
    return pd.DataFrame(
        {
            "salary": np.where(rng.random(rows) < 0.1, np.nan, rng.lognormal(10.5, 0.6, rows) + 5000 * given_loan),
            "age": rng.integers(18, 90, rows),
            "cars": rng.integers(0, 5, rows),
            "purpose": rng.choice(["car", "house", "debt", None], rows, p=[0.1, 0.2, 0.65, 0.05]),
            "known": rng.random(rows) < 0.5,
            "applied": pd.Timestamp("2015-04-16") + pd.to_timedelta(np.sort(rng.integers(0, 45 * 1440, rows)), "min"),
            "status": np.where(given_loan, "given", "refused"),
        }
    )


def _judged(frame: pd.DataFrame, **more: object) -> QualityVerdict:
    known = TableColumns(features=tuple(name for name in frame.columns if name != "status"))
    (verdict,) = judge(frame, {**SUITE, **more}, columns=known).verdicts
    return verdict


def _regions(verdict: QualityVerdict) -> list[str]:
    return [leak["region"] for leak in verdict.observed["leaks"]]


@pytest.mark.parametrize("rows", [30, 150, 1000, 7000])
def test_features_that_only_tell_something_are_no_leaks(rows: int) -> None:
    verdict = _judged(_applications(rows))
    assert verdict.passed
    assert verdict.sentence.startswith("holds: no single one of the features gives status away; ")


def test_a_value_that_only_one_label_has_is_named_with_its_counts() -> None:
    frame = _applications()
    rng = np.random.default_rng(0)
    placeholder = (frame["status"] == "given") & (rng.random(1000) < 0.15)
    frame["amount"] = np.where(placeholder, 99_999_999.0, rng.integers(1000, 35000, 1000))
    verdict = _judged(frame)
    assert not verdict.passed
    assert _regions(verdict) == ["amount = 99999999"]
    (leak,) = verdict.observed["leaks"]
    count = int(placeholder.sum())
    assert (leak["feature"], leak["label"], leak["rows"], leak["others"]) == ("amount", "given", count, 0)
    assert (leak["purity"], leak["base_share"]) == (1.0, float((frame["status"] == "given").mean()))
    assert verdict.observed["unexpected_count"] == count
    assert verdict.observed["worst_columns"] == {"amount": count}
    assert f"1 does: amount = 99999999 ({count} of 1,000 rows, all given)" in verdict.sentence


def test_a_range_at_one_end_is_named_with_the_nearest_value_outside() -> None:
    frame = _applications()
    typo = (frame["status"] == "refused") & (np.arange(1000) % 4 == 0)
    frame["score"] = np.where(typo, 10, 1) * np.random.default_rng(0).integers(585, 751, 1000)
    (leak,) = _judged(frame).observed["leaks"]
    assert (leak["kind"], leak["feature"], leak["label"], leak["rows"]) == ("highest", "score", "refused", typo.sum())
    assert leak["edge"] == frame["score"][typo].min()
    assert leak["nearest_outside"] == frame["score"][~typo].max()
    frame["score"] = -frame["score"]
    assert _regions(_judged(frame)) == [f"score <= {-leak['edge']}"]


def test_a_typing_error_in_a_small_batch_of_a_rare_label_is_evidence_already() -> None:
    frame = _applications(150)
    refused = frame.index[frame["status"] == "refused"][:8]
    frame["score"] = np.arange(600, 750)[np.random.default_rng(0).permutation(150)]
    frame.loc[refused, "score"] *= 10
    assert [leak["rows"] for leak in _judged(frame).observed["leaks"]] == [8]


def test_a_nearly_pure_region_counts_down_to_the_declared_purity() -> None:
    frame = _applications()
    refused = np.flatnonzero(frame["status"] == "refused")[:98]
    granted = np.flatnonzero(frame["status"] == "given")[:2]
    frame["code"] = "none"
    frame.loc[[*refused, *granted], "code"] = "X7"
    assert _judged(frame).passed
    verdict = _judged(frame, purity=0.98)
    assert _regions(verdict) == ["code = X7"]
    assert "(100 of 1,000 rows, 98.0% refused)" in verdict.sentence
    assert _judged(frame, purity=0.981).passed


def test_rows_and_share_of_a_region_are_declared() -> None:
    frame = _applications()
    frame["code"] = "none"
    frame.loc[frame.index[frame["status"] == "refused"][:20], "code"] = "X7"
    assert not _judged(frame).passed
    assert not _judged(frame, min_rows=20, min_share=0.02).passed
    assert _judged(frame, min_rows=21).passed
    assert _judged(frame, min_share=0.021).passed


def test_a_feature_that_orders_the_labels_is_named_as_a_whole() -> None:
    frame = _applications()
    noise = np.random.default_rng(0).normal(size=1000)
    frame["debt"] = noise + 3.2 * (frame["status"] == "refused")
    verdict = _judged(frame)
    assert _regions(verdict) == ["debt as a whole"]
    assert verdict.observed["leaks"][0]["auc"] == pytest.approx(0.989, abs=0.01)
    assert "debt as a whole (AUC 0.99" in verdict.sentence
    assert _judged(frame, auc=0.999, gap=5).passed
    assert _judged(frame, auc=None, gap=5).passed


def test_a_text_of_many_values_is_named_as_a_whole_though_none_of_its_values_has_many_rows() -> None:
    frame = _applications(4000)
    number = np.random.default_rng(0).integers(0, 300, 4000)
    frame["reason"] = np.where(frame["status"] == "given", "g", "r") + pd.Series(number.astype(str))
    assert _regions(_judged(frame)) == ["reason as a whole"]


def test_an_id_gives_nothing_away_although_each_value_has_one_label() -> None:
    frame = _applications()
    frame["id"] = [f"loan {number}" for number in range(1000)]
    frame["number"] = np.random.default_rng(0).permutation(1000)
    assert _judged(frame).passed


def test_a_moment_after_which_all_is_refused_is_named() -> None:
    frame = _applications()
    frame.loc[frame["applied"] >= "2015-05-25", "status"] = "refused"
    (leak,) = _judged(frame).observed["leaks"]
    assert leak["region"].startswith("applied >= 2015-05-2")
    assert leak["label"] == "refused"


def test_a_column_that_is_there_for_one_label_only_is_named() -> None:
    frame = _applications()
    number = np.random.default_rng(0).normal(size=1000)
    frame["refund"] = np.where((frame["status"] == "refused") & (number > 0), number, np.nan)
    assert _regions(_judged(frame)) == ["refund is present"]


def test_that_a_value_is_missing_counts_where_it_is_declared() -> None:
    frame = _applications()
    grade = pd.Series(np.random.default_rng(0).integers(0, 4, 1000))
    frame["grade"] = grade.mask((frame["status"] == "given") & (np.arange(1000) % 3 == 0))
    assert _judged(frame).passed
    assert _regions(_judged(frame, missing=True)) == ["grade is missing"]


def test_each_label_of_many_is_looked_at() -> None:
    rng = np.random.default_rng(2)
    gas = rng.choice(["acetone", "ethanol", "toluene", "ammonia"], 800)
    frame = pd.DataFrame({"x": rng.normal(size=800), "y": rng.normal(size=800), "status": gas})
    frame.loc[(gas == "toluene") & (rng.random(800) < 0.3), "y"] = -1.0
    (leak,) = _judged(frame).observed["leaks"]
    assert (leak["region"], leak["label"]) == ("y = -1", "toluene")


def test_rows_without_a_label_are_left_out_and_counted() -> None:
    frame = _applications()
    frame["code"] = np.where(frame["status"] == "refused", "X7", "none")
    frame.loc[frame["code"] == "X7", "status"] = None
    verdict = _judged(frame)
    assert verdict.passed
    assert verdict.observed["missing_count"] == 1000 - verdict.observed["labelled_rows"]


@pytest.mark.parametrize("label", ["given", None])
def test_one_label_or_none_can_not_be_given_away(label: str | None) -> None:
    frame = _applications().assign(status=label)
    frame["code"] = 1.0
    assert _judged(frame).passed


def test_infinities_constants_and_columns_without_a_value_are_looked_at() -> None:
    frame = _applications().assign(nothing=None, same=3.0, empty=np.nan)
    frame["wild"] = np.random.default_rng(0).normal(size=1000)
    frame.loc[frame.index[frame["status"] == "refused"][:40], "wild"] = np.inf
    assert _regions(_judged(frame, gap=3)) == ["wild = inf"]


def test_a_gap_tells_a_range_that_lies_apart_from_a_strong_feature() -> None:
    frame = _applications()
    refused = (frame["status"] == "refused").to_numpy()
    number = np.random.default_rng(0).uniform(0, 1, 1000)
    frame["strong"] = np.where(refused & (number > 0.6), 1 + number, number)
    frame["typo"] = np.where(refused & (number > 0.6), 100 + number, number)
    assert {leak["feature"] for leak in _judged(frame).observed["leaks"]} == {"strong", "typo"}
    assert {leak["feature"] for leak in _judged(frame, gap=5).observed["leaks"]} == {"typo"}


def test_many_leaks_are_counted_and_the_surest_are_spoken_of() -> None:
    frame = _applications()
    leaking = pd.DataFrame({f"f{number}": (frame["status"] == "refused") * 1.0 for number in range(30)})
    verdict = _judged(pd.concat([leaking, frame], axis=1))
    assert verdict.observed["leaking_features"] == 30
    assert len(verdict.observed["leaks"]) == 20
    assert verdict.sentence.endswith("; and 25 more")


@pytest.mark.parametrize(("rows", "labels", "permutations"), [(150, 2, 150), (1000, 2, 60), (400, 6, 40)])
def test_labels_without_any_relation_raise_no_alarm(rows: int, labels: int, permutations: int) -> None:
    rng = np.random.default_rng(11)
    frame = pd.concat(
        [_applications(rows, seed).drop(columns="status").add_suffix(f"_{seed}") for seed in range(4)], axis=1
    )
    frame.loc[frame.index[: rows // 8], "age_0"] = 99_999_999
    share = np.array([0.776, 0.224]) if labels == 2 else np.full(labels, 1 / labels)
    label = rng.choice(labels, rows, p=share)
    for _ in range(permutations):
        leaks, _ = find_leaks(frame, frame.columns, rng.permutation(label), labels, DEFAULT)
        assert leaks == []


def test_an_alarm_without_any_relation_is_at_most_as_frequent_as_declared() -> None:
    rng = np.random.default_rng(12)
    loose = Thresholds(purity=0.9, min_rows=3, min_share=0, alpha=0.2, auc=0.8, gap=0, missing=True)
    frame = pd.DataFrame({"x": rng.normal(size=60), "y": rng.integers(0, 4, 60), "z": rng.choice(["a", "b"], 60)})
    label = rng.choice(2, 60, p=[0.5, 0.5])
    alarms = [bool(find_leaks(frame, frame.columns, rng.permutation(label), 2, loose)[0]) for _ in range(800)]
    assert 0.002 < np.mean(alarms) < 0.2


@given(st.integers(1, 400), st.data())
def test_the_chance_is_the_hypergeometric_one(rows: int, data: st.DataObject) -> None:
    from scipy.stats import hypergeom  # noqa: PLC0415 - seconds to import

    others, drawn = data.draw(st.integers(0, rows)), data.draw(st.integers(0, rows))
    few = data.draw(st.integers(0, drawn))
    chance = FewOthers(rows, others)
    expected = float(hypergeom.cdf(few, rows, others, drawn))
    assert chance.at_most(drawn, few) == pytest.approx(expected, rel=1e-8, abs=1e-12)
    if few >= max(0, drawn - (rows - others)) and few <= others:
        bound = float(np.exp(chance.log_bound(np.array([drawn]), np.array([few]))[0]))
        assert bound >= expected * (1 - 1e-8)


def test_the_surest_range_is_that_of_a_plain_loop() -> None:
    rng = np.random.default_rng(6)
    for _ in range(20):
        values = np.round(rng.normal(size=120), 1)
        label = ((values > 0.9) & (rng.random(120) < 0.95)).astype(int)
        loose = Thresholds(purity=0.9, min_rows=5, min_share=0, alpha=0.99, auc=None, gap=0, missing=False)
        leaks, regions = find_leaks(pd.DataFrame({"x": values}), ["x"], label, 2, loose)
        chance = FewOthers(120, int((label != 1).sum()))
        best = min(
            (chance.at_most(int((values >= edge).sum()), int((label[values >= edge] == 0).sum())), -edge)
            for edge in np.unique(values)[1:]
            if (values >= edge).sum() >= 5 and (label[values >= edge] == 1).mean() >= 0.9
        )
        (highest,) = [leak for leak in leaks if leak.kind == "highest" and leak.label == 1]
        assert highest.p == pytest.approx(min(1, best[0] * regions), rel=1e-9)


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({"purity": 0.5}, r"\.purity: .*greater than 0.5"),
        ({"alpha": 0}, r"\.alpha: .*greater than 0"),
        ({"auc": 1.1}, r"\.auc: .*less than or equal to 1"),
        ({"columns": ["age", "status"]}, "the label 'status' stands among the columns too"),
    ],
)
def test_a_wrong_declaration_is_told(item: dict[str, object], told: str) -> None:
    with pytest.raises(SuiteError, match=told):
        parse_suite([{**SUITE, **item}])
