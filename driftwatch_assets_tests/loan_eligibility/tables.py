"""Reading the three tables, and what a model makes of gold with and without the leaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from driftwatch_assets.defs.loan_eligibility import transforms
from driftwatch_assets.defs.loan_eligibility.transforms import FEATURES, SILVER_TYPES
from driftwatch_assets.training.encoding import FrequencyEncoder, RankEncoder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TEXTS = ["term", "purpose", "home_ownership"]


def bronze(folder: Path, *, as_text: bool = False) -> dict[str, pd.DataFrame]:
    """Read the tables as they come from a query (numbers as numbers), or all as text."""
    tables = {}
    for name in SILVER_TYPES:
        rows = pd.read_csv(folder / f"{name}.csv", dtype=str if as_text else None)
        if "application_time" in rows and not as_text:
            rows["application_time"] = pd.to_datetime(rows["application_time"])
        rows.insert(0, "source_line", range(2, len(rows) + 2))
        tables[name] = rows.where(rows.notna(), None) if as_text else rows
    return tables


def silver(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Clean each table; the reasons stay in it."""
    return {name: getattr(transforms, f"silver_{name}")(rows) for name, rows in tables.items()}


def gold(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Join the rows that silver keeps."""
    kept = {name: rows[rows["reject_reason"].isna()].drop(columns="reject_reason") for name, rows in tables.items()}
    return transforms.gold(**kept)


def judged(rows: pd.DataFrame) -> pd.DataFrame:
    """Leave out what gold sets aside."""
    return rows[rows["reject_reason"].isna()]


def with_leaks(rows: pd.DataFrame) -> pd.DataFrame:
    """Give all loans, with the amounts and scores as they were delivered."""
    delivered = {name: rows[f"{name}_as_delivered"] for name in ("current_loan_amount", "credit_score")}
    return rows.assign(**delivered)


def auc(
    rows: pd.DataFrame, *, before: str, until: str = "9999-12-31", features: Sequence[str] = FEATURES, seed: int = 0
) -> float:
    """Fit trees, which see missing values, on the loans before a day and score the later ones."""
    texts = [name for name in features if name in TEXTS]
    encoding = ColumnTransformer(
        [("rank", RankEncoder(), texts), ("frequency", FrequencyEncoder(), texts)], remainder="passthrough"
    )
    model = make_pipeline(
        encoding, RandomForestClassifier(100, min_samples_leaf=10, max_features=0.5, random_state=seed)
    )
    moments = rows["application_time"]
    learned, scored = rows[moments < before], rows[(moments >= before) & (moments < until)]
    model.fit(learned[list(features)], learned["loan_status"])
    scores = model.predict_proba(scored[list(features)])[:, 1]
    return float(roc_auc_score(np.asarray(scored["loan_status"] == "loan refused"), scores))
