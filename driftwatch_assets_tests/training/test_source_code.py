"""What is read from an estimator's source is what scikit-learn says when it is imported."""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING

import pytest

from driftwatch_assets.training import CandidateInvalid
from driftwatch_assets.training.source_code import ancestors, locate, parameter_names

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT_CONSTRUCTOR = {
    "sklearn.preprocessing.KernelCenterer",
    "sklearn.preprocessing.LabelEncoder",
    # Not there before somebody, such as skops, has imported scikit-learn's switch for experiments.
    "sklearn.model_selection.HalvingGridSearchCV",
    "sklearn.model_selection.HalvingRandomSearchCV",
}


# Their package has them only once somebody in the process has imported sklearn.experimental.
EXPERIMENTAL = {"HalvingGridSearchCV", "HalvingRandomSearchCV"}


def _paths() -> dict[str, type]:
    """Give all estimators of scikit-learn by the path that a person would write."""
    from sklearn.utils import all_estimators  # noqa: PLC0415 - heavy: only this test asks for all of them

    with warnings.catch_warnings():
        # Some of scikit-learn's own modules warn when they are imported for the list.
        warnings.simplefilter("ignore")
        found = dict(all_estimators())
    paths: dict[str, type] = {}
    for name, cls in found.items():
        public = ".".join(part for part in cls.__module__.split(".") if not part.startswith("_"))
        try:
            there = hasattr(importlib.import_module(public), name)
        except ImportError:
            there = False
        paths[f"{public if there else cls.__module__}.{name}"] = cls
    return paths


def test_the_parameters_of_every_estimator_of_scikit_learn_are_read_right() -> None:
    paths = _paths()
    assert len(paths) > 150
    unread = set()
    for path, cls in paths.items():
        names = parameter_names(path)
        if names is None:
            unread.add(path)
        else:
            assert sorted(names) == sorted(cls._get_param_names()), path  # type: ignore[attr-defined]
    assert unread <= WITHOUT_CONSTRUCTOR


def test_the_kind_of_every_estimator_of_scikit_learn_is_read_right() -> None:
    kinds = {"ClassifierMixin", "OutlierMixin", "RegressorMixin", "TransformerMixin", "ClusterMixin"}
    for path, cls in _paths().items():
        if path.rpartition(".")[2] in EXPERIMENTAL:
            continue
        bases = ancestors(path)
        assert bases is not None, path
        assert bases & kinds == {base.__name__ for base in cls.__mro__} & kinds, path


def test_an_estimator_whose_bases_the_source_does_not_tell_may_be_of_any_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "odd_bases.py").write_text("import sklearn.base\nclass E(sklearn.base.ClassifierMixin): ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert ancestors("odd_bases.E") is None


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("class E:\n    def __init__(self, a, /, b, *, c=1): ...\n", ("a", "b", "c")),
        ("class Base:\n    def __init__(self, a): ...\nclass E(Base): ...\n", ("a",)),
        ("class E:\n    def __init__(self, **anything): ...\n", None),
        ("class E: ...\n", None),
        ("E = make()\n", None),
        ("from sklearn.svm import SVC as E\n", "SVC"),
        ("from .missing import E\n", None),
        ("from absent_package import E\n", None),
        ("class E(\n", None),
        ("from loops import E\n", None),
    ],
)
def test_what_the_source_does_not_tell_is_not_guessed(
    source: str, names: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loops.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = parameter_names("loops.E")
    assert found == (parameter_names("sklearn.svm.SVC") if names == "SVC" else names)


def test_a_compiled_module_is_found_and_tells_nothing() -> None:
    assert parameter_names("sklearn.tree._tree.Tree") is None
    with pytest.raises(CandidateInvalid, match=r"there is no '_treee' in sklearn\.tree"):
        locate("sklearn.tree._treee.Tree")
