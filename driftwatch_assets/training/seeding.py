"""Seeds: every random choice of a candidate's training follows one number, so that the training can be repeated."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEPRECATED = "deprecated"
_DEFAULT_FOLDS = 5


def seed_estimator(estimator: Any, seed: int) -> None:
    """Seed every random state of an unfitted estimator that is still open, in place and at any depth.

    It goes through parameters, steps, lists and mappings, into nested estimators and into splitters that shuffle. A
    random state is open where it is None. Where it is deprecated, and scikit-learn would shuffle by a seed of its own
    (`sklearn.preprocessing.TargetEncoder`), the folds that it would make are given to it as `cv`, with the seed.

    Parameters
    ----------
    estimator
        What `building.built` gave.
    seed
        A declared random state stays what it is.

    Examples
    --------
    >>> from sklearn.ensemble import BaggingClassifier
    >>> from sklearn.model_selection import GridSearchCV, KFold
    >>> from sklearn.preprocessing import TargetEncoder
    >>> search = GridSearchCV(BaggingClassifier(random_state=3), {}, cv=KFold(4, shuffle=True))
    >>> seed_estimator(search, 7)
    >>> search.cv, search.estimator
    (KFold(n_splits=4, random_state=7, shuffle=True), BaggingClassifier(random_state=3))
    >>> encoder = TargetEncoder()
    >>> seed_estimator(encoder, 7)
    >>> encoder
    TargetEncoder(cv=StratifiedKFold(n_splits=5, random_state=7, shuffle=True))

    """
    _seed(estimator, seed, set())


@contextlib.contextmanager
def seeded_globally(seed: int) -> Iterator[None]:
    """Seed NumPy's global generator for a while; afterwards it goes on as if nothing had been.

    Some estimators draw from it through a part that they make themselves and give no seed to: an
    `sklearn.manifold.Isomap` its `KernelPCA`, for example.

    Examples
    --------
    >>> import numpy as np
    >>> with seeded_globally(1):
    ...     first = np.random.random()
    >>> with seeded_globally(1):
    ...     again = np.random.random()
    >>> first == again
    True

    """
    import numpy as np  # noqa: PLC0415 - heavy: loaded by the step that needs it

    before = np.random.get_state()  # noqa: NPY002 - it is the generator that others draw from
    np.random.seed(seed)  # noqa: NPY002 - as above
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002 - as above


def _seed(value: Any, seed: int, seen: set[int]) -> None:
    if isinstance(value, list | tuple):
        for part in value:
            _seed(part, seed, seen)
    elif isinstance(value, dict):
        for part in value.values():
            _seed(part, seed, seen)
    elif id(value) not in seen and not isinstance(value, type):
        if hasattr(value, "get_params"):
            seen.add(id(value))
            _seed_parameters(value, seed, seen)
        elif is_splitter(value):
            seen.add(id(value))
            if getattr(value, "random_state", seed) is None and getattr(value, "shuffle", True):
                value.random_state = seed


def _seed_parameters(estimator: Any, seed: int, seen: set[int]) -> None:
    parameters = estimator.get_params(deep=False)
    state = parameters.get("random_state", seed)
    if state is None:
        estimator.set_params(random_state=seed)
    elif isinstance(state, str) and state == _DEPRECATED:
        folds = _seeded_folds(parameters, seed)
        if folds is not None:
            estimator.set_params(cv=folds)
    for part in parameters.values():
        _seed(part, seed, seen)


def _seeded_folds(parameters: dict[str, Any], seed: int) -> Any:
    """Give the folds that an estimator would make of a number in `cv`; None where it makes none or does not shuffle."""
    from sklearn.model_selection import KFold, StratifiedKFold  # noqa: PLC0415 - heavy: loaded by the step that needs it

    count = parameters.get("cv", ())
    count = _DEFAULT_FOLDS if count is None else count
    if not isinstance(count, int) or parameters.get("shuffle", _DEPRECATED) not in {True, _DEPRECATED}:
        return None
    kind = KFold if parameters.get("target_type") == "continuous" else StratifiedKFold
    return kind(count, shuffle=True, random_state=seed)


def is_splitter(value: Any) -> bool:
    """Tell whether something parts rows into folds, as scikit-learn's splitters do."""
    return callable(getattr(value, "split", None)) and callable(getattr(value, "get_n_splits", None))
