"""True is 1 and False is 0, whatever type a table holds them in, and on whichever side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.drift import CorrelationReference, Reference, compare_whole_table
from driftwatch_assets.reporting.distributions import histograms

if TYPE_CHECKING:
    from collections.abc import Callable

FORMS: dict[str, Callable[[pd.Series], pd.Series]] = {
    "booleans": lambda truth: truth,
    "nullable booleans": lambda truth: truth.astype("boolean"),
    "objects": lambda truth: truth.astype(object),
    "integers": lambda truth: truth.astype(np.int64),
    "nullable integers": lambda truth: truth.astype("Int64"),
    "floats": lambda truth: truth.astype(np.float64),
    "categories of booleans": lambda truth: truth.astype("category"),
    "categories of integers": lambda truth: truth.astype(np.int64).astype("category"),
    "categories of floats": lambda truth: truth.astype(np.float64).astype("category"),
    "booleans beside integers": lambda truth: pd.concat(
        [truth.iloc[:50].astype(object), truth.iloc[50:].astype(np.int64).astype(object)]
    ),
}


def truth(rows: int, share: float) -> pd.Series:
    return pd.Series(np.random.default_rng(4).permutation(rows) < share * rows)


@pytest.mark.parametrize("after", FORMS)
@pytest.mark.parametrize("before", FORMS)
def test_the_same_truth_in_another_type_is_no_drift_and_another_truth_is(before: str, after: str) -> None:
    reference = Reference.fit(pd.DataFrame({"flag": FORMS[before](truth(2000, 0.3))}))
    same = reference.compare(pd.DataFrame({"flag": FORMS[after](truth(500, 0.3))})).loc["flag"]
    assert same["psi"] < 0.01
    assert same["new_categories"] in ([], None)

    other = reference.compare(pd.DataFrame({"flag": FORMS[after](truth(500, 0.7))})).loc["flag"]
    assert other["psi"] == pytest.approx(0.4 * np.log(0.7 / 0.3) * 2, abs=0.02)


@pytest.mark.parametrize("after", [name for name in FORMS if not name.startswith("categories")])
def test_missing_truth_is_missing_in_every_type(after: str) -> None:
    reference = Reference.fit(pd.DataFrame({"flag": FORMS[after](truth(2000, 0.3))}))
    gappy = FORMS["nullable booleans"](truth(500, 0.3)).mask(np.arange(500) < 100)
    row = reference.compare(pd.DataFrame({"flag": gappy})).loc["flag"]
    assert (row["missing_rate_current"], row["n_current"]) == (pytest.approx(0.2), 400)
    assert row["psi"] < 0.05


def test_declared_categories_of_numbers_take_truth_values() -> None:
    reference = Reference.fit(pd.DataFrame({"flag": [0, 1, 1, 1] * 50}), categorical=["flag"])
    row = reference.compare(pd.DataFrame({"flag": [False, True, True, True] * 20})).loc["flag"]
    assert (row["psi"], row["new_categories"], row["lost_categories"]) == (0, [], [])


def test_another_number_and_text_are_still_news() -> None:
    reference = Reference.fit(pd.DataFrame({"flag": [True, False] * 100}))
    assert reference.compare(pd.DataFrame({"flag": [0, 1, 2] * 50})).loc["flag", "new_categories"] == ["2"]
    assert reference.compare(pd.DataFrame({"flag": ["0", "1"] * 50})).loc["flag", "new_categories"] == ["0", "1"]
    text = Reference.fit(pd.DataFrame({"flag": ["0", "1", "x"] * 100}))
    assert text.compare(pd.DataFrame({"flag": ["0", "1", "True"] * 50})).loc["flag", "new_categories"] == ["True"]


@pytest.mark.parametrize("after", FORMS)
@pytest.mark.parametrize("before", ["booleans", "integers"])
def test_the_relation_with_the_label_does_not_see_the_type(before: str, after: str) -> None:
    labels = pd.Series(np.where(truth(600, 0.4), "late", "paid"))
    one, other = (pd.DataFrame({"flag": FORMS[form](truth(600, 0.4))}) for form in (before, after))
    relation = CorrelationReference.fit(one, labels).compare(other, labels).loc["flag"]
    assert relation["change"] == pytest.approx(0, abs=1e-12)


def test_the_whole_table_does_not_see_the_type() -> None:
    forms = list(FORMS.values())
    one, other = (
        pd.DataFrame({f"flag {at}": form(truth(200, 0.4)) for at, form in enumerate(chosen)})
        for chosen in (forms, [*forms[3:], *forms[:3]])
    )
    assert compare_whole_table(one, other).auc < 0.55


@pytest.mark.parametrize("after", FORMS)
@pytest.mark.parametrize("before", FORMS)
def test_the_picture_counts_both_sides_alike(before: str, after: str) -> None:
    reference = Reference.fit(pd.DataFrame({"flag": FORMS[before](truth(200, 0.3))}))
    [drawn] = histograms(reference, pd.DataFrame({"flag": FORMS[after](truth(200, 0.3))}), ["flag"])
    assert drawn.reference == drawn.current
