"""What can be wrong with a suite, told apart from what can be wrong with data."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN_NAMES = 12


class SuiteError(ValueError):
    """A suite is declared in a way that cannot be used; the data is not to blame."""


class SuiteCrashed(RuntimeError):  # noqa: N818 - it is not the suite's finding but its end, and reads so where it is caught
    """A suite stopped with an exception, so there is no verdict on the data.

    Attributes
    ----------
    table
        Table that was being validated.
    batch
        Batch that was being validated.
    check
        Name of the check whose expectation raised; "the suite" when none can be named.

    """

    def __init__(self, message: str, table: str, batch: str, check: str) -> None:
        # All arguments go to the base, so that the exception survives the way out of a worker process.
        super().__init__(message, table, batch, check)
        self.table = table
        self.batch = batch
        self.check = check

    def __str__(self) -> str:
        return str(self.args[0])


def hint(found: str, valid: Iterable[str], *, what: str = "valid") -> str:
    """Give the nearest valid name and the valid names, for the end of an error message.

    Examples
    --------
    >>> hint("betwen", ["between", "not_null"])
    "did you mean 'between'? valid: 'between', 'not_null'"
    >>> hint("zzz", [])
    'valid: none'

    """
    names = list(dict.fromkeys(valid))
    near = difflib.get_close_matches(found, names, n=1)
    shown = ", ".join(repr(name) for name in names[:SHOWN_NAMES]) or "none"
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    question = f"did you mean {near[0]!r}? " if near else ""
    return f"{question}{what}: {shown}{more}"
