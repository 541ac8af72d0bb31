"""The distribution that a champion was trained on, kept so that a batch is compared with it at the cost of a sort."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from driftwatch_assets.drift.bundle import Bundle
from driftwatch_assets.drift.columns import (
    CategoricalColumn,
    Column,
    NumericColumn,
    kind_of,
    sorted_values,
)
from driftwatch_assets.drift.errors import DriftError, ReferenceUnreadable
from driftwatch_assets.drift.statistics import compare_columns
from driftwatch_assets.drift.tables import matching, named
from driftwatch_assets.drift.truth_values import counted

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    import pandas as pd

CONTENT = "reference"
USUAL_ALPHA = 0.01


@dataclass(frozen=True, eq=False)
class Reference:
    """A fitted reference; build it with `fit`, `load` or `from_bytes`.

    Attributes
    ----------
    columns
        What is kept of each column, in the order of the fitted table.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(7)
    >>> reference = Reference.fit(pd.DataFrame({"x": rng.normal(size=2000), "gas": ["a", "b"] * 1000}))
    >>> batch = pd.DataFrame({"x": rng.normal(0.5, size=500), "gas": ["a"] * 400 + ["c"] * 100})
    >>> statistics = reference.compare(batch)
    >>> statistics[["ks", "wasserstein_scaled", "psi"]].round(2)  # doctest: +NORMALIZE_WHITESPACE
               ks  wasserstein_scaled   psi
    feature
    x        0.23                0.55  0.31
    gas       NaN                 NaN  4.57
    >>> statistics.loc["gas", ["new_categories", "lost_categories"]].tolist()
    [['c'], ['b']]
    """

    columns: Mapping[str, Column]

    @classmethod
    def fit(cls, frame: pd.DataFrame, categorical: Iterable[str] | None = None) -> Reference:
        """Summarize a table: numeric columns sorted, categorical ones counted.

        Parameters
        ----------
        frame
            The rows that a champion was trained on; at least one. Any index. Missing values are NaN, None or NA.
        categorical
            Columns to treat as categories. By default these are the columns of text, booleans, categories and
            objects; integers and floats are numeric. When given, all other columns must be numeric. Whatever the
            type, True is 1 and False is 0: a reference of booleans takes a batch of 0 and 1, and the other way round.

        Raises
        ------
        ColumnRefused
            When a column holds an infinite value, or has a type that is neither numeric nor categorical.
        DriftError
            When the table has no rows, no columns or two columns of a name, or `categorical` names an unknown one.
        """
        frame = named(frame, "reference")
        if not len(frame) or not len(frame.columns):
            raise DriftError(
                f"a reference cannot be fitted on {len(frame)} rows and {len(frame.columns)} columns; "
                "give it the training rows"
            )
        chosen = None if categorical is None else {str(name) for name in categorical}
        unknown = sorted((chosen or set()) - set(frame.columns))
        if unknown:
            raise DriftError(
                f"`categorical` names {unknown[0]!r}, which the reference's table does not have; "
                f"its columns are {', '.join(frame.columns[:12])}"
            )
        columns: dict[str, Column] = {}
        for name in frame.columns:
            series = frame[name]
            is_categorical = name in chosen if chosen is not None else kind_of(series, "reference") == "categorical"
            if is_categorical:
                columns[name] = CategoricalColumn(counted(series, "reference"), len(frame))
            else:
                values = sorted_values(series, "reference")
                values.flags.writeable = False
                columns[name] = NumericColumn.of(values, len(frame))
        return cls(MappingProxyType(columns))

    @property
    def features(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(self.columns)

    @property
    def categorical(self) -> tuple[str, ...]:
        """The names of the categorical columns."""
        return tuple(name for name, column in self.columns.items() if isinstance(column, CategoricalColumn))

    @property
    def rows(self) -> int:
        """Rows that it was fitted on."""
        return next(iter(self.columns.values())).rows

    def compare(self, batch: pd.DataFrame, alpha: float | None = None) -> pd.DataFrame:
        """Compute how far a batch is from this reference, feature by feature; nothing is judged.

        Parameters
        ----------
        batch
            A table with exactly the columns that were fitted, in any order; it may be empty.
        alpha
            The level of the policy that will judge this (0.01 where None): p-values by draws are made fine enough for
            it (see `chi_square`).

        Returns
        -------
        DataFrame
            Index ``feature``, in the order of the fitted table. Columns:

            - ``ks``, ``ks_pvalue``: largest gap between both distribution functions, 0 to 1, and its p-value; of a
              column with two values in all it is Fisher's exact one, as ties make the other far too large there;
            - ``psi``: population stability index, on the reference's ten quantile bins; on the categories less what it
              comes to by chance alone (see `stability_by_chance`), which is much where there are many, and not below 0;
            - ``wasserstein``: Wasserstein-1 distance in the feature's unit; ``wasserstein_scaled``: the same over the
              reference's standard deviation (infinite when a constant reference is left);
            - ``missing_rate_reference``, ``missing_rate_current``: 0 to 1;
            - ``n_reference``, ``n_current``: values that are there;
            - ``kind``: numeric or categorical; ``chi2``, ``chi2_pvalue``, ``new_categories``, ``lost_categories``
              (lists of text), ``new_category_rate`` (of the batch's values), ``lost_category_rate`` (of the
              reference's), ``new_category_pvalue``, ``lost_category_pvalue``;
            - ``missing_pvalue``: of the difference of the missing rates;
            - ``rows_reference``, ``rows_current``: with and without a value.

            What does not apply to a kind, or has no value on a side, is NaN (None for the lists).

        Raises
        ------
        ColumnsDiffer
            When the batch lacks a column, or has one more.
        ColumnRefused
            When a column holds an infinite value, or is text where the reference has numbers.
        """
        return compare_columns(self.columns, matching(batch, self.columns), USUAL_ALPHA if alpha is None else alpha)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the content; the same after saving and loading."""
        return self.bundle().fingerprint()

    def save(self, target: str | os.PathLike[str] | IO[bytes]) -> None:
        """Write as npz without any pickle: to a path, whole or not at all, or to a file object."""
        self.bundle().write(target)

    @classmethod
    def load(cls, source: str | os.PathLike[str] | IO[bytes]) -> Reference:
        """Read what `save` wrote.

        Raises
        ------
        ReferenceUnreadable
            When it is damaged or is something else.
        """
        return cls.of_bundle(Bundle.read(source, CONTENT))

    def to_bytes(self) -> bytes:
        """Give what `save` writes."""
        return self.bundle().to_bytes()

    @classmethod
    def from_bytes(cls, stored: bytes) -> Reference:
        """Read what `to_bytes` gave."""
        return cls.of_bundle(Bundle.from_bytes(stored, CONTENT))

    def bundle(self) -> Bundle:
        """Give the stored form: all numbers of a kind end to end in one array, and a header that divides them."""
        numeric = [column for column in self.columns.values() if isinstance(column, NumericColumn)]
        header = {"rows": self.rows, "columns": [_described(name, column) for name, column in self.columns.items()]}
        return Bundle(
            CONTENT,
            header,
            {
                "values": np.concatenate([column.ordered for column in numeric] or [np.empty(0)]),
                "edges": np.concatenate([column.edges for column in numeric] or [np.empty(0)]),
                "counts": np.concatenate([column.counts for column in numeric] or [np.empty(0, dtype=np.int64)]),
                "moments": np.array([[column.mean, column.std] for column in numeric]).reshape(-1, 2),
            },
        )

    @classmethod
    def of_bundle(cls, bundle: Bundle) -> Reference:
        """Read the stored form."""
        columns: dict[str, Column] = {}
        value = edge = count = at = 0
        arrays = bundle.arrays
        try:
            rows = int(bundle.header["rows"])
            for array in arrays.values():
                array.flags.writeable = False
            for entry in bundle.header["columns"]:
                if "categories" in entry:
                    columns[entry["name"]] = CategoricalColumn(entry["categories"], rows)
                    continue
                values, edges = int(entry["values"]), int(entry["edges"])
                mean, std = arrays["moments"][at]
                columns[entry["name"]] = NumericColumn(
                    arrays["values"][value : value + values],
                    rows,
                    arrays["edges"][edge : edge + edges],
                    arrays["counts"][count : count + edges + 1],
                    float(mean),
                    float(std),
                )
                value, edge, count, at = value + values, edge + edges, count + edges + 1, at + 1
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise ReferenceUnreadable(f"the stored reference is incomplete: {error!r}. Fit it anew.") from error
        if value != arrays["values"].size or not columns:
            raise ReferenceUnreadable(
                f"the stored reference describes {value} values and has {arrays['values'].size}. Fit it anew."
            )
        return cls(MappingProxyType(columns))


def _described(name: str, column: Column) -> dict[str, Any]:
    if isinstance(column, CategoricalColumn):
        return {"name": name, "categories": dict(column.counts)}
    return {"name": name, "values": column.n, "edges": column.edges.size}
