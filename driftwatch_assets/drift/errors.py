"""What can go wrong with a comparison, as types that a caller can tell apart."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class DriftError(Exception):
    """A reference could not be fitted, read or compared with."""


class ColumnsDiffer(DriftError, ValueError):  # noqa: N818 - named for what was found
    """The batch does not have exactly the columns that the reference was fitted on."""

    def __init__(self, missing: Sequence[str], extra: Sequence[str]) -> None:
        parts = []
        if missing:
            near = difflib.get_close_matches(missing[0], extra, n=1)
            hint = f" (is {near[0]!r} the new name of {missing[0]!r}?)" if near else ""
            parts.append(f"it lacks {_listed(missing)}{hint}")
        if extra:
            parts.append(f"it has {_listed(extra)}, which the reference does not know")
        super().__init__(
            f"the batch cannot be compared: {'; '.join(parts)}. "
            "Pass exactly the columns that the reference was fitted on: batch[list(reference.features)]."
        )
        self.missing, self.extra = tuple(missing), tuple(extra)


class ColumnRefused(DriftError, ValueError):  # noqa: N818 - named for what happened
    """A column holds what cannot be compared; `column` names it."""

    def __init__(self, column: str, where: str, found: str, remedy: str) -> None:
        super().__init__(f"column {column!r} of the {where} {found}. {remedy}")
        self.column = column


class ReferenceUnreadable(DriftError, ValueError):  # noqa: N818 - named for what was found
    """A stored reference is damaged, or is something else."""


def _listed(names: Sequence[str], shown: int = 5) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    noun = "column" if len(names) == 1 else "columns"
    return f"the {noun} {', '.join(repr(name) for name in names[:shown])}{more}"
