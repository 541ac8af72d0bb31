"""Text columns as numbers, learned with the model: how frequent a category is, and how it ranks by the label.

Both encoders are steps of a candidate's pipeline. They are fitted once, on the rows that the model is fitted on, are
stored in the model and never fitted again: what they make of a row depends on that row and on the training rows alone.
"""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import column_or_1d
from sklearn.utils._param_validation import Interval
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_feature_names_in, check_consistent_length, check_is_fitted, validate_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

_MIDDLE = 0.5
_BINARY = 2


class _CategoryEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Replaces each category of a column by numbers that were learned for it.

    Attributes
    ----------
    categories_
        The categories of each column as they came, in the order of their first row; missing values are not among them.
    values_
        For each column an array (category + 1, outputs); the last row stands for missing values.

    """

    _unseen: ClassVar[float]
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}

    categories_: list[list[Any]]
    values_: list[NDArray[np.float64]]

    def transform(self, X: Any) -> NDArray[np.float64]:  # noqa: N803 - scikit-learn's name
        """Look up each category of a table; nothing is learned.

        Parameters
        ----------
        X : array of shape (row, column)
            The columns of the fit, in their order.

        Returns
        -------
        numpy.ndarray of shape (row, column * outputs)

        """
        check_is_fitted(self)
        columns = _columns(validate_data(self, X, reset=False, **_AS_IT_COMES))
        encoded = [
            self._looked_up(column, categories, values)
            for column, categories, values in zip(columns, self.categories_, self.values_, strict=True)
        ]
        return np.hstack(encoded)

    def _looked_up(
        self, column: pd.Series[Any], categories: Sequence[Any], values: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        at = pd.Index(categories, dtype=object).get_indexer(pd.Index(column, dtype=object))
        missing = column.isna().to_numpy()
        at[missing] = len(categories)
        encoded = values[at]
        encoded[(at < 0) & ~missing] = self._unseen
        return encoded

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


class FrequencyEncoder(OneToOneFeatureMixin, _CategoryEncoder):  # type: ignore[misc]  # scikit-learn is untyped
    """Replaces a category by its share of the training rows.

    Value of category c: n_c / n, in (0, 1]. Missing values are a category of their own; a category that the training
    rows do not have is 0, and so are missing values where there were none.

    Attributes
    ----------
    categories_, values_
        What was learned of each column.

    Examples
    --------
    >>> rows = pd.DataFrame({"purpose": ["car", "car", "house", None]})
    >>> encoder = FrequencyEncoder().fit(rows)
    >>> encoder.transform(pd.DataFrame({"purpose": ["house", "car", None, "boat"]})).ravel().tolist()
    [0.25, 0.5, 0.25, 0.0]

    """

    _unseen = 0.0

    def fit(self, X: Any, y: ArrayLike | None = None) -> FrequencyEncoder:  # noqa: N803, ARG002 - scikit-learn's names
        """Count the categories of the training rows.

        Parameters
        ----------
        X : array of shape (row, column)
            Text, numbers or both; missing values may be None or NaN.
        y
            Not used.

        """
        self.categories_, self.values_ = [], []
        for column in _columns(validate_data(self, X, **_AS_IT_COMES)):
            categories, codes = _learned(column)
            counts = np.bincount(codes, minlength=len(categories) + 1)
            self.categories_.append(categories)
            self.values_.append(counts[:, None] / len(column))
        return self


class RankEncoder(_CategoryEncoder):
    """Replaces a category by its rank among the training rows' categories, ordered by how often they have a label.

    A category c with n_c rows, s_c of which have the label, is ordered by (s_c + m p) / (n_c + m), where p is the
    label's share of all rows and m the `smoothing`: a category of a few rows stays near the middle of the others. Its
    value is (rank - 1) / (k - 1), in [0, 1], for k categories, equal ones sharing their mean rank; 0.5 where there is
    only one.
    Missing values are a category of their own. A category that the training rows do not have is 0.5, and so are missing
    values where there were none.

    With two classes the label is the last of them in sorted order, and a column becomes one; with more, a column
    becomes one for each class.

    Parameters
    ----------
    smoothing
        Rows that the overall share counts for, at least 0.

    Attributes
    ----------
    categories_, values_
        What was learned of each column.
    classes_
        The labels in sorted order.

    Notes
    -----
    The training rows' own labels are in the ranks that a model is fitted on. Of a category with few rows that says too
    much; for columns with about as many categories as rows use `sklearn.preprocessing.TargetEncoder`, which fits on
    folds. The smoothed mean is that of D. Micci-Barreca, "A preprocessing scheme for high-cardinality categorical
    attributes", SIGKDD Explorations 3(1), 2001, with m fixed.

    Examples
    --------
    >>> rows = pd.DataFrame({"term": ["long", "long", "short", "short", "open", "open"]})
    >>> refused = ["yes", "yes", "no", "no", "yes", "no"]
    >>> encoder = RankEncoder(smoothing=1.0).fit(rows, refused)
    >>> encoder.transform(pd.DataFrame({"term": ["short", "open", "long", "none"]})).ravel().tolist()
    [0.0, 0.5, 1.0, 0.5]
    >>> RankEncoder(smoothing=-1).fit(rows, refused)
    Traceback (most recent call last):
    ...
    sklearn.utils._param_validation.InvalidParameterError: The 'smoothing' parameter of RankEncoder must be a float in
    the range [0.0, inf). Got -1 instead.

    """

    _unseen = _MIDDLE
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {"smoothing": [Interval(Real, 0, None, closed="left")]}

    def __init__(self, smoothing: float = 10.0) -> None:
        self.smoothing = smoothing

    def fit(self, X: Any, y: ArrayLike) -> RankEncoder:  # noqa: N803 - scikit-learn's name
        """Rank the categories of the training rows.

        Parameters
        ----------
        X : array of shape (row, column)
            Text, numbers or both; missing values may be None or NaN.
        y : array of shape (row,)
            Labels, none of them missing.

        """
        self._validate_params()
        rows = validate_data(self, X, **_AS_IT_COMES)
        labels = column_or_1d(y)
        check_classification_targets(labels)
        check_consistent_length(rows, labels)
        self.classes_, label_codes = np.unique(labels, return_inverse=True)
        labels_ranked = range(len(self.classes_)) if len(self.classes_) > _BINARY else [len(self.classes_) - 1]
        self.categories_, self.values_ = [], []
        for column in _columns(rows):
            categories, codes = _learned(column)
            ranks = [self._ranks(codes, label_codes == label, len(categories)) for label in labels_ranked]
            self.categories_.append(categories)
            self.values_.append(np.column_stack(ranks))
        return self

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[Any]:
        """Give the names of the columns that come out: the same, or `<column>_<class>` for more than two classes."""
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        if len(self.classes_) <= _BINARY:
            return np.asarray(names, dtype=object)
        return np.asarray([f"{name}_{label}" for name in names for label in self.classes_], dtype=object)

    def _ranks(self, codes: NDArray[np.int64], hit: NDArray[np.bool_], categories: int) -> NDArray[np.float64]:
        rows = np.bincount(codes, minlength=categories + 1)
        hits = np.bincount(codes, weights=hit, minlength=categories + 1)
        there = rows > 0
        ordered = (hits[there] + self.smoothing * hit.mean()) / (rows[there] + self.smoothing)
        ranks = pd.Series(ordered).rank().to_numpy()
        values = np.full(categories + 1, _MIDDLE)
        if len(ranks) > 1:
            values[there] = (ranks - 1) / (len(ranks) - 1)
        return values

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


_AS_IT_COMES: dict[str, Any] = {"dtype": None, "ensure_all_finite": "allow-nan"}


def _columns(rows: NDArray[Any]) -> list[pd.Series[Any]]:
    return [pd.Series(rows[:, at]) for at in range(rows.shape[1])]


def _learned(column: pd.Series[Any]) -> tuple[list[Any], NDArray[np.int64]]:
    """Give a column's categories and the category of each row; missing values have the number after the last."""
    codes, categories = pd.factorize(column)
    return categories.tolist(), np.where(codes < 0, len(categories), codes)
