"""The relation of each feature with the label in the rows that a champion was trained on, and its change in a batch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.drift.association import RankAssociation
from driftwatch_assets.drift.bundle import Bundle
from driftwatch_assets.drift.class_pairs import CategoryAssociation, associated, compared, current_of
from driftwatch_assets.drift.columns import class_names, kind_of
from driftwatch_assets.drift.errors import DriftError, ReferenceUnreadable
from driftwatch_assets.drift.tables import matching, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from driftwatch_assets.drift.class_pairs import Association

    Integers = NDArray[np.int64]

CONTENT = "relations with the label"
MOST_CLASSES = 12
LEAST_ROWS = 20


@dataclass(frozen=True, eq=False)
class CorrelationReference:
    """The relations as they were; build it with `fit` or `from_bytes`. It keeps no rows.

    Attributes
    ----------
    classes
        The classes that are told apart: the most frequent ones, 12 at most, in alphabetical order.
    associations
        What is kept of each feature, in the order of the fitted table.
    rows
        Labelled rows of these classes.

    Examples
    --------
    >>> rng = np.random.default_rng(5)
    >>> outcome = pd.Series(["repaid", "default"] * 1000)
    >>> late = (outcome == "default").to_numpy()
    >>> frame = pd.DataFrame({"income": rng.normal(size=2000) - late, "age": rng.normal(size=2000)})
    >>> reference = CorrelationReference.fit(frame, outcome)
    >>> batch = pd.DataFrame({"income": rng.normal(size=2000), "age": rng.normal(size=2000)})
    >>> reference.compare(batch, outcome)[["classes", "strength_reference", "change"]].round(2)
    ... # doctest: +NORMALIZE_WHITESPACE
                            classes  strength_reference  change
    feature
    income    default against repaid               -0.53    0.55
    age       default against repaid               -0.01    0.01
    """

    classes: tuple[str, ...]
    associations: Mapping[str, Association]
    rows: int

    @classmethod
    def fit(
        cls, features: pd.DataFrame, labels: pd.Series[Any], categorical: Iterable[str] | None = None
    ) -> CorrelationReference:
        """Measure each feature's relation with the label.

        Parameters
        ----------
        features
            The rows that a champion was trained on, without the label. Missing values are left out, column by column.
        labels
            The class of each row, in the same order; rows without one are left out.
        categorical
            As at `Reference.fit`.

        Raises
        ------
        ColumnRefused
            When a column holds an infinite value, or has a type that is neither numeric nor categorical.
        DriftError
            When there are not as many labels as rows, or fewer than two classes among them.
        """
        features = named(features, "reference")
        names = _labels_of(features, labels)
        frequent = Counter(names.dropna()).most_common(MOST_CLASSES)
        classes = tuple(sorted(name for name, _ in frequent))
        if len(classes) < 2:  # noqa: PLR2004 - a relation with the label is one between two classes
            raise DriftError(
                f"no relation with the label can be fitted: the {len(features)} rows have {len(classes)} classes "
                f"({', '.join(classes) or 'no row has a label'}), and two are needed"
            )
        codes = _codes(names, classes)
        if categorical is None:
            categorical = [name for name in features.columns if kind_of(features[name], "reference") == "categorical"]
        chosen = {str(name) for name in categorical}
        associations = {
            name: associated(features[name], codes, len(classes), "reference", categorical=name in chosen)
            for name in features.columns
        }
        return cls(classes, MappingProxyType(associations), int((codes >= 0).sum()))

    @property
    def features(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(self.associations)

    def compare(self, features: pd.DataFrame, labels: pd.Series[Any], min_rows: int = LEAST_ROWS) -> pd.DataFrame:
        """Compute how far each feature's relation with the label has changed; nothing is judged.

        Every two classes are compared that have `min_rows` values each on both sides. A numeric feature's strength is
        its rank-biserial correlation with the first of the two classes, -1 to 1; a categorical one's is the total
        variation distance between both classes, 0 to 1 (see `association`). Of the pairs of classes the one that
        changed most is reported, among those whose change is certain (p < 0.01) where there are any. Its p-value is
        multiplied by the number of pairs (Bonferroni).

        What it cannot see: a relation that is not monotonous (a feature that is low and high in one class, and between
        in the other) and changes without a change of order; `ClassReferences` sees that.

        Parameters
        ----------
        features
            A table with exactly the columns that were fitted, in any order; it may be empty.
        labels
            The class of each row, in the same order; rows without one, or with a class that was not fitted, are left
            out.
        min_rows
            Values that each class of a pair must have on a side.

        Returns
        -------
        DataFrame
            Index ``feature``, in the order of the fitted table. Columns ``kind``; ``classes`` (``"a against b"``);
            ``strength_reference``, ``strength_current``; ``change`` (0 to 2: how far the strength moved, for a
            categorical feature how far the difference of the shares moved); ``pvalue`` of the change; ``pairs`` of
            classes compared; ``n_reference``, ``n_current``: labelled values; ``least_reference``, ``least_current``:
            values of the rarer class of the pair. Without a pair that can be compared the numbers are NaN and
            ``classes`` is empty.

        Raises
        ------
        ColumnsDiffer
            When the batch lacks a column, or has one more.
        ColumnRefused
            When a column holds an infinite value, or is text where the reference has numbers.
        DriftError
            When there are not as many labels as rows.
        """
        features = matching(features, self.associations)
        codes = _codes(_labels_of(features, labels), self.classes)
        rows = [
            compared(association, current_of(association, features[name], codes), self.classes, min_rows)
            for name, association in self.associations.items()
        ]
        table = pd.DataFrame(rows, index=pd.Index(list(self.associations), name="feature", dtype=object))
        return table.astype(dict.fromkeys(("strength_reference", "strength_current", "change", "pvalue"), np.float64))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the content; the same after saving and loading."""
        return self._bundle().fingerprint()

    def to_bytes(self) -> bytes:
        """Give the stored form: npz without any pickle."""
        return self._bundle().to_bytes()

    @classmethod
    def from_bytes(cls, stored: bytes) -> CorrelationReference:
        """Read what `to_bytes` gave; raises `ReferenceUnreadable` when it is damaged or is something else."""
        bundle = Bundle.from_bytes(stored, CONTENT)
        try:
            return cls._of_bundle(bundle)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise ReferenceUnreadable(f"the stored {CONTENT} are incomplete: {error!r}. Fit them anew.") from error

    def _bundle(self) -> Bundle:
        many = len(self.classes)
        ranks = [each for each in self.associations.values() if isinstance(each, RankAssociation)]
        counted = [each for each in self.associations.values() if isinstance(each, CategoryAssociation)]
        header = {
            "classes": list(self.classes),
            "rows": self.rows,
            "columns": [
                {"name": name, "categories": list(each.categories)}
                if isinstance(each, CategoryAssociation)
                else {"name": name}
                for name, each in self.associations.items()
            ],
        }
        return Bundle(
            CONTENT,
            header,
            {
                "rank_counts": np.array([each.counts for each in ranks], dtype=np.int64).reshape(-1, many),
                "strength": np.array([each.strength for each in ranks]).reshape(-1, many, many),
                "share": np.array([each.share for each in ranks]).reshape(-1, many, many),
                "untied": np.array([each.untied for each in ranks]).reshape(-1, many, many),
                "counts": np.concatenate(
                    [each.counts for each in counted] or [np.empty((0, many), dtype=np.int64)], dtype=np.int64
                ),
            },
        )

    @classmethod
    def _of_bundle(cls, bundle: Bundle) -> CorrelationReference:
        arrays = bundle.arrays
        associations: dict[str, Association] = {}
        rank = row = 0
        for entry in bundle.header["columns"]:
            if "categories" in entry:
                categories = tuple(str(each) for each in entry["categories"])
                counts = arrays["counts"][row : row + len(categories)]
                associations[entry["name"]] = CategoryAssociation(counts, categories)
                row += len(categories)
            else:
                kept = [arrays[name][rank] for name in ("rank_counts", "strength", "share", "untied")]
                associations[entry["name"]] = RankAssociation(*kept)
                rank += 1
        if row != len(arrays["counts"]):
            raise ValueError(f"{row} categories are described, and there are {len(arrays['counts'])}")
        return cls(tuple(bundle.header["classes"]), MappingProxyType(associations), int(bundle.header["rows"]))


def _labels_of(features: pd.DataFrame, labels: pd.Series[Any]) -> pd.Series[Any]:
    if len(labels) != len(features):
        raise DriftError(f"there are {len(labels)} labels for {len(features)} rows; pass one a row, in the same order")
    return class_names(labels)


def _codes(names: pd.Series[Any], classes: tuple[str, ...]) -> Integers:
    return np.asarray(pd.Categorical(names, categories=list(classes)).codes, dtype=np.int64)
