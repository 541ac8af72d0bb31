"""Categories become numbers that were learned from the training rows, and from nothing else."""

from __future__ import annotations

import contextlib
import unittest
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils.estimator_checks import estimator_checks_generator

from driftwatch_assets.registry.trust import loads
from driftwatch_assets.training import Candidate, CandidateInvalid, check_candidate, locate_candidate
from driftwatch_assets.training.encoding import FrequencyEncoder, RankEncoder

MODULE = "driftwatch_assets.training.encoding"
BOTH = [FrequencyEncoder, RankEncoder]


def applications(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Make text columns with gaps, a number, and labels that follow the purpose."""
    generator = np.random.default_rng(seed)
    purpose = generator.choice(["car", "house", "debts", "boat"], rows, p=[0.5, 0.2, 0.2, 0.1]).astype(object)
    labels = np.where(generator.random(rows) < np.where(purpose == "house", 0.8, 0.2), "refused", "given")
    purpose[generator.random(rows) < 0.1] = None
    home = generator.choice(["rent", "own"], rows).astype(object)
    return pd.DataFrame({"purpose": purpose, "home": home, "amount": generator.normal(size=rows)}), labels


def candidate(estimator: str = "sklearn.ensemble.HistGradientBoostingClassifier") -> Candidate:
    columns = ["purpose", "home"]
    transformers: list[Any] = [
        ["rank", {"estimator": f"{MODULE}.RankEncoder", "parameters": {"smoothing": 5.0}}, columns],
        ["frequency", {"estimator": f"{MODULE}.FrequencyEncoder"}, columns],
    ]
    encoding = {"transformers": transformers, "remainder": "passthrough"}
    return Candidate.model_validate(
        {
            "name": "encoded",
            "steps": [
                {"estimator": "sklearn.compose.ColumnTransformer", "parameters": encoding},
                {"estimator": estimator},
            ],
        }
    )


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.filterwarnings("ignore")
def test_scikit_learn_finds_nothing_to_complain_of(kind: type[Any]) -> None:
    done = 0
    for estimator, check in estimator_checks_generator(kind()):
        with contextlib.suppress(unittest.SkipTest):
            check(estimator)
            done += 1
    assert done >= 45


def test_a_frequency_is_the_share_of_the_training_rows_and_missing_counts_as_a_category() -> None:
    rows = pd.DataFrame({"purpose": ["car", "car", None, np.nan, "boat"]}, dtype=object)
    encoder = FrequencyEncoder().fit(rows)
    assert encoder.transform(rows).ravel().tolist() == [0.4, 0.4, 0.4, 0.4, 0.2]


def test_a_rank_follows_the_labels_share_and_missing_counts_as_a_category() -> None:
    rows = pd.DataFrame({"purpose": ["car"] * 4 + ["boat"] * 4 + [None] * 4})
    labels = ["no", "no", "no", "no", "no", "no", "yes", "yes", "yes", "yes", "yes", "yes"]
    encoder = RankEncoder(smoothing=1.0).fit(rows, labels)
    assert encoder.transform(rows).ravel().tolist() == [0.0] * 4 + [0.5] * 4 + [1.0] * 4


def test_equal_categories_share_their_rank() -> None:
    rows = pd.DataFrame({"purpose": ["a", "b", "c"] * 4})
    labels = ["yes", "yes", "no"] * 4
    assert RankEncoder().fit_transform(rows, labels).ravel().tolist()[:3] == [0.75, 0.75, 0.0]


def test_smoothing_keeps_a_category_of_one_row_from_the_end() -> None:
    rows = pd.DataFrame({"purpose": ["once"] + ["often"] * 50 + ["seldom"] * 50})
    labels = ["yes"] + ["yes"] * 40 + ["no"] * 10 + ["yes"] * 10 + ["no"] * 40
    once, often, seldom = RankEncoder(smoothing=10.0).fit_transform(rows, labels)[[0, 1, 51], 0]
    assert (seldom, once, often) == (0.0, 0.5, 1.0)
    assert RankEncoder(smoothing=0.0).fit_transform(rows, labels)[0, 0] == 1.0


@pytest.mark.parametrize(("kind", "expected"), [(FrequencyEncoder, 0.0), (RankEncoder, 0.5)])
def test_what_training_did_not_have_is_no_category(kind: type[Any], expected: float) -> None:
    rows = pd.DataFrame({"purpose": ["car", "car", "boat", "debts"]})
    encoder = kind().fit(rows, ["yes", "no", "no", "yes"])
    unseen = pd.DataFrame({"purpose": ["plane", None, 7, ""]}, dtype=object)
    assert encoder.transform(unseen).ravel().tolist() == [expected] * 4


def test_more_than_two_classes_have_a_rank_each() -> None:
    rows = pd.DataFrame({"colour": ["red", "red", "blue", "blue", "green", "green"], "one": "x"})
    encoder = RankEncoder(smoothing=0.0).fit(rows, ["a", "a", "b", "b", "c", "c"])
    names = ["colour_a", "colour_b", "colour_c", "one_a", "one_b", "one_c"]
    assert encoder.get_feature_names_out().tolist() == names
    assert encoder.transform(rows)[::2].tolist() == [
        [1.0, 0.25, 0.25, 0.5, 0.5, 0.5],
        [0.25, 1.0, 0.25, 0.5, 0.5, 0.5],
        [0.25, 0.25, 1.0, 0.5, 0.5, 0.5],
    ]


@pytest.mark.parametrize("kind", BOTH)
def test_a_row_is_encoded_the_same_in_whatever_company(kind: type[Any]) -> None:
    rows, labels = applications(200, seed=1)
    later, _ = applications(60, seed=2)
    encoder = kind().fit(rows[["purpose", "home"]], labels)
    together = encoder.transform(later[["purpose", "home"]])
    alone = np.vstack([encoder.transform(later[["purpose", "home"]].iloc[[at]]) for at in range(len(later))])
    backwards = encoder.transform(later[["purpose", "home"]][::-1])[::-1]
    assert np.array_equal(together, alone)
    assert np.array_equal(together, backwards)


def test_a_pipeline_fits_its_encoders_once_and_never_on_the_rows_that_it_scores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fitted = []
    for kind in BOTH:
        once = kind.fit

        def counted(self: Any, X: Any, y: Any = None, fit: Any = once) -> Any:  # noqa: N803 - scikit-learn's name
            fitted.append((type(self).__name__, len(X)))
            return fit(self, X, y)

        monkeypatch.setattr(kind, "fit", counted)
    rows, labels = applications(300, seed=1)
    later, later_labels = applications(100, seed=2)
    model = candidate().build(seed=1).fit(rows, labels)
    before = skops.io.dumps(model)
    model.predict_proba(later)
    assert model.score(later, later_labels) > 0.6
    assert sorted(fitted) == [("FrequencyEncoder", 300), ("RankEncoder", 300)]
    again = skops.io.loads(before, trusted=skops.io.get_untrusted_types(data=before))
    assert np.array_equal(model.predict_proba(later), again.predict_proba(later))


def test_refitting_on_test_rows_would_say_something_else() -> None:
    rows, labels = applications(300, seed=1)
    later = rows[rows["purpose"].isin(["house", "boat"])].head(40)
    encoder = RankEncoder().fit(rows[["purpose"]], labels)
    refitted = RankEncoder().fit(later[["purpose"]], labels[later.index])
    assert not np.array_equal(encoder.transform(later[["purpose"]]), refitted.transform(later[["purpose"]]))


@pytest.mark.parametrize("labels", [["given", "refused"], ["a", "b", "c"]])
def test_a_model_with_encoders_is_stored_without_a_pickle(labels: list[str]) -> None:
    rows, _ = applications(120, seed=3)
    model = candidate().build(seed=1).fit(rows, np.resize(labels, len(rows)))
    content = skops.io.dumps(model)
    assert {name for name in skops.io.get_untrusted_types(data=content) if name.startswith("driftwatch")} == {
        f"{MODULE}.FrequencyEncoder",
        f"{MODULE}.RankEncoder",
    }
    modules = sorted({path.split(".")[0] for path in candidate().paths})
    again = loads(content, [*modules, "numpy"], what="the model")
    assert np.array_equal(model.predict_proba(rows), again.predict_proba(rows))


def test_a_declared_candidate_is_checked_without_and_with_importing_the_encoders() -> None:
    locate_candidate(candidate())
    check_candidate(candidate())
    wrong = Candidate.model_validate(
        {
            "name": "encoded",
            "steps": [
                {"estimator": f"{MODULE}.RankEncoder", "parameters": {"smoothing": -1.0}},
                {"estimator": "sklearn.tree.DecisionTreeClassifier"},
            ],
        }
    )
    with pytest.raises(CandidateInvalid, match="'smoothing' parameter of RankEncoder must be a float in the range"):
        check_candidate(wrong)


def test_columns_are_named_in_a_column_transformer_and_can_come_out_as_a_table() -> None:
    rows, labels = applications(50, seed=1)
    encoding = candidate().build(seed=1)[0].set_output(transform="pandas")
    assert encoding.fit_transform(rows, labels).columns.tolist() == [
        "rank__purpose",
        "rank__home",
        "frequency__purpose",
        "frequency__home",
        "remainder__amount",
    ]


@pytest.mark.parametrize("dtype", ["category", "string", object])
def test_text_is_text_however_pandas_holds_it(dtype: Any) -> None:
    rows, labels = applications(80, seed=4)
    plain = Pipeline([("rank", RankEncoder()), ("forest", RandomForestClassifier(5, random_state=0))])
    plain.fit(rows[["purpose", "home"]], labels)
    held = rows[["purpose", "home"]].astype(dtype)
    assert np.array_equal(plain.predict(held), plain.predict(rows[["purpose", "home"]]))
    assert np.array_equal(RankEncoder().fit_transform(held, labels), plain[0].transform(rows[["purpose", "home"]]))


@pytest.mark.parametrize("kind", BOTH)
def test_an_encoder_that_learned_nothing_says_so(kind: type[Any]) -> None:
    with pytest.raises(NotFittedError, match=f"This {kind.__name__} instance is not fitted yet"):
        kind().transform(pd.DataFrame({"purpose": ["car"]}))


def test_ranking_by_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        RankEncoder().fit(pd.DataFrame({"purpose": ["car", "boat", "car"]}), [0.1, 0.2, 0.35])
