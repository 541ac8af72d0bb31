"""Seeded batches of loan-like rows: two classes, a category, missing values; and rows of which some are odd."""

from __future__ import annotations

import numpy as np
import pandas as pd

from driftwatch_assets.training import Anomaly, Binary, GoldBatch, TrainingDeclaration

LOANS = Binary(kind="binary", id="loan", label="outcome", positive="lost", negative="paid")
CRASHES = Anomaly(kind="anomaly", id="crash", contamination=0.1)
LOAN_FEATURES = ("income", "debt", "job")
CRASH_FEATURES = ("speed", "cars")
JOBS = ("cook", "smith", "baker")

PREPARED = {
    "estimator": "sklearn.compose.ColumnTransformer",
    "parameters": {
        "transformers": [
            [
                "numbers",
                {
                    "steps": [
                        {"estimator": "sklearn.impute.SimpleImputer", "parameters": {"strategy": "median"}},
                        {"estimator": "sklearn.preprocessing.StandardScaler"},
                    ]
                },
                ["income", "debt"],
            ],
            [
                "jobs",
                {
                    "steps": [
                        {
                            "estimator": "sklearn.impute.SimpleImputer",
                            "parameters": {"strategy": "constant", "fill_value": "none"},
                        },
                        {
                            "estimator": "sklearn.preprocessing.OneHotEncoder",
                            "parameters": {"handle_unknown": "ignore"},
                        },
                    ]
                },
                ["job"],
            ],
        ]
    },
}


def loan_batches(count: int = 4, rows: int = 400, seed: int = 3) -> list[GoldBatch]:
    """Give the months 2023-01 …: a third of the loans is lost, each feature tells something, a tenth is missing."""
    return [
        GoldBatch(f"2023-{at:02d}", loans(rows, seed=(seed, at), first=at * rows), f"content-{seed}-{at}")
        for at in range(1, count + 1)
    ]


def loans(rows: int, *, seed: object, first: int = 0) -> pd.DataFrame:
    """Give loans in the order of their moments; incomes lie far from 0, so that a gap filled with 0 is a poor man's."""
    generator = np.random.default_rng(seed)  # type: ignore[arg-type]
    income, debt = generator.normal(50, 8, rows), generator.normal(30, 6, rows)
    job = generator.choice(JOBS, rows)
    risk = 0.12 * (debt - 30) - 0.12 * (income - 50) + (job == "baker") - 1.1
    lost = generator.random(rows) < 1 / (1 + np.exp(-risk))
    frame = pd.DataFrame(
        {
            "loan": np.arange(first, first + rows),
            "income": np.where(generator.random(rows) < 0.1, np.nan, income),
            "debt": np.where(generator.random(rows) < 0.1, np.nan, debt),
            "job": np.where(generator.random(rows) < 0.1, None, job),  # type: ignore[call-overload]
            "at": pd.Timestamp("2023-01-01") + pd.to_timedelta(np.arange(first, first + rows), unit="h"),
            "outcome": np.where(lost, "lost", "paid").astype(object),
        }
    )
    return frame.sample(frac=1, random_state=1).reset_index(drop=True)


def loan_declaration(**changed: object) -> TrainingDeclaration:
    """Give a declaration with two pipelines, with changes."""
    declared: dict[str, object] = {
        "candidates": [
            {
                "name": "regression",
                "steps": [PREPARED, {"estimator": "sklearn.linear_model.LogisticRegression"}],
            },
            {
                "name": "forest",
                "steps": [
                    PREPARED,
                    {
                        "estimator": "sklearn.ensemble.RandomForestClassifier",
                        "parameters": {"n_estimators": 15, "min_samples_leaf": 5},
                    },
                ],
            },
        ]
    }
    return TrainingDeclaration.model_validate(declared | changed)


def crash_batches(count: int = 4, rows: int = 300, seed: int = 5) -> list[GoldBatch]:
    """Give batches 1 …, whose rows have two numbers each."""
    batches = []
    for at in range(1, count + 1):
        generator = np.random.default_rng([seed, at])
        frame = pd.DataFrame(
            {"speed": generator.normal(50, 10, rows), "cars": generator.poisson(2, rows).astype(float)}
        )
        frame.insert(0, "crash", [f"{at}-{row}" for row in range(rows)])
        batches.append(GoldBatch(str(at), frame, f"content-{seed}-{at}"))
    return batches


def crash_declaration(**changed: object) -> TrainingDeclaration:
    """Give a declaration with two detectors, with changes."""
    declared: dict[str, object] = {
        "candidates": [
            {
                "name": "components",
                "steps": [
                    {"estimator": "sklearn.preprocessing.StandardScaler"},
                    {"estimator": "sklearn.decomposition.PCA", "parameters": {"n_components": 1}},
                ],
            },
            {"name": "forest", "estimator": "sklearn.ensemble.IsolationForest", "parameters": {"n_estimators": 20}},
        ]
    }
    return TrainingDeclaration.model_validate(declared | changed)
