"""Comparison within classes: feature drift that a change of the class proportions can neither cause nor hide."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.drift.bundle import Bundle
from driftwatch_assets.drift.columns import category_counts, class_names, kind_of
from driftwatch_assets.drift.errors import DriftError, ReferenceUnreadable
from driftwatch_assets.drift.policy import DEFAULT
from driftwatch_assets.drift.reference import Reference
from driftwatch_assets.drift.verdict import judge

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from driftwatch_assets.drift.policy import Policy

CONTENT = "references within classes"


@dataclass(frozen=True, eq=False)
class ClassReferences:
    """A reference for each class; build it with `fit_within`, `load` or `from_bytes`.

    Attributes
    ----------
    references
        Reference by class, in alphabetical order.
    """

    references: Mapping[str, Reference]

    def compare(
        self, batch: pd.DataFrame, labels: pd.Series[Any], alpha: float | None = None
    ) -> dict[str, pd.DataFrame]:
        """Compare the rows of each class with that class's reference.

        Parameters
        ----------
        batch
            A table with exactly the columns that were fitted.
        labels
            The class of each row, in the same order; rows without one are left out.
        alpha
            As at `Reference.compare`.

        Returns
        -------
        dict
            Statistics (see `Reference.compare`) by class, for the classes that both sides have.
        """
        names = _classes_of(batch, labels)
        present = set(names.dropna())
        return {
            name: reference.compare(batch[(names == name).to_numpy()], alpha)
            for name, reference in self.references.items()
            if name in present
        }

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the content; the same after saving and loading."""
        return self._bundle().fingerprint()

    def save(self, target: str | os.PathLike[str] | IO[bytes]) -> None:
        """Write as npz without any pickle: to a path, whole or not at all, or to a file object."""
        self._bundle().write(target)

    @classmethod
    def load(cls, source: str | os.PathLike[str] | IO[bytes]) -> ClassReferences:
        """Read what `save` wrote; raises `ReferenceUnreadable` when it is damaged or is something else."""
        return cls._of_bundle(Bundle.read(source, CONTENT))

    def to_bytes(self) -> bytes:
        """Give what `save` writes."""
        return self._bundle().to_bytes()

    @classmethod
    def from_bytes(cls, stored: bytes) -> ClassReferences:
        """Read what `to_bytes` gave."""
        return cls._of_bundle(Bundle.from_bytes(stored, CONTENT))

    def _bundle(self) -> Bundle:
        headers, arrays = {}, {}
        for at, (name, reference) in enumerate(self.references.items()):
            inner = reference.bundle()
            headers[name] = inner.header
            arrays.update({f"{at}.{key}": array for key, array in inner.arrays.items()})
        return Bundle(CONTENT, {"classes": list(headers.items())}, arrays)

    @classmethod
    def _of_bundle(cls, bundle: Bundle) -> ClassReferences:
        try:
            classes = [(str(name), header) for name, header in bundle.header["classes"]]
        except (KeyError, TypeError, ValueError) as error:
            raise ReferenceUnreadable(f"the stored references name no classes: {error!r}. Fit them anew.") from error
        references = {}
        for at, (name, header) in enumerate(classes):
            prefix = f"{at}."
            arrays = {key.removeprefix(prefix): array for key, array in bundle.arrays.items() if key.startswith(prefix)}
            references[name] = Reference.of_bundle(replace(bundle, header=header, arrays=arrays))
        return cls(MappingProxyType(references))


def fit_within(
    frame: pd.DataFrame, labels: pd.Series[Any], categorical: Iterable[str] | None = None
) -> ClassReferences:
    """Fit a reference for each class.

    Parameters
    ----------
    frame
        The features of the rows that a champion was trained on.
    labels
        The class of each row, in the same order; rows without one are left out.
    categorical
        As at `Reference.fit`.

    Raises
    ------
    DriftError
        When no row has a label, or there are not as many labels as rows.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> gas = pd.Series(["acetone", "ethanol"] * 500)
    >>> frame = pd.DataFrame({"x": rng.normal(size=1000), "y": rng.normal(size=1000)})
    >>> references = fit_within(frame, gas)
    >>> batch = frame.assign(x=frame["x"] + (gas == "ethanol"))
    >>> within = judge_within(references.compare(batch, gas))
    >>> within[["n_current", "features", "drifted", "strongest"]]  # doctest: +NORMALIZE_WHITESPACE
             n_current  features drifted strongest
    class
    acetone        500         2       0
    ethanol        500         2       1         x
    """
    names = _classes_of(frame, labels)
    counts = category_counts(names, "labels")
    if not counts:
        raise DriftError(f"no reference within classes can be fitted: none of the {len(frame)} rows has a label")
    if categorical is None:
        categorical = (name for name in frame.columns if kind_of(frame[name], "reference") == "categorical")
    chosen = list(categorical)
    return ClassReferences(
        MappingProxyType({name: Reference.fit(frame[(names == name).to_numpy()], chosen) for name in counts})
    )


def judge_within(statistics: Mapping[str, pd.DataFrame], policy: Policy = DEFAULT) -> pd.DataFrame:
    """Judge each class by itself.

    Parameters
    ----------
    statistics
        What `ClassReferences.compare` returned.
    policy
        The thresholds; a class with fewer than ``min_rows`` rows on a side is listed and not judged.

    Returns
    -------
    DataFrame
        Index ``class``. Columns ``n_reference``, ``n_current`` (rows of the class), ``features`` (compared),
        ``drifted`` (number, missing when not judged), ``share_drifted`` (0 to 1), ``drift_detected`` (True, False,
        None), ``severity``, ``strongest`` (the feature that drifted most, or empty).
    """
    verdicts = {name: judge(table, policy) for name, table in statistics.items()}
    unjudged = [verdict.drift_detected is None for verdict in verdicts.values()]
    drifted = [len(verdict.drifted_features) for verdict in verdicts.values()]
    return pd.DataFrame(
        {
            "n_reference": np.array([verdict.rows_reference for verdict in verdicts.values()], dtype=np.int64),
            "n_current": np.array([verdict.rows_current for verdict in verdicts.values()], dtype=np.int64),
            "features": np.array([len(verdict.features) for verdict in verdicts.values()], dtype=np.int64),
            "drifted": pd.array(
                [pd.NA if left else count for left, count in zip(unjudged, drifted, strict=True)], dtype="Int64"
            ),
            "share_drifted": np.array(
                [
                    np.nan if left else verdict.share_drifted
                    for left, verdict in zip(unjudged, verdicts.values(), strict=True)
                ],
                dtype=np.float64,
            ),
            "drift_detected": pd.Series([verdict.drift_detected for verdict in verdicts.values()], dtype=object).array,
            "severity": [verdict.severity for verdict in verdicts.values()],
            "strongest": [next(iter(verdict.drifted_features), "") for verdict in verdicts.values()],
        },
        index=pd.Index(list(verdicts), name="class", dtype=object),
    )


def _classes_of(frame: pd.DataFrame, labels: pd.Series[Any]) -> pd.Series[Any]:
    if len(labels) != len(frame):
        raise DriftError(f"there are {len(labels)} labels for {len(frame)} rows; pass one a row, in the same order")
    return class_names(labels)
