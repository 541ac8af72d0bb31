"""The fetches in a landing folder: how they are numbered, and what is known of the newest."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Formatter

from driftwatch_assets.sources.fetch_failure import LandingOccupied

RECEIPT = ".fetch.json"
"""What is known of the newest fetch; in the landing folder, hidden."""

NAME = "fetch-{number:06d}.csv"
"""How a landed fetch is named, unless another pattern is given."""


@dataclass(frozen=True)
class Receipt:
    """What is known of the newest fetch.

    Attributes
    ----------
    url
        Where it came from.
    number, name, fingerprint
        Its number, its file, and the SHA-256 of that.
    etag, last_modified
        What the server calls this version, to ask whether there is another.
    """

    url: str
    number: int
    name: str
    fingerprint: str
    etag: str | None = None
    last_modified: str | None = None


def numbered(name: str) -> re.Pattern[str]:
    r"""Give the regular expression for names of this pattern.

    Examples
    --------
    >>> numbered("fetch-{number:06d}.csv").pattern
    'fetch\\-(?P<number>[0-9]+)\\.csv'
    """
    try:
        parts = list(Formatter().parse(name))
        fields = [field for _, field, _, _ in parts if field is not None]
        usable = fields == ["number"] and name.format(number=7) == Path(name.format(number=7)).name
        usable = usable and not name.startswith(".")
    except (ValueError, KeyError, IndexError):
        usable = False
    if not usable:
        raise ValueError(f"{name!r} is no pattern of a file name with a number: expected one such as {NAME!r}")
    return re.compile(
        "".join(re.escape(text) + ("" if field is None else "(?P<number>[0-9]+)") for text, field, _, _ in parts)
    )


def newest_fetch(folder: Path, pattern: re.Pattern[str]) -> tuple[int, Path] | None:
    """Give the fetch with the highest number, and that number."""
    found = [
        (int(match["number"]), path)
        for path in folder.iterdir()
        if (match := pattern.fullmatch(path.name)) and path.is_file()
    ]
    return max(found, default=None)


def read_receipt(place: Path) -> Receipt | None:
    """Read a receipt; None where there is none, or no whole one."""
    try:
        receipt = Receipt(**json.loads(place.read_text()))
    except (OSError, ValueError, TypeError):
        # Without it nothing is lost: the content of the newest file is compared.
        return None
    return receipt if isinstance(receipt.number, int) else None


def write_receipt(place: Path, receipt: Receipt) -> None:
    """Write a receipt, whole or not at all."""
    unfinished = place.with_name(f"{place.name}.tmp")
    unfinished.write_text(json.dumps(asdict(receipt), indent=1))
    unfinished.replace(place)


def next_place(
    folder: Path, name: str, receipt: Receipt | None, newest: tuple[int, Path] | None, fingerprint: str
) -> tuple[int, Path]:
    """Give the next number, or the last one again where its file was taken away and is the same."""
    last = max(receipt.number if receipt else 0, newest[0] if newest else 0)
    again = receipt is not None and receipt.number == last and receipt.fingerprint == fingerprint
    number = last if again and not (folder / name.format(number=last)).exists() else last + 1
    path = folder / name.format(number=number)
    if path.exists():
        raise LandingOccupied(folder, [path.name])
    return number, path
