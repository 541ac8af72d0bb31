"""What can be wrong with a stored result."""

from __future__ import annotations


class ResultUnreadable(Exception):  # noqa: N818 - named for what is the case
    """A stored result cannot be read; materializing what found it writes it anew."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(
            f"cannot read the result at {path}: {why}. Materialize the asset that writes it again for this batch, or "
            "upgrade the project where a later version wrote it"
        )
        self.path = path
