"""The refusal of a whole delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class DeliveryRefused(Exception):  # noqa: N818 - named for what happened to the delivery
    """A delivered file that cannot be taken as a batch; nothing of it is stored.

    Parameters
    ----------
    path
        The file.
    line
        1-based line, or None when the file as a whole is meant.
    column
        Column or feature at fault, or None.
    found
        What is in the file, as a clause.
    what_to_do
        What a person should do next, as a sentence.

    Examples
    --------
    >>> from pathlib import Path
    >>> str(DeliveryRefused(Path("batch7.dat"), 12, "x5", "the file ends in it", "Deliver the file again."))
    'batch7.dat, line 12, column x5: the file ends in it. Deliver the file again.'
    """

    def __init__(self, path: Path, line: int | None, column: str | None, found: str, what_to_do: str) -> None:
        where = [str(path)]
        if line is not None:
            where.append(f"line {line}")
        if column is not None:
            where.append(f"column {column}")
        super().__init__(f"{', '.join(where)}: {found}. {what_to_do}")
        self.path, self.line, self.column, self.found, self.what_to_do = path, line, column, found, what_to_do

    def __reduce__(self) -> tuple[type[DeliveryRefused], tuple[Path, int | None, str | None, str, str]]:
        """Let the refusal cross a process boundary whole."""
        return type(self), (self.path, self.line, self.column, self.found, self.what_to_do)
