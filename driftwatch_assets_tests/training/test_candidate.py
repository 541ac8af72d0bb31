"""Candidates: what a declaration can say, and what a wrong one is told."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from driftwatch_assets.training import Candidate, CandidateInvalid, check_candidate, locate_candidate
from driftwatch_assets_tests.training.drifting import drifting_batches


def one(path: str, /, **parameters: object) -> Candidate:
    return Candidate(name="tried", estimator=path, parameters=parameters)


def test_estimators_nested_in_parameters_are_built() -> None:
    vote = one(
        "sklearn.ensemble.VotingClassifier",
        voting="soft",
        estimators=[
            ["linear", {"estimator": "sklearn.linear_model.LogisticRegression", "parameters": {"C": 0.1}}],
            [
                "scaled",
                {
                    "steps": [
                        {"estimator": "sklearn.preprocessing.StandardScaler"},
                        {"estimator": "sklearn.naive_bayes.GaussianNB"},
                    ]
                },
            ],
        ],
    )
    check_candidate(vote)
    frame = drifting_batches(1)[0].frame
    fitted = vote.build(seed=1).fit(frame[["length", "width"]], frame["kind"])
    assert fitted.named_estimators_["linear"].C == 0.1
    assert vote.paths == (
        "sklearn.ensemble.VotingClassifier",
        "sklearn.linear_model.LogisticRegression",
        "sklearn.preprocessing.StandardScaler",
        "sklearn.naive_bayes.GaussianNB",
    )


def test_columns_can_be_preprocessed_apart() -> None:
    apart = Candidate.model_validate(
        {
            "name": "apart",
            "steps": [
                {
                    "estimator": "sklearn.compose.ColumnTransformer",
                    "parameters": {
                        "transformers": [["scaled", {"estimator": "sklearn.preprocessing.StandardScaler"}, ["length"]]],
                        "remainder": "drop",
                    },
                },
                {"estimator": "sklearn.naive_bayes.GaussianNB"},
            ],
        }
    )
    frame = drifting_batches(1)[0].frame
    assert apart.build(seed=1).fit(frame, frame["kind"]).n_features_in_ == len(frame.columns)


def test_an_open_seed_is_set_everywhere_and_a_declared_one_stays() -> None:
    bagged = one(
        "sklearn.ensemble.BaggingClassifier",
        random_state=5,
        estimator={"estimator": "sklearn.tree.DecisionTreeClassifier", "parameters": {}},
    )
    parameters = bagged.build(seed=42).get_params()
    assert (parameters["random_state"], parameters["estimator__random_state"]) == (5, 42)


@pytest.mark.parametrize(
    ("candidate", "said"),
    [
        (one("sklearn.svm.SVM"), "there is no 'SVM' in sklearn.svm; nearest: SVR, SVC"),
        (one("sklearn.smv.SVC"), "there is no 'smv' in sklearn; nearest: svm"),
        (one("scikit.svm.SVC"), "the package 'scikit' of scikit.svm.SVC is not installed"),
        (one("SVC"), "'SVC' is no import path"),
        (one("sklearn.svm."), "'sklearn.svm.' is no import path"),
        (one("sklearn.svm.SVC", gamma_=1), "sklearn.svm.SVC has no parameter 'gamma_'; nearest: gamma"),
        (one("sklearn.svm.SVC", C=-1), "The 'C' parameter of SVC must be a float in the range (0.0, inf]. Got -1"),
        (one("sklearn.metrics.f1_score"), "is no scikit-learn estimator"),
        (one("pathlib.Path"), "is no scikit-learn estimator"),
        (one("driftwatch_assets_tests.training.drifting.Silent"), "states no confidence"),
        (
            one(
                "sklearn.ensemble.VotingClassifier",
                estimators=[["a", {"estimator": "sklearn.svm.SVC", "parameters": {}}]],
                voting="hard",
            ),
            "a VotingClassifier needs `voting: soft`",
        ),
    ],
)
def test_a_wrong_candidate_is_told_where_and_what_is_near(candidate: Candidate, said: str) -> None:
    with pytest.raises(CandidateInvalid) as raised:
        check_candidate(candidate)
    assert "candidate 'tried'" in str(raised.value)
    assert said in str(raised.value)


@pytest.mark.parametrize("path", ["sklearn.svm.SVM", "sklearn.smv.SVC", "scikit.svm.SVC", "SVC", "sklearn.svm."])
def test_a_wrong_path_is_found_without_importing_what_it_names(path: str) -> None:
    with pytest.raises(CandidateInvalid, match="candidate 'tried'"):
        locate_candidate(one(path))


def test_only_the_last_step_may_be_a_classifier() -> None:
    upside_down = Candidate.model_validate(
        {
            "name": "upside_down",
            "steps": [
                {"estimator": "sklearn.svm.SVC"},
                {"estimator": "sklearn.preprocessing.StandardScaler"},
            ],
        }
    )
    with pytest.raises(CandidateInvalid, match=r"sklearn\.svm\.SVC stands before the last step but cannot transform"):
        check_candidate(upside_down)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"name": "a"}, "found neither"),
        ({"name": "a", "estimator": "x.Y", "steps": [{"estimator": "x.Y"}]}, "found both"),
        ({"name": "a", "steps": [{"estimator": "x.Y"}], "parameters": {"C": 1}}, "give `parameters` to the step"),
        ({"name": "a b", "estimator": "x.Y"}, "name"),
        ({"name": "a", "estimator": "x.Y", "parametres": {}}, "parametres"),
    ],
)
def test_a_wrong_form_is_refused_by_the_declaration(declared: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Candidate.model_validate(declared)


def test_declarations_are_checked_without_loading_scikit_learn() -> None:
    code = (
        "import sys\n"
        "from driftwatch_assets.training import Candidate, locate_candidate\n"
        "locate_candidate(Candidate(name='a', estimator='sklearn.ensemble.ExtraTreesClassifier'))\n"
        "loaded = {'sklearn', 'scipy', 'matplotlib', 'mlflow', 'dagster'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
