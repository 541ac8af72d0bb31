"""Gold → predictions, by the champion of the batch's time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from driftwatch_assets.steps.champion import champion_of
from driftwatch_assets.steps.outcome import StepOutcome

if TYPE_CHECKING:
    from driftwatch_assets.steps.watched import Watched
    from driftwatch_assets.training import Task


def score(watched: Watched, batch: str) -> StepOutcome:
    """Score a batch with the newest promoted model that was trained through an earlier batch.

    Each row has its id and the declared `carried` columns of gold before what was said of it.

    Where no champion is older than the batch, the table is empty: nobody has said anything of these rows.

    Raises
    ------
    driftwatch_assets.registry.RegistryIncomplete
        What scored the batch before was deleted from the registry; the stored predictions stay.

    """
    tables, task = watched.tables, watched.declaration.task
    gold = watched.lake.read(tables.gold, batch)
    record = champion_of(watched, batch)
    origin = {"gold_fingerprint": watched.lake.fingerprint(tables.gold, batch)}
    if record is None or gold.empty:
        predictions = _nothing_said(gold, task)
        why = "none is older than this batch" if record is None else "asked of no row: the batch has none"
        facts: dict[str, object] = {"champion": why, "rows": 0.0}
    else:
        champion = watched.registry.load(record)
        predictions = champion.predict(gold)
        for at, name in enumerate((task.id, *task.carried)):
            predictions.insert(at, name, gold[name].to_numpy())
        predictions["champion_version"] = str(record.version)
        predictions["champion_trained_through"] = record.trained_through
        origin |= {
            "champion_version": str(record.version),
            "champion_trained_through": record.trained_through,
            "champion_fingerprint": record.fingerprint,
        }
        facts = {
            "champion": f"version {record.version}, trained through batch {record.trained_through}",
            "rows": float(len(predictions)),
            **{f"share_{name}": float((predictions["predicted"] == name).mean()) for name in task.classes[-1:]},
        }
        if "confidence" in predictions.columns:
            facts["mean_confidence"] = float(predictions["confidence"].mean())
    written = watched.lake.write(tables.predictions, batch, predictions, origin)
    facts |= {"fingerprint": written.fingerprint, "changed": written.changed}
    return StepOutcome(facts, stored=predictions, uri=written.uri)


def _nothing_said(gold: pd.DataFrame, task: Task) -> pd.DataFrame:
    texts = {name: pd.Series(dtype="object") for name in ("predicted", "champion_version", "champion_trained_through")}
    number = "score" if task.kind == "anomaly" else "confidence"
    named = {name: gold[name].iloc[:0] for name in (task.id, *task.carried)}
    return pd.DataFrame({**named, **texts, number: pd.Series(dtype="float64")})
