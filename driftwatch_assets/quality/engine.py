"""Great Expectations, loaded when the first suite runs and kept quiet."""

from __future__ import annotations

import gc
import logging
import os
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

# Great Expectations keeps its current context in a process-wide variable, and its first import registers
# metrics in process-wide tables: one thread at a time.
ONE_AT_A_TIME = threading.RLock()


def great_expectations() -> ModuleType:
    """Import Great Expectations without its side effects on the process, and give the module.

    It takes over the process's warnings (`logging.captureWarnings`) and imports a deprecated module of the standard
    library; both are undone or kept quiet. Garbage collection pauses during the import, which makes some 200,000
    objects that stay: looking through them again and again would be a quarter of the time.
    """
    with ONE_AT_A_TIME:
        os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
        show_warning = warnings.showwarning
        collecting = gc.isenabled()
        gc.disable()
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "module 'sre_(constants|parse)' is deprecated", DeprecationWarning)
                import great_expectations as gx  # noqa: PLC0415 - heavy: loaded by the step that needs it
        finally:
            if collecting:
                gc.enable()
        if warnings.showwarning is not show_warning:
            logging.captureWarnings(capture=False)
        # Without a handler Python would print its messages to stderr; a suite's crash is raised, not printed.
        logger = logging.getLogger("great_expectations")
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
        return gx


@contextmanager
def unheard() -> Iterator[None]:
    """Keep what Great Expectations logs from the process's log handlers: it writes exceptions' texts, which quote data.

    To be entered by who holds `ONE_AT_A_TIME`.
    """
    logger = logging.getLogger("great_expectations")
    before = logger.propagate
    logger.propagate = False
    try:
        yield
    finally:
        logger.propagate = before
