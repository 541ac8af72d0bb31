"""A gas sensor array that ages: files like the publisher's, for machines that have none of his.

The array has four types of sensor, four sensors each. A gas at some concentration covers a share of a sensor's surface
(Langmuir: c / (c + K)); the change of resistance follows it by the gas's affinity to the type, and the moving averages
follow that at the gas's speed. With the months the sensors fade, and their gains, affinities and speeds wander, so that
a model of the first six batches loses the later ones, and one that has seen the batch before holds longer.
The numbers of rows and the mix of gases are those of the published batches; every value is made up.

The files are the same bytes on every platform: the random bits come from PCG64's guaranteed stream, and only
operations that IEEE 754 defines exactly (+ - * / and the square root) are done with them, each in a fixed order.
A batch's file depends on `seed`, its number and `scale`, and on nothing else.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ROWS = (
    (90, 98, 83, 30, 70, 74),
    (164, 334, 100, 109, 532, 5),
    (365, 490, 216, 240, 275, 0),
    (64, 43, 12, 30, 12, 0),
    (28, 40, 20, 46, 63, 0),
    (514, 574, 110, 29, 606, 467),
    (649, 662, 360, 744, 630, 568),
    (30, 30, 40, 33, 143, 18),
    (61, 55, 100, 75, 78, 101),
    (600, 600, 600, 600, 600, 600),
)
"""Readings of gas 1 to 6 in batch 1 to 10, as published; later batches repeat the last."""

MONTHS = (1.5, 7.0, 12.0, 14.5, 16.0, 18.5, 21.0, 22.5, 27.0, 36.0)
"""When batch 1 to 10 was measured, months from the start; later batches follow every four months."""

DIRT = ("index outside 1-128", "value is nan", "unknown label", "duplicate of an earlier line")
"""The kinds of spoilt lines; a batch's spoilt lines take them in turn, beginning with kind ``batch % 4``."""

DIRTY_SHARE = 0.008
"""Share of a batch's lines that are spoilt, rounded down."""

_GASES = 6
_TYPES = 4
_SENSORS = 16
_KINDS = 8
_TYPE_OF = np.repeat(np.arange(_TYPES), _SENSORS // _TYPES)
_LEVELS = np.array([10.0, 20.0, 35.0, 50.0, 75.0, 100.0, 150.0, 200.0, 250.0, 300.0])
_HALF_COVER = np.array([120.0, 60.0, 90.0, 160.0])
_RESISTANCE = np.array([60000.0, 18000.0, 4000.0, 24000.0])
_AVERAGES = (0.25, 0.45, 0.7, -0.18, -0.28, -0.6)
_SENSITIVITY = (1.0, 0.7, 0.4, 0.9, 0.6, 0.3)
_MONTHS_BETWEEN = 4.0
_LAST_MONTH = 36.0

# How far gases differ, how much weather blurs them, and how far the instrument wanders in 36 months: chosen such that
# a model of batches 1-6 is right on about 0.8 of the readings of 7-10, and one of all earlier batches on about 0.9.
_INSTRUMENT = 229
_AFFINITY = 0.35
_SPEED = 0.25
_WEATHER = 0.12
_FADE = 0.3
_AFFINITY_STEP = 0.75
_SPEED_STEP = 0.55
_SENSOR_STEP = 0.55


def simulate(folder: Path, seed: int, batches: int = 10, scale: float = 1.0) -> list[Path]:
    """Write ``batch1.dat`` … ``batch<batches>.dat``.

    Parameters
    ----------
    folder
        Where to; it is made if it is absent. Files of these names are replaced, each as a whole.
    seed
        Chooses the readings, from 0.
    batches
        How many batches, from 1.
    scale
        Factor on the number of readings of each gas, above 0; a gas that a batch has keeps at least one reading.

    Returns
    -------
    list of Path
        The files, in batch order.

    Raises
    ------
    ValueError
        An argument is out of its range.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> files = simulate(Path(tempfile.mkdtemp()), seed=1, batches=2, scale=0.1)
    >>> [file.name for file in files]
    ['batch1.dat', 'batch2.dat']
    >>> len(files[0].read_text().splitlines())
    44
    """
    if seed < 0 or batches < 1 or not scale > 0:
        raise ValueError(
            f"cannot simulate gas sensors with seed={seed}, batches={batches}, scale={scale}: "
            f"expected seed >= 0, batches >= 1, scale > 0"
        )
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for batch in range(1, batches + 1):
        file = folder / f"batch{batch}.dat"
        unfinished = folder / f".batch{batch}.dat.{os.getpid()}.tmp"
        unfinished.write_bytes(_lines(seed, batch, scale).encode("ascii"))
        unfinished.replace(file)
        files.append(file)
    return files


def dirt(batch: int, rows: int) -> Mapping[str, int]:
    """Count the spoilt lines of each kind in a batch of `rows` lines.

    Examples
    --------
    >>> dirt(10, 3600)
    {'index outside 1-128': 7, 'value is nan': 7, 'unknown label': 7, 'duplicate of an earlier line': 7}
    >>> sum(dirt(4, 161).values())
    1
    """
    spoilt = int(rows * DIRTY_SHARE)
    kinds = [(batch + at) % len(DIRT) for at in range(spoilt)]
    return {kind: kinds.count(at) for at, kind in enumerate(DIRT)}


class _Bits:
    """Numbers from PCG64's raw stream, in exact arithmetic only."""

    def __init__(self, *key: int) -> None:
        self._generator = np.random.PCG64(np.random.SeedSequence(key))

    def uniform(self, low: float, high: float, *shape: int) -> np.ndarray:
        raw = np.asarray(self._generator.random_raw(int(np.prod(shape)))).reshape(shape)
        return low + (high - low) * ((raw >> np.uint64(11)).astype(np.float64) * 2.0**-53)

    def normal(self, *shape: int) -> np.ndarray:
        """Sum twelve uniform numbers: mean 0, standard deviation 1, within 6, and no logarithm."""
        total = np.full(shape, -6.0)
        for _ in range(12):
            total += self.uniform(0.0, 1.0, *shape)
        return total


@dataclass(frozen=True)
class _Array:
    """The instrument in one batch."""

    gain: np.ndarray  # (sensor)
    affinity: np.ndarray  # (gas, sensor)
    speed: np.ndarray  # (gas, sensor)


@cache
def _array(batch: int) -> _Array:
    """Age the instrument, one step of a random walk a batch, the longer the more months it stands for."""
    bits = _Bits(_INSTRUMENT)
    affinity = bits.uniform(1.0 - _AFFINITY, 1.0 + _AFFINITY, _GASES, _TYPES)
    speed = bits.uniform(1.0 - _SPEED, 1.0 + _SPEED, _GASES, _TYPES)
    sensor = 1.0 + 0.08 * bits.normal(_SENSORS)
    sensor_affinity = 1.0 + 0.05 * bits.normal(_GASES, _SENSORS)
    sensor_speed = 1.0 + 0.03 * bits.normal(_GASES, _SENSORS)
    fade = bits.uniform(0.0, _FADE, _SENSORS)
    for number in range(1, batch + 1):
        step = _Bits(_INSTRUMENT, number)
        length = np.sqrt(_age(number) - (_age(number - 1) if number > 1 else 0.0))
        affinity = affinity + _AFFINITY_STEP * length * step.normal(_GASES, _TYPES)
        speed = speed + _SPEED_STEP * length * step.normal(_GASES, _TYPES)
        sensor = sensor * (1.0 + _SENSOR_STEP * length * step.normal(_SENSORS))
    return _Array(
        gain=sensor * (1.0 - fade * _age(batch)),
        affinity=affinity[:, _TYPE_OF] * sensor_affinity,
        speed=speed[:, _TYPE_OF] * sensor_speed,
    )


def _counts(batch: int, scale: float) -> list[int]:
    published = ROWS[min(batch, len(ROWS)) - 1]
    return [max(1, round(count * scale)) if count else 0 for count in published]


def _age(batch: int) -> float:
    beyond = max(0, batch - len(MONTHS))
    return (MONTHS[min(batch, len(MONTHS)) - 1] + _MONTHS_BETWEEN * beyond) / _LAST_MONTH


def _readings(seed: int, batch: int, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Make the labels (1 to 6) and the values (row, 128) of a batch, in the order of its file."""
    array = _array(batch)
    bits = _Bits(seed, batch)
    gas = np.repeat(np.arange(_GASES), _counts(batch, scale))
    gas = gas[np.argsort(bits.uniform(0.0, 1.0, len(gas)), kind="stable")]
    rows = len(gas)
    level = _LEVELS[bits.uniform(0.0, len(_LEVELS), rows).astype(np.int64)][:, None]

    cover = level / (level + _HALF_COVER[_TYPE_OF])
    weather = 1.0 + _WEATHER * bits.normal(rows, _TYPES)[:, _TYPE_OF]
    response = cover * array.affinity[gas] * array.gain * weather * (1.0 + 0.03 * bits.normal(rows, _SENSORS))
    speed = array.speed[gas] * (1.0 + _WEATHER * bits.normal(rows, _TYPES)[:, _TYPE_OF])

    values = np.empty((rows, _SENSORS, _KINDS))
    values[:, :, 0] = _RESISTANCE[_TYPE_OF] * response + 40.0 * bits.normal(rows, _SENSORS)
    values[:, :, 1] = 1.0 + 6.0 * response * (1.0 + 0.03 * bits.normal(rows, _SENSORS))
    swing = _RESISTANCE[_TYPE_OF] / 2000.0 * response
    for at, (share, sensitivity) in enumerate(zip(_AVERAGES, _SENSITIVITY, strict=True)):
        noise = 1.0 + 0.05 * bits.normal(rows, _SENSORS)
        values[:, :, 2 + at] = share * (1.0 + sensitivity * (speed - 1.0)) * noise * swing
    return gas + 1, values.reshape(rows, _SENSORS * _KINDS)


def _lines(seed: int, batch: int, scale: float) -> str:
    labels, values = _readings(seed, batch, scale)
    template = " ".join(["%d", *(f"{at}:%.6f" for at in range(1, _SENSORS * _KINDS + 1))])
    lines = [template % (label, *row) for label, row in zip(labels.tolist(), values.tolist(), strict=True)]
    _spoil(lines, seed, batch)
    return "\n".join([*lines, ""])


def _spoil(lines: list[str], seed: int, batch: int) -> None:
    """Spoil distinct lines; a duplicate replaces a line by a clean one that stands before it."""
    bits = _Bits(seed, batch, 1)
    order = np.argsort(bits.uniform(0.0, 1.0, len(lines) - 1), kind="stable") + 1
    kinds = [DIRT[(batch + at) % len(DIRT)] for at in range(int(len(lines) * DIRTY_SHARE))]
    spoilt = {int(line) for line in order[: len(kinds)]}
    for line, kind in zip(order.tolist(), kinds, strict=False):
        label, *tokens = lines[line].split(" ")
        if kind == DIRT[0]:
            tokens[-1] = tokens[-1].replace("128:", "129:", 1)
        elif kind == DIRT[1]:
            tokens[line % len(tokens)] = f"{line % len(tokens) + 1}:nan"
        elif kind == DIRT[2]:
            label = str(_GASES + 1)
        else:
            before = next(at for at in range(line - 1, -1, -1) if at not in spoilt)
            label, *tokens = lines[before].split(" ")
        lines[line] = " ".join([label, *tokens])
