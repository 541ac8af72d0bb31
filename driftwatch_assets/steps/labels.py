"""Labels as they were known at a time: with the batch, or some batches later."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from driftwatch_assets.lake import batch_order
from driftwatch_assets.quoting import quoted
from driftwatch_assets.steps.class_names import by_class_names
from driftwatch_assets.steps.evidence import load_performance
from driftwatch_assets.steps.features import GoldInvalid, check_some_declared, row_places
from driftwatch_assets.steps.timeline import shifted
from driftwatch_assets.steps.unusable import undeclared_labels
from driftwatch_assets.steps.watched import LATE_LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    undeclared
        The ids of rows whose label was told later and is no declared class → why; in gold it is not known.

    """

    gold: pd.DataFrame
    fingerprint: str
    undeclared: Mapping[Any, str] = field(default_factory=dict)


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
        When labels() gives no such columns, two labels for one id, or no label that is a declared class.

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
            f"{watched.name}: labels() returned the id {quoted(repeated.iloc[0])} more than once for batch {batch}; "
            f"a row has one label"
        )
        raise GoldInvalid(message)
    labels = labels.assign(**{task.label: by_class_names(labels[task.label], task.classes)})
    why = undeclared_labels(labels[task.label], task.classes)
    check_some_declared(watched, batch, labels[task.label], why, told_by="labels()")
    labels = labels[[task.id]].assign(**{task.label: labels[task.label].where(why.isna())})
    joined = gold.merge(labels, on=task.id, how="left", validate="one_to_one")
    of_batch = why.notna() & labels[task.id].isin(gold[task.id])
    return Labelled(joined, fingerprint, dict(zip(labels[task.id][of_batch], why[of_batch], strict=True)))


def put_labels_aside(watched: Watched, batch: str, labelled: Labelled) -> pd.DataFrame:
    """Store and give the quarantine of labels that were told later and are no declared class, with file and line."""
    table, tells = watched.tables.quarantine(LATE_LABELS), known_with(watched, batch)
    ids = list(labelled.undeclared)
    places = [] if tells is None else row_places(watched, tells, watched.transforms.label_tables, ids)
    aside = pd.DataFrame(places, columns=["source_file", "source_line"], dtype=object)
    aside["reason"] = pd.Series(list(labelled.undeclared.values()), dtype=object)
    aside["source_text"] = pd.Series(None, index=aside.index, dtype=object)
    if aside.empty:
        watched.lake.drop(table, batch)
    else:
        watched.lake.write(table, batch, aside, {"labels_fingerprint": labelled.fingerprint})
    return aside


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
        performance = load_performance(watched, batch)
        if fingerprint and performance is not None and performance.labels_fingerprint != fingerprint:
            due.append((batch, fingerprint))
    return due
