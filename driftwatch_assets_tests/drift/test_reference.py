"""A reference keeps what a comparison needs, survives storage, and says what it cannot compare."""

from __future__ import annotations

import io
import math
import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from driftwatch_assets.drift import ColumnRefused, ColumnsDiffer, DriftError, Reference, ReferenceUnreadable, fit_within

if TYPE_CHECKING:
    from pathlib import Path

NAMED = [
    "ks",
    "ks_pvalue",
    "psi",
    "wasserstein",
    "wasserstein_scaled",
    "missing_rate_reference",
    "missing_rate_current",
    "n_reference",
    "n_current",
]


def table(rows: int = 600, shift: float = 0.0, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "level": rng.normal(shift, 2.0, rows),
            "count": rng.integers(0, 30, rows),
            "gas": rng.choice(["acetone", "ethanol", "toluene"], rows),
            "valve_open": rng.random(rows) < 0.3,
        }
    )


def compare(reference: Any, current: Any) -> pd.Series[Any]:
    return Reference.fit(pd.DataFrame({"x": reference})).compare(pd.DataFrame({"x": current})).loc["x"]


def test_statistics_are_those_of_scipy_under_the_promised_names() -> None:
    reference, batch = table(), table(300, shift=0.5, seed=1)
    statistics = Reference.fit(reference).compare(batch)
    assert list(statistics.columns[:9]) == NAMED
    assert statistics.index.tolist() == ["level", "count", "gas", "valve_open"]
    assert statistics.index.name == "feature"
    assert statistics["kind"].tolist() == ["numeric", "numeric", "categorical", "categorical"]
    row = statistics.loc["level"]
    assert row["ks"] == pytest.approx(stats.ks_2samp(reference["level"], batch["level"]).statistic, abs=1e-13)
    wasserstein = stats.wasserstein_distance(reference["level"], batch["level"])
    assert row["wasserstein"] == pytest.approx(wasserstein, rel=1e-12)
    assert row["wasserstein_scaled"] == pytest.approx(wasserstein / reference["level"].std(ddof=0), rel=1e-12)
    assert (row["n_reference"], row["n_current"]) == (600, 300)


def test_missing_values_are_counted_and_left_out() -> None:
    reference, batch = table(), table(300, seed=1)
    batch.loc[:59, "level"] = np.nan
    batch["count"] = batch["count"].astype("Int64").where(batch.index >= 30)
    batch.loc[:89, "gas"] = None
    whole, statistics = Reference.fit(reference), Reference.fit(reference).compare(batch)
    assert statistics["missing_rate_current"].tolist() == pytest.approx([0.2, 0.1, 0.3, 0.0])
    assert statistics["n_current"].tolist() == [240, 270, 210, 300]
    assert statistics.loc["level", "ks"] == whole.compare(batch.iloc[60:]).loc["level", "ks"]
    assert statistics.loc["level", "missing_pvalue"] < 1e-9
    assert math.isnan(statistics.loc["valve_open", "missing_pvalue"])


def test_categories_are_compared_with_new_and_lost_ones() -> None:
    row = compare(["a"] * 50 + ["b"] * 40 + ["c"] * 10, ["a"] * 30 + ["b"] * 50 + ["z"] * 20)
    assert (row["new_categories"], row["lost_categories"]) == (["z"], ["c"])
    assert (row["new_category_rate"], row["lost_category_rate"]) == (0.2, 0.1)
    truth = stats.chi2_contingency(np.array([[50, 40, 10, 0], [30, 50, 0, 20]]), correction=False)
    assert row["chi2"] == pytest.approx(truth.statistic)
    surge = stats.fisher_exact([[0, 100], [20, 80]]).pvalue
    assert row["chi2_pvalue"] == pytest.approx(2 * 4 * surge)  # one of two tests, in which one of four categories is it
    assert row["psi"] > 0.5
    assert math.isnan(row["ks"])


def test_numbers_can_be_declared_categories_and_keep_their_names_when_a_value_is_missing() -> None:
    reference = Reference.fit(pd.DataFrame({"label": [1, 2, 3] * 50}), categorical=["label"])
    row = reference.compare(pd.DataFrame({"label": [1.0, 2.0, 3.0, np.nan] * 20})).loc["label"]
    assert (row["kind"], row["new_categories"], row["lost_categories"]) == ("categorical", [], [])
    assert row["missing_rate_current"] == 0.25


def test_a_pandas_category_counts_only_what_occurs() -> None:
    row = compare(pd.Categorical(["a", "b"] * 40, categories=["a", "b", "never"]), ["a", "b"] * 20)
    assert (row["psi"], row["lost_categories"]) == (0, [])


def test_one_column_is_enough_for_labels_and_for_confidence() -> None:
    labels = Reference.fit(pd.DataFrame({"gas": ["ethanol", "acetone"] * 100}))
    assert labels.compare(pd.DataFrame({"gas": ["ethanol"] * 100})).loc["gas", "lost_categories"] == ["acetone"]
    confidence = Reference.fit(pd.DataFrame({"confidence": np.linspace(0.9, 1, 200)}))
    assert confidence.compare(pd.DataFrame({"confidence": np.linspace(0.4, 0.6, 100)})).loc["confidence", "ks"] == 1


def test_equal_constants_do_not_differ_and_unequal_ones_differ_without_bound() -> None:
    same = compare(np.full(500, 0.1), np.full(200, 0.1))
    assert [same[name] for name in ("ks", "ks_pvalue", "psi", "wasserstein", "wasserstein_scaled")] == [0, 1, 0, 0, 0]
    moved = compare(np.full(500, 0.1), np.full(200, 0.2))
    assert (moved["ks"], moved["wasserstein"], moved["wasserstein_scaled"]) == (1, pytest.approx(0.1), math.inf)
    assert moved["ks_pvalue"] < 1e-30
    assert 5 < moved["psi"] < math.inf


def test_a_numeric_flag_has_fishers_p_value() -> None:
    for one, other in ((20, 5), (20, 99), (0, 3), (10_000, 50)):
        row = compare(np.repeat([0, 1], [20_000 - one, one]), np.repeat([0.0, 1.0], [100 - other, other]))
        truth = stats.fisher_exact([[one, 20_000 - one], [other, 100 - other]]).pvalue
        assert row["ks_pvalue"] == pytest.approx(truth, rel=1e-6)
    assert compare(np.repeat([0, 1], 100), np.repeat([0, 1, 2], 40))["ks_pvalue"] < 1e-5
    assert compare(np.repeat(1, 100), np.repeat(1, 100))["ks_pvalue"] == 1


@pytest.mark.parametrize("nothing", [np.full(200, np.nan), np.full(200, None)])
def test_a_column_without_values_has_no_distance_but_a_missing_rate(nothing: np.ndarray) -> None:
    row = compare(np.arange(500.0), nothing)
    assert row[["ks", "ks_pvalue", "psi", "wasserstein", "wasserstein_scaled"]].isna().all()
    assert (row["missing_rate_current"], row["n_current"]) == (1, 0)
    assert row["missing_pvalue"] < 1e-30
    reverse = compare(np.full(200, np.nan), np.arange(500.0))
    assert (reverse["missing_rate_reference"], reverse["n_reference"], math.isnan(reverse["ks"])) == (1, 0, True)


def test_an_empty_batch_has_no_statistics() -> None:
    statistics = Reference.fit(table()).compare(table().head(0))
    assert statistics["n_current"].tolist() == [0] * 4
    assert statistics[["ks", "psi", "chi2", "missing_rate_current", "missing_pvalue"]].isna().all(axis=None)


@pytest.mark.parametrize("infinite", [np.inf, -np.inf])
def test_an_infinite_value_is_refused_with_its_column(infinite: float) -> None:
    spoilt = table()
    spoilt.loc[7, "level"] = infinite
    with pytest.raises(ColumnRefused, match="column 'level' of the batch holds 1 infinite value"):
        Reference.fit(table()).compare(spoilt)
    with pytest.raises(ColumnRefused, match="column 'level' of the reference"):
        Reference.fit(spoilt)


def test_missing_and_extra_columns_are_named() -> None:
    reference = Reference.fit(table())
    with pytest.raises(ColumnsDiffer, match=r"lacks the column 'level' .*is 'levels' the new name") as caught:
        reference.compare(table().rename(columns={"level": "levels"}))
    assert (caught.value.missing, caught.value.extra) == (("level",), ("levels",))
    with pytest.raises(ColumnsDiffer, match="has the column 'reading', which the reference does not know"):
        reference.compare(table().assign(reading=1))


def test_columns_may_come_in_any_order() -> None:
    batch = table(300, seed=1)
    reference = Reference.fit(table())
    pd.testing.assert_frame_equal(reference.compare(batch), reference.compare(batch[batch.columns[::-1]]))


def test_text_where_numbers_were_is_refused_with_its_first_value() -> None:
    with pytest.raises(ColumnRefused, match=r"column 'x' of the batch .*first value '12,5'.*compared as a number"):
        compare([1.0, 2.0], ["12,5", "3"])


def test_dates_are_refused() -> None:
    with pytest.raises(ColumnRefused, match="neither numeric nor categorical"):
        Reference.fit(pd.DataFrame({"when": pd.date_range("2024-01-01", periods=3)}))


def test_nothing_to_fit_on_is_refused() -> None:
    with pytest.raises(DriftError, match="0 rows and 4 columns"):
        Reference.fit(table().head(0))
    with pytest.raises(DriftError, match="names 'gass'"):
        Reference.fit(table(), categorical=["gass"])
    with pytest.raises(DriftError, match="the column 'level' twice"):
        Reference.fit(pd.concat([table()[["level"]], table()[["level"]]], axis="columns"))
    with pytest.raises(TypeError, match="is a Series"):
        Reference.fit(table()["level"])  # type: ignore[arg-type]


def test_numbers_as_column_names_become_text() -> None:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(100, 3)))
    assert Reference.fit(frame).compare(frame).index.tolist() == ["0", "1", "2"]


def test_comparing_leaves_batch_and_reference_as_they_were() -> None:
    reference, batch = Reference.fit(table()), table(300, seed=1)
    before, kept = reference.fingerprint, batch.copy()
    reference.compare(batch)
    pd.testing.assert_frame_equal(batch, kept)
    assert reference.bundle().fingerprint() == before


def test_a_stored_reference_gives_the_same_statistics(tmp_path: Path) -> None:
    frame = table().assign(empty=np.nan, constant=1.5)
    reference, batch = Reference.fit(frame), table(300, seed=1).assign(empty=np.nan, constant=2.5)
    path = tmp_path / "new folder" / "reference.npz"
    reference.save(path)
    buffer = io.BytesIO()
    reference.save(buffer)
    buffer.seek(0)
    for stored in (Reference.load(path), Reference.load(buffer), Reference.from_bytes(reference.to_bytes())):
        assert stored.fingerprint == reference.fingerprint
        assert (stored.features, stored.rows, stored.categorical) == (
            reference.features,
            reference.rows,
            reference.categorical,
        )
        pd.testing.assert_frame_equal(stored.compare(batch), reference.compare(batch))
    assert [each.name for each in path.parent.iterdir()] == ["reference.npz"]


def test_the_fingerprint_is_that_of_the_content() -> None:
    assert Reference.fit(table()).fingerprint == Reference.fit(table().sample(frac=1, random_state=1)).fingerprint
    assert Reference.fit(table()).fingerprint != Reference.fit(table(seed=1)).fingerprint
    assert Reference.fit(table()).to_bytes() == Reference.fit(table()).to_bytes()


def test_a_damaged_or_foreign_file_is_no_reference(tmp_path: Path) -> None:
    stored = Reference.fit(table()).to_bytes()
    other = io.BytesIO()
    np.savez(other, something=np.arange(3))
    pickled = io.BytesIO()
    np.savez(pickled, description=np.array([{"a": 1}], dtype=object))
    flipped = bytearray(stored)
    flipped[len(stored) // 2] ^= 0xFF
    whole = {"nothing": b"", "text": b"no npz at all", "cut": stored[: len(stored) // 2], "flipped": bytes(flipped)}
    for content in [*whole.values(), other.getvalue(), pickled.getvalue()]:
        with pytest.raises(ReferenceUnreadable, match="Fit the reference anew"):
            Reference.from_bytes(content)
    path = tmp_path / "reference.npz"
    path.write_bytes(b"")
    with pytest.raises(ReferenceUnreadable, match=str(path)):
        Reference.load(path)
    with pytest.raises(FileNotFoundError):
        Reference.load(tmp_path / "absent.npz")


def test_references_within_classes_are_not_taken_for_one_reference() -> None:
    within = fit_within(table()[["level"]], table()["gas"])
    with pytest.raises(ReferenceUnreadable, match="references within classes"):
        Reference.from_bytes(within.to_bytes())


def test_an_interrupted_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "reference.npz"
    reference = Reference.fit(table())
    reference.save(path)
    before = path.read_bytes()
    monkeypatch.setattr(np, "savez", _full_disk)
    with pytest.raises(OSError, match="No space left"):
        Reference.fit(table(seed=1)).save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def _full_disk(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_comparison_needs_less_memory_than_the_batch() -> None:
    rng = np.random.default_rng(2)
    reference = Reference.fit(pd.DataFrame(rng.normal(size=(50_000, 40))))
    batch = pd.DataFrame(rng.normal(size=(20_000, 40)), columns=[str(at) for at in range(40)])
    reference.compare(batch)
    tracemalloc.start()
    try:
        reference.compare(batch)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < batch.memory_usage().sum()


@pytest.mark.slow
def test_a_million_values_are_compared_with_a_hundred_thousand_rows() -> None:
    rng = np.random.default_rng(15)
    reference = Reference.fit(pd.DataFrame({"id": rng.permutation(2_000_000)[:1_000_000].astype(str)}))
    batch = pd.DataFrame({"id": rng.integers(0, 2_000_000, 100_000).astype(str)})
    row = reference.compare(batch).loc["id"]
    assert len(row["new_categories"]) + 1_000_000 - len(row["lost_categories"]) == batch["id"].nunique()
    assert row["chi2_pvalue"] == 1
