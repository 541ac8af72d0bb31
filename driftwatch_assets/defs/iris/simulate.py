"""Fetches of iris flowers: files like the published one, for machines without a server.

Each flower has a size of its own, which all its lengths follow, and each length wanders a little by itself. Up to fetch
3 the flowers come from one garden. From fetch `DRIFTED_FROM` on they come from another, where they grow larger: a model
of the first garden takes many a versicolor for a virginica there. In fetch `MIXED_UP` somebody has mixed up the labels:
what is trained on it must not be deployed. Every number is made up.

The files are the same bytes on every platform: the random bits come from PCG64's guaranteed stream, and lengths are
computed in whole tenths of a millimetre. A fetch's file depends on `seed`, its number and `scale`, and on nothing else.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FLOWERS = 50
"""Flowers of each species in a fetch."""

DRIFTED_FROM = 4
MIXED_UP = 6

DIRT = ("species is misspelt", "length is no number", "length is negative")
"""The kinds of spoilt lines; fetch k has one of kind ``k % 3``, and every third fetch one of each."""

_LENGTHS = {
    "Iris-setosa": ((494, 336, 150, 28), (20, 22, 13, 8)),
    "Iris-versicolor": ((598, 282, 428, 134), (28, 20, 22, 12)),
    "Iris-virginica": ((662, 300, 556, 204), (30, 22, 28, 20)),
}
"""Mean and wandering of each length, in tenths of a millimetre."""

_SIZE = 65
_LARGER = 260
_THOUSAND = 1000


def simulate(folder: Path, seed: int, batches: int = 6, scale: float = 1.0) -> list[Path]:
    """Write ``fetch-000001.csv`` … one file a fetch.

    Parameters
    ----------
    folder
        Where to; it is made if it is absent. Files of these names are replaced, each as a whole.
    seed
        Chooses the flowers, from 0.
    batches
        How many fetches, from 1.
    scale
        Factor on the number of flowers, above 0; there are four of each species at least.

    Returns
    -------
    list of Path
        The files, in the order of the fetches.

    Raises
    ------
    ValueError
        An argument is out of its range.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> files = simulate(Path(tempfile.mkdtemp()), seed=1, batches=2)
    >>> [file.name for file in files], files[0].read_text().count("Iris-setosa")
    (['fetch-000001.csv', 'fetch-000002.csv'], 50)
    """
    if seed < 0 or batches < 1 or not scale > 0:
        raise ValueError(
            f"cannot simulate iris with seed={seed}, batches={batches}, scale={scale}: "
            f"expected seed >= 0, batches >= 1, scale > 0"
        )
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for fetch in range(1, batches + 1):
        file = folder / f"fetch-{fetch:06}.csv"
        unfinished = folder / f".{file.name}.{os.getpid()}.tmp"
        unfinished.write_bytes(_text(seed, fetch, scale).encode("ascii"))
        unfinished.replace(file)
        files.append(file)
    return files


def dirt(fetch: int) -> Mapping[str, int]:
    """Count the spoilt lines of each kind in a fetch.

    Examples
    --------
    >>> dirt(1)
    {'species is misspelt': 0, 'length is no number': 1, 'length is negative': 0}
    >>> sum(dirt(3).values())
    3
    """
    return {kind: int(fetch % len(DIRT) in {0, at}) for at, kind in enumerate(DIRT)}


class _Bits:
    """Numbers from PCG64's raw stream, in whole-number arithmetic only."""

    def __init__(self, *key: int) -> None:
        self._generator = np.random.PCG64(np.random.SeedSequence(key))

    def below(self, bound: int) -> int:
        return (int(self._generator.random_raw()) >> 32) * bound >> 32

    def around(self, mean: int, wandering: int) -> int:
        """Sum twelve uniform numbers: a standard deviation of `wandering`, and no more than six times it."""
        total = sum(self.below(2 * _THOUSAND + 1) - _THOUSAND for _ in range(12))
        return mean + (total * wandering) // (2 * _THOUSAND)


def _text(seed: int, fetch: int, scale: float) -> str:
    bits = _Bits(seed, fetch)
    larger = _LARGER if fetch >= DRIFTED_FROM else 0
    flowers = []
    for species, (means, wanderings) in _LENGTHS.items():
        for _ in range(max(4, round(FLOWERS * scale))):
            size = bits.around(_THOUSAND, _SIZE) + larger
            lengths = [bits.around(mean, by) * size for mean, by in zip(means, wanderings, strict=True)]
            # To whole millimetres, of which a length has one at least.
            flowers.append(([max(1, (length + 5000) // 10000) for length in lengths], species))
    if fetch == MIXED_UP:
        names = list(_LENGTHS)
        flowers = [(lengths, names[bits.below(len(names))]) for lengths, _ in flowers]
    written = [
        ",".join([*(f"{length // 10}.{length % 10}" for length in lengths), species]) for lengths, species in flowers
    ]
    _spoil(written, fetch, bits)
    # The published file ends with an empty line.
    return "\n".join([*written, "", ""])


def _spoil(lines: list[str], fetch: int, bits: _Bits) -> None:
    """Spoil one line of each species, a kind each."""
    each = len(lines) // len(DIRT)
    for at, (kind, times) in enumerate(dirt(fetch).items()):
        if not times:
            continue
        place = at * each + bits.below(each)
        *lengths, species = lines[place].split(",")
        if kind == DIRT[0]:
            species = species.replace("Iris-", "Iirs-")
        elif kind == DIRT[1]:
            lengths[place % 4] = "?"
        else:
            lengths[place % 4] = f"-{lengths[place % 4]}"
        lines[place] = ",".join([*lengths, species])
