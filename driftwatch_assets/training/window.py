"""Which rows a training may use, and what each of them is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from driftwatch_assets.lake import batch_order
from driftwatch_assets.training.errors import ColumnsAbsent, NotEnoughLabels
from driftwatch_assets.training.model_input import stacked_input

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

NewColumns = Literal["leave_batches_out", "impute"]

_LEAST_CLASSES = 2
_SHOWN = 5


@dataclass(frozen=True)
class GoldBatch:
    """One batch of gold, as a training takes it.

    Attributes
    ----------
    batch
        Batch key.
    frame
        Features and, where the task has labels, the label column, null where a label is not known yet.
    fingerprint
        Fingerprint of the content, labels included.

    """

    batch: str
    frame: pd.DataFrame
    fingerprint: str


@dataclass(frozen=True)
class LabelledRows:
    """The rows of one batch whose label is known; of a task without labels, all of them.

    Attributes
    ----------
    batch, fingerprint
        As in `GoldBatch`.
    frame
        All columns of the labelled rows.
    labels
        Class names, shape (rows,); empty names where the task has no labels.

    """

    batch: str
    fingerprint: str
    frame: pd.DataFrame
    labels: NDArray[np.str_]


def training_window(
    batches: Sequence[GoldBatch],
    label: str | None,
    *,
    through: str,
    newest: str | None = None,
    size: Literal["all"] | int = "all",
) -> tuple[LabelledRows, ...]:
    """Give the labelled batches up to and with the newest one whose labels are known, in batch order.

    Parameters
    ----------
    batches
        In any order; later batches are left out, and so are batches without any label.
    label
        Name of the label column; None where the task has none and every row counts.
    through
        The last batch that the model may see.
    newest
        The newest batch whose labels were known by then; by default `through` itself. Later ones are left out.
    size
        All labelled batches, or the newest `size` of them.

    Raises
    ------
    NotEnoughLabels
        The batch `newest` is not there or has no label, or the window has a single class.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": ["a", "b", None]})
    >>> batches = [GoldBatch(key, frame, "f" + key) for key in ("10", "9", "11")]
    >>> [(rows.batch, len(rows.labels)) for rows in training_window(batches, "y", through="10")]
    [('9', 2), ('10', 2)]

    """
    last = through if newest is None else newest
    labelled = []
    for one in sorted(batches, key=lambda one: batch_order(one.batch)):
        if batch_order(one.batch) <= batch_order(last):
            rows = _known(one, label)
            labelled += [rows] if len(rows.labels) else []
    if not labelled or labelled[-1].batch != last:
        found = ", ".join(rows.batch for rows in labelled) or "none"
        which = "it" if last == through else f"batch {last}, the newest one whose labels could be known by then,"
        if label is None:
            raise NotEnoughLabels(
                f"cannot train through batch {through}: {which} has no rows (batches with rows before it: {found}). "
                f"Wait for its rows, or train through one of those"
            )
        raise NotEnoughLabels(
            f"cannot train through batch {through}: {which} has no row with a value in {label!r} "
            f"(labelled batches before it: {found}). Wait for its labels, or train through one of those"
        )
    window = tuple(labelled if size == "all" else labelled[-size:])
    if label is None:
        return window
    classes = sorted({str(name) for rows in window for name in np.unique(rows.labels)})
    if len(classes) < _LEAST_CLASSES:
        raise NotEnoughLabels(
            f"cannot train through batch {through}: batches {window[0].batch} to {last} have the single class "
            f"{classes[0]!r}; a classifier needs two. Widen the window, or wait for a batch with another class"
        )
    return window


def with_features(
    batches: Sequence[GoldBatch], features: Sequence[str], new_columns: NewColumns | None
) -> tuple[list[GoldBatch], str]:
    """Bring batches that lack features to the others, as declared.

    Parameters
    ----------
    batches
        In any order.
    features
        The features that a training is to use.
    new_columns
        Whether batches that lack one are left out, or have it without a value; None leaves them as they are.

    Returns
    -------
    batches : list of GoldBatch
        In the order that they had.
    said : str
        What was done with which batches; empty where none lacks a feature, or nothing was done.

    Examples
    --------
    >>> import pandas as pd
    >>> old = GoldBatch("9", pd.DataFrame({"x": [1.0]}), "f9")
    >>> new = GoldBatch("10", pd.DataFrame({"x": [2.0], "z": [3.0]}), "f10")
    >>> with_features([old, new], ["x", "z"], "leave_batches_out")[1]
    "'z' is not in gold of batch 9: it was left out (new_columns: leave_batches_out)"
    >>> [batch.frame.to_dict("list") for batch in with_features([old, new], ["x", "z"], "impute")[0]]
    [{'x': [1.0], 'z': [nan]}, {'x': [2.0], 'z': [3.0]}]

    """
    lacking = _lacking(batches, features)
    if not lacking or new_columns is None:
        return list(batches), ""
    one = len(lacking) == 1
    if new_columns == "leave_batches_out":
        done = "it was left out" if one else "they were left out"
        kept = [batch for batch in batches if batch.batch not in lacking]
    else:
        done = f"the column is missing in {'it' if one else 'them'}"
        # Without a row of it, a column keeps the type that it has where it is.
        typed = {name: one.frame[name].iloc[:0] for one in batches for name in features if name in one.frame.columns}
        kept = []
        for batch in batches:
            without = {
                name: typed[name].reindex(batch.frame.index) for name in lacking.get(batch.batch, ()) if name in typed
            }
            kept.append(GoldBatch(batch.batch, batch.frame.assign(**without), batch.fingerprint))
    return kept, f"{_absent(lacking)}: {done} (new_columns: {new_columns})"


def check_features(window: Sequence[LabelledRows], features: Sequence[str], *, through: str) -> None:
    """Check that every batch of a window has every feature.

    Raises
    ------
    ColumnsAbsent
        One has not; the message names the columns, the batches and what can be declared.

    """
    lacking = _lacking(window, features)
    if lacking:
        raise ColumnsAbsent(
            f"cannot train through batch {through}: {_absent(lacking)}, and what is trained on has to have every "
            f"feature. Declare new_columns in training: `leave_batches_out` trains on the batches that have it, "
            f"`impute` lets it be missing in the older ones, for an imputer among the candidates' steps; or "
            f"materialize gold of these batches again with the column"
        )


def _lacking(batches: Sequence[GoldBatch | LabelledRows], features: Sequence[str]) -> dict[str, list[str]]:
    """Give the features that batches lack, by batch."""
    found = {batch.batch: [name for name in features if name not in batch.frame.columns] for batch in batches}
    return {batch: found[batch] for batch in sorted(found, key=batch_order) if found[batch]}


def _absent(lacking: Mapping[str, Sequence[str]]) -> str:
    columns = dict.fromkeys(name for names in lacking.values() for name in names)
    shown = ", ".join(repr(name) for name in list(columns)[:_SHOWN])
    more = f" and {len(columns) - _SHOWN} more" if len(columns) > _SHOWN else ""
    batches = list(lacking)
    where = f"batch {batches[0]}" if len(batches) == 1 else f"batches {', '.join(batches)}"
    return f"{shown}{more} {'is' if len(columns) == 1 else 'are'} not in gold of {where}"


def _known(batch: GoldBatch, label: str | None) -> LabelledRows:
    if label is None:
        return LabelledRows(batch.batch, batch.fingerprint, batch.frame, np.full(len(batch.frame), ""))
    frame = batch.frame.loc[batch.frame[label].notna().to_numpy()]
    return LabelledRows(batch.batch, batch.fingerprint, frame, frame[label].to_numpy().astype(str))


@dataclass(frozen=True)
class Stack:
    """The rows of several batches below each other, as an estimator is fitted on them.

    Attributes
    ----------
    frame
        The features.
    labels
        Class names, shape (rows,).
    batches
        Which batches, in words.

    """

    frame: pd.DataFrame
    labels: NDArray[np.str_]
    batches: str


def stacked(rows: Sequence[LabelledRows], features: Sequence[str]) -> Stack:
    """Put the features and the labels of several batches below each other."""
    first, last = rows[0].batch, rows[-1].batch
    return Stack(
        frame=stacked_input([one.frame for one in rows], features),
        labels=np.concatenate([one.labels for one in rows]),
        batches=f"batch {first}" if first == last else f"batches {first} to {last}",
    )


def learn_and_judge(
    rows: LabelledRows, share: float, *, seed: int, minimum: int, time_column: str | None = None
) -> tuple[LabelledRows, LabelledRows]:
    """Split a batch into the part that a challenger may learn from and the part that judges it.

    With a time column the judging part is the batch's end. Without one it is drawn at random with a seed, each class in
    the declared share: position i of the rows, ordered by class and at random within, judges when
    ``floor((i + 1)·share) > floor(i·share)``.

    Parameters
    ----------
    rows
        The newest batch.
    share
        Share of the rows that judge, in (0, 1).
    seed
        Seed of the draw.
    minimum
        Least number of judging rows.
    time_column
        Column to order by, where the batch has a time.

    Returns
    -------
    learn, judge : LabelledRows
        Disjoint, together all rows, each in the batch's order.

    Raises
    ------
    NotEnoughLabels
        Fewer than `minimum` rows would judge, or none would be left to learn from.

    Examples
    --------
    >>> import pandas as pd
    >>> labels = np.array(["a"] * 6 + ["b"] * 4)
    >>> rows = LabelledRows("7", "f", pd.DataFrame({"x": range(10)}), labels)
    >>> learn, judge = learn_and_judge(rows, 0.5, seed=1, minimum=5)
    >>> learn.labels.tolist() == judge.labels.tolist() == ["a"] * 3 + ["b"] * 2
    True

    """
    count = len(rows.labels)
    judging = int(np.floor(count * share + 1e-9))
    if judging < minimum or judging >= count:
        raise NotEnoughLabels(
            f"cannot judge a challenger on batch {rows.batch}: of its {count} labelled rows {judging} would judge, and "
            f"{minimum} are needed. Wait for more labels, or declare another judge_share or minimum_judge_rows"
        )
    if time_column is not None:
        order = np.argsort(rows.frame[time_column].to_numpy(), kind="stable")
        judges = np.arange(count) >= count - judging
    else:
        order = np.lexsort((np.random.default_rng(seed).permutation(count), rows.labels))
        steps = np.floor(np.arange(count + 1) * share + 1e-9)
        judges = np.diff(steps) > 0
    mask = np.empty(count, dtype=bool)
    mask[order] = judges
    return _part(rows, ~mask), _part(rows, mask)


def _part(rows: LabelledRows, mask: NDArray[np.bool_]) -> LabelledRows:
    return LabelledRows(rows.batch, rows.fingerprint, rows.frame.loc[mask], rows.labels[mask])
