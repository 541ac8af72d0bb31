"""Work in a process of its own, which may die at it."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS = 60
FORKS = "ignore:This process .* is multi-threaded:DeprecationWarning"
"""The child only works with a database and ends; it waits for no thread of its parent."""


def ended(work: Callable[..., object], *given: Any) -> int | None:
    """Give how a process ended that did this: by its exit code, below zero by a signal."""
    child = multiprocessing.get_context("fork").Process(target=work, args=given)
    child.start()
    child.join(_SECONDS)
    return child.exitcode
