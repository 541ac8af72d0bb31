"""A gate before the writes of this process: who ends it shuts the gate, and so ends between two writes."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_changed = threading.Condition()
_under_way = 0
_shut = False


@contextmanager
def writing() -> Iterator[None]:
    """Go through the gate with one write; where it is shut, wait for ever, since the process is about to end."""
    global _under_way  # noqa: PLW0603 - the writes of a process are counted in one place
    with _changed:
        _changed.wait_for(lambda: not _shut)
        _under_way += 1
    try:
        yield
    finally:
        with _changed:
            _under_way -= 1
            _changed.notify_all()


def shut(seconds: float) -> bool:
    """Let no further write begin, and wait for those under way; tell whether they ended within so many seconds."""
    global _shut  # noqa: PLW0603 - as above
    with _changed:
        _shut = True
        return _changed.wait_for(lambda: _under_way == 0, seconds)
