"""A value of any length and with any blank can be read in what the product says of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.drift import ColumnRefused, CorrelationReference, Reference, judge, judge_correlation
from driftwatch_assets.reporting.distributions import histograms
from driftwatch_assets.reporting.figures import small_multiple
from driftwatch_assets.reporting.statistics_table import statistics_words
from driftwatch_assets.sources.quarantine import split

LONG = "x" * 100_000
SHORT = 1_000


def cities(*names: str) -> pd.DataFrame:
    return pd.DataFrame({"city": list(names) * 100})


def test_a_category_with_a_blank_is_told_from_the_one_without() -> None:
    statistics = Reference.fit(cities("Paris", "Rome")).compare(cities("Paris ", "Rome"))
    reason = judge(statistics).reason
    assert "new categories 'Paris '" in reason
    assert "lost categories 'Paris'" in reason
    assert statistics_words(statistics.loc["city"]).endswith("new: 'Paris ' · lost: Paris")


def test_a_category_of_any_length_makes_a_short_sentence_and_a_short_picture() -> None:
    statistics = Reference.fit(cities(LONG, "Rome")).compare(cities(f"{LONG}y", "Rome"))
    reason = judge(statistics).reason
    assert "(100,001 characters)" in reason
    assert "(100,000 characters)" in reason
    assert len(reason) < SHORT
    assert len(statistics_words(statistics.loc["city"])) < SHORT
    [drawn] = histograms(cities(LONG, "Rome"), cities(f"{LONG}y", "Rome"), ["city"])
    assert max(map(len, drawn.categories)) < SHORT
    assert len(small_multiple(drawn).description) < SHORT


def test_many_categories_are_counted() -> None:
    statistics = Reference.fit(cities("Rome")).compare(cities("a", "b", "c", "d", "e"))
    assert "new categories 'a', 'b', 'c' and 2 more" in judge(statistics).reason


def test_long_class_names_and_cells_make_short_sentences() -> None:
    rng = np.random.default_rng(2)
    labels = pd.Series([LONG, "paid "] * 300)
    frame = pd.DataFrame({"income": rng.normal(size=600) + (labels == LONG)})
    relation = judge_correlation(CorrelationReference.fit(frame, labels).compare(-frame, labels))
    assert relation.drift_detected is True
    assert "'paid ' against 'x" in relation.reason
    assert len(relation.reason) < SHORT
    with pytest.raises(ColumnRefused) as refused:
        Reference.fit(frame).compare(pd.DataFrame({"income": [LONG]}))
    assert len(str(refused.value)) < SHORT


def test_a_reason_of_a_silver_function_is_kept_short() -> None:
    bronze = pd.DataFrame({"source_line": [1, 2], "problem": [None, f"line 2: {LONG}"], "source_text": [None, LONG]})
    typed = pd.DataFrame({"reject_reason": [f"city {LONG!r} is unknown"]}, index=[0])
    rejected = split(bronze, typed, "cities.csv").rejected
    assert rejected["reason"].str.len().max() < SHORT
    assert rejected["reason"].str.contains("characters").all()
