"""Labels of served rows, told later: kept by the hour in which the rows were served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from driftwatch_assets.lake import BatchMissing
from driftwatch_assets.lake.errors import nearest
from driftwatch_assets.quoting import quoted

if TYPE_CHECKING:
    from driftwatch_assets.steps.watched import Watched


class LabelsRefused(ValueError):  # noqa: N818 - named for what happened
    """A table of labels that cannot be taken; nothing of it was stored."""


@dataclass(frozen=True)
class LabelsTaken:
    """What became of a table of labels.

    Attributes
    ----------
    hours
        The hours whose labels are others now.
    known
        How many of the ids were served.
    unknown
        The ids that were not served, or have not reached the lake yet.

    """

    hours: tuple[str, ...]
    known: int
    unknown: tuple[str, ...]


def take_labels(watched: Watched, told: pd.DataFrame, origin: str) -> LabelsTaken:
    """Put labels beside the served rows that they belong to.

    Parameters
    ----------
    watched
        The model.
    told
        The task's id and label, texts; other columns are not read. A label that is told anew replaces the older one.
    origin
        Where they came from, for the provenance.

    Raises
    ------
    LabelsRefused
        When a column is missing, an id or a label is empty, an id has two labels, a label is no class of the task, or
        the task has no labels. The message names the row, counted from 1.

    """
    task = watched.declaration.task
    if task.label is None:
        message = f"{watched.name} is a task without labels ({task.kind}); there is nothing to tell"
        raise LabelsRefused(message)
    labels = _checked(watched, told, origin)
    served = watched.tables.served
    hours, known = [], set[str]()
    for hour in watched.lake.batches(served):
        ids = watched.lake.read(served, hour, [task.id])[task.id].astype(str).drop_duplicates()
        own = labels[labels[task.id].isin(ids)]
        if own.empty:
            continue
        known |= set(own[task.id])
        if _write(watched, hour, own, origin):
            hours.append(hour)
    unknown = tuple(one for one in labels[task.id] if one not in known)
    return LabelsTaken(tuple(hours), len(known), unknown)


def _checked(watched: Watched, told: pd.DataFrame, origin: str) -> pd.DataFrame:
    task = watched.declaration.task
    columns = [task.id, str(task.label)]
    absent = [name for name in columns if name not in told.columns]
    if absent:
        found = ", ".join(map(str, told.columns))
        needed = " and ".join(columns)
        message = f"{origin} has no column {absent[0]!r}; labels of {watched.name} need {needed}, it has {found}"
        raise LabelsRefused(message)
    labels = told[columns].astype("string").apply(lambda column: column.str.strip()).reset_index(drop=True)
    for name in columns:
        empty = labels.index[labels[name].isna() | (labels[name] == "")]
        if len(empty):
            message = f"{origin}, row {empty[0] + 1}: {name} is empty; give every row its id and its label"
            raise LabelsRefused(message)
    wrong = labels.index[~labels[columns[1]].isin(task.classes)]
    if len(wrong):
        label = str(labels[columns[1]][wrong[0]])
        message = f"{origin}, row {wrong[0] + 1}: {columns[1]} is {quoted(label)}; {nearest(label, task.classes)}"
        raise LabelsRefused(message)
    labels = labels.drop_duplicates()
    twice = labels.index[labels[task.id].duplicated()]
    if len(twice):
        message = f"{origin}, row {twice[0] + 1}: {quoted(labels[task.id][twice[0]])} has another label in a row above"
        raise LabelsRefused(message)
    checked: pd.DataFrame = labels.astype(object)
    return checked


def _write(watched: Watched, hour: str, labels: pd.DataFrame, origin: str) -> bool:
    table, identity = watched.tables.served_labels, watched.declaration.task.id
    try:
        before = watched.lake.read(table, hour)
        labels = pd.concat([before[~before[identity].isin(labels[identity])], labels])
    except BatchMissing:
        pass
    labels = labels.sort_values(identity, ignore_index=True)
    return watched.lake.write(table, hour, labels, {"source_file": origin}).changed
