"""Every example in a docstring is run and gives what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import warnings

import pytest

import driftwatch_assets

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def _modules() -> list[str]:
    found = pkgutil.walk_packages(driftwatch_assets.__path__, prefix="driftwatch_assets.", onerror=_broken)
    return sorted(["driftwatch_assets", *(module.name for module in found)])


def _broken(name: str) -> None:
    raise ImportError(name)


MODULES = _modules()


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name a broker, which the module of Celery's workers asks for when it is imported; nothing connects to it."""
    monkeypatch.setenv("DRIFTWATCH_CELERY_BROKER", "redis://127.0.0.1:6379/0")


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_say(name: str) -> None:
    module = importlib.import_module(name)
    with warnings.catch_warnings():
        # An example of one room may meet what its library warns of; the room's own tests hold it to warnings.
        warnings.simplefilter("default")
        results = doctest.testmod(module, optionflags=FLAGS)
    assert results.failed == 0, f"{results.failed} of {results.attempted} examples of {name} differ; see the output"


def test_modules_are_found_and_most_rooms_have_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    with_examples = set()
    for name in MODULES:
        if any(test.examples for test in finder.find(importlib.import_module(name))):
            with_examples.add(name.split(".")[1] if "." in name else name)
    assert len(MODULES) > 80
    assert with_examples >= {
        "arrivals",
        "drift",
        "lake",
        "performance",
        "quality",
        "registry",
        "retraining",
        "settings",
        "sources",
        "steps",
        "training",
    }
