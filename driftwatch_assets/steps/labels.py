"""Labels as they were known at a time: with the batch, or some batches later."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from driftwatch_assets.lake import batch_order
from driftwatch_assets.steps.evidence import load_evidence
from driftwatch_assets.steps.features import GoldInvalid
from driftwatch_assets.steps.timeline import shifted

if TYPE_CHECKING:
    from driftwatch_assets.steps.watched import Watched


@dataclass(frozen=True)
class Labelled:
    """A batch's gold with its labels.

    Attributes
    ----------
    gold
        Gold with the label column, null where the label is not known; without one for a task that has no labels.
    fingerprint
        Of what the labels were made of; empty where they came with gold, or are not known.

    """

    gold: pd.DataFrame
    fingerprint: str


def with_labels(watched: Watched, batch: str, *, as_of: str | None = None) -> Labelled:
    """Give a batch's gold with the labels that were known when `as_of` had arrived.

    Parameters
    ----------
    watched, batch
        The model and the batch.
    as_of
        The last batch that may have told; by default everything that is stored.

    Raises
    ------
    GoldInvalid
        When labels() gives no such columns, or two labels for one id.

    """
    task = watched.declaration.task
    gold = watched.lake.read(watched.tables.gold, batch)
    if task.label is None or not task.known_after or watched.transforms.labels is None:
        return Labelled(gold, "")
    tells = known_with(watched, batch)
    told = tells is not None and (as_of is None or batch_order(tells) <= batch_order(as_of))
    fingerprint = told_fingerprint(watched, tells) if told and tells is not None else ""
    if not fingerprint or tells is None:
        return Labelled(gold.assign(**{task.label: pd.Series(None, index=gold.index, dtype=object)}), "")
    silver = {name: watched.lake.read(watched.tables.silver(name), tells) for name in watched.transforms.label_tables}
    labels = watched.transforms.labels(silver)
    absent = [name for name in (task.id, task.label) if name not in labels.columns]
    if absent:
        message = (
            f"{watched.name}: labels() returned no column {absent[0]!r} for batch {batch} (of {tells}'s tables); it "
            f"returned {', '.join(map(str, labels.columns))}"
        )
        raise GoldInvalid(message)
    repeated = labels[task.id][labels[task.id].duplicated()]
    if not repeated.empty:
        message = (
            f"{watched.name}: labels() returned the id {repeated.iloc[0]!r} more than once for batch {batch}; "
            f"a row has one label"
        )
        raise GoldInvalid(message)
    joined = gold.merge(labels[[task.id, task.label]], on=task.id, how="left", validate="one_to_one")
    return Labelled(joined, fingerprint)


def newest_labelled(watched: Watched) -> str | None:
    """Give the newest stored batch that has a row whose label is known; of a task without labels, the newest one."""
    label = watched.declaration.task.label
    for batch in reversed(watched.lake.batches(watched.tables.gold)):
        if label is None or with_labels(watched, batch).gold[label].notna().any():
            return batch
    return None


def known_with(watched: Watched, batch: str) -> str | None:
    """Give the batch with which the labels of a batch become known; `None` when it cannot be told yet."""
    after = watched.declaration.task.known_after
    return shifted(watched, batch, after) if after else batch


def told_fingerprint(watched: Watched, batch: str) -> str:
    """Give the fingerprint of the stored tables that tell labels; empty when one of them is not stored."""
    lake, tables = watched.lake, watched.tables
    names = [tables.silver(name) for name in watched.transforms.label_tables]
    if not all(lake.exists(name, batch) for name in names):
        return ""
    joined = "\n".join(lake.fingerprint(name, batch) for name in names)
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


def due_labels(watched: Watched) -> list[tuple[str, str]]:
    """Give the batches whose performance does not rest on the labels that are known by now, and these' fingerprint.

    Labels that come with the batch are never due: they are part of its own run.
    """
    if not watched.declaration.task.known_after:
        return []
    due = []
    for batch in watched.lake.batches(watched.tables.gold):
        tells = known_with(watched, batch)
        fingerprint = told_fingerprint(watched, tells) if tells is not None else ""
        performance = load_evidence(watched, batch, "performance")
        if fingerprint and performance is not None and performance.get("labels_fingerprint") != fingerprint:
            due.append((batch, fingerprint))
    return due
