"""A city's crash records over nine years: a file like the published one, for machines that have none of it.

Every share is made up. What depends on what is as in a city: the hour decides the light, the weather the road's
surface, the kind of crash how many vehicles there are and how badly people are hurt, and the injuries the severity.
From `DRIFT_YEAR` on the police use a new form, with "FOUR WAY" and "T-INTERSECTION" where they wrote other trafficway
types before, and half of the crossings have lost their signals.

The file is in no order of time, as the published one. It is the same bytes on every platform: the random bits come from
PCG64's guaranteed stream, and they are used in whole-number arithmetic only. A year's rows depend on `seed`, the year
and `scale`, and on nothing else; where they stand in the file depends on the years that are asked for.
"""

from __future__ import annotations

import csv
import io
import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from driftwatch_assets.defs.traffic_accidents.transforms import HURT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FILE = "traffic_accidents.csv"
FIRST_YEAR = 2015
DRIFT_YEAR = 2021

ROWS = (60, 90, 120, 140, 150, 140, 150, 170, 180)
"""Crashes of 2015 to 2023; later years repeat the last."""

DIRT = ("absurd count", "injured do not add up", "hour is not that of the date", "duplicate of another line")
"""The kinds of rows that are rejected; a year's spoilt rows take them in turn, beginning with kind ``year % 4``."""

SPOILT_SHARE = 0.02
"""Share of a year's rows that are spoilt, rounded down."""

COLUMNS = (
    "crash_date",
    "traffic_control_device",
    "weather_condition",
    "lighting_condition",
    "first_crash_type",
    "trafficway_type",
    "alignment",
    "roadway_surface_cond",
    "road_defect",
    "crash_type",
    "intersection_related_i",
    "damage",
    "prim_contributory_cause",
    "num_units",
    "most_severe_injury",
    "injuries_total",
    *HURT,
    "injuries_no_indication",
    "crash_hour",
    "crash_day_of_week",
    "crash_month",
)

_HOURS = (2, 2, 1, 1, 1, 2, 3, 6, 6, 5, 4, 5, 6, 6, 6, 8, 8, 7, 6, 5, 4, 3, 3, 2)
_MONTHS = (7, 7, 8, 7, 9, 9, 9, 9, 9, 9, 8, 9)
_CONTROL = {"TRAFFIC SIGNAL": 60, "STOP SIGN/FLASHER": 21, "NO CONTROLS": 14, "UNKNOWN": 4, "YIELD": 1}
_CONTROL_LATER = {"TRAFFIC SIGNAL": 30, "STOP SIGN/FLASHER": 38, "NO CONTROLS": 26, "UNKNOWN": 5, "YIELD": 1}
_WEATHER = {"CLEAR": 78, "RAIN": 11, "CLOUDY/OVERCAST": 5, "SNOW": 3, "UNKNOWN": 2, "FOG/SMOKE/HAZE": 1}
_SURFACE = {
    "RAIN": {"WET": 95, "UNKNOWN": 5},
    "SNOW": {"SNOW OR SLUSH": 80, "WET": 15, "ICE": 5},
    "UNKNOWN": {"UNKNOWN": 80, "DRY": 20},
}
_DRY = {"DRY": 92, "WET": 4, "UNKNOWN": 4}
_TYPE = {
    "TURNING": 33,
    "ANGLE": 23,
    "REAR END": 20,
    "SIDESWIPE SAME DIRECTION": 13,
    "PEDESTRIAN": 4,
    "FIXED OBJECT": 3,
    "PEDALCYCLIST": 2,
    "HEAD ON": 1,
    "OVERTURNED": 1,
}
_WAY = {"NOT DIVIDED": 45, "DIVIDED - W/MEDIAN (NOT RAISED)": 24, "DIVIDED - W/MEDIAN BARRIER": 13, "ONE-WAY": 11}
_WAY_BEFORE = {**_WAY, "OTHER": 7}
_WAY_LATER = {
    "NOT DIVIDED": 24,
    "FOUR WAY": 36,
    "DIVIDED - W/MEDIAN (NOT RAISED)": 14,
    "T-INTERSECTION": 9,
    "DIVIDED - W/MEDIAN BARRIER": 8,
    "ONE-WAY": 8,
    "OTHER": 1,
}
_ALIGNMENT = {"STRAIGHT AND LEVEL": 96, "STRAIGHT ON GRADE": 2, "CURVE, LEVEL": 2}
_DEFECT = {"NO DEFECTS": 83, "UNKNOWN": 15, "RUT, HOLES": 1, "OTHER": 1}
_DAMAGE = {"OVER $1,500": 72, "$501 - $1,500": 20, "$500 OR LESS": 8}
_CAUSE = {
    "TURNING": {"FAILING TO YIELD RIGHT-OF-WAY": 45, "IMPROPER TURNING/NO SIGNAL": 25, "UNABLE TO DETERMINE": 30},
    "ANGLE": {"FAILING TO YIELD RIGHT-OF-WAY": 40, "DISREGARDING TRAFFIC SIGNALS": 30, "UNABLE TO DETERMINE": 30},
    "REAR END": {"FOLLOWING TOO CLOSELY": 50, "FAILING TO REDUCE SPEED TO AVOID CRASH": 30, "UNABLE TO DETERMINE": 20},
    "SIDESWIPE SAME DIRECTION": {"IMPROPER OVERTAKING/PASSING": 40, "IMPROPER LANE USAGE": 35, "NOT APPLICABLE": 25},
}
_CAUSE_OTHERWISE = {"UNABLE TO DETERMINE": 55, "NOT APPLICABLE": 15, "WEATHER": 12, "EXCEEDING SAFE SPEED": 18}
_ALONE = ("PEDESTRIAN", "FIXED OBJECT", "PEDALCYCLIST", "OVERTURNED")
_SEVERITY = ("FATAL", "INCAPACITATING INJURY", "NONINCAPACITATING INJURY", "REPORTED, NOT EVIDENT")
_UNHURT = "NO INDICATION OF INJURY"
_DAY_LIGHT, _NIGHT_LIGHT = range(7, 18), {"DARKNESS, LIGHTED ROAD": 86, "DARKNESS": 10, "UNKNOWN": 4}
_LIGHT_BETWEEN = {6: "DAWN", 18: "DUSK"}
_MISSING_EVERY, _PADDED_EVERY = 97, 41


def simulate(folder: Path, seed: int, batches: int = 9, scale: float = 1.0) -> list[Path]:
    """Write ``traffic_accidents.csv`` with the crashes of `batches` years from 2015.

    Parameters
    ----------
    folder
        Where to; it is made if it is absent. A file of this name is replaced as a whole.
    seed
        Chooses the crashes, from 0.
    batches
        How many years, from 1.
    scale
        Factor on the number of crashes a year, above 0; a year keeps at least one.

    Returns
    -------
    list of Path
        The one file.

    Raises
    ------
    ValueError
        An argument is out of its range.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> [file] = simulate(Path(tempfile.mkdtemp()), seed=1, batches=2)
    >>> len(file.read_text().splitlines())
    151
    """
    if seed < 0 or batches < 1 or not scale > 0:
        raise ValueError(
            f"cannot simulate traffic accidents with seed={seed}, batches={batches}, scale={scale}: "
            f"expected seed >= 0, batches >= 1, scale > 0"
        )
    rows = [row for at in range(batches) for row in _year(seed, FIRST_YEAR + at, scale)]
    order = _Bits(seed, batches).order(len(rows))
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(COLUMNS)
    lines.writerows([rows[at][name] for name in COLUMNS] for at in order)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / FILE
    unfinished = folder / f".{FILE}.{os.getpid()}.tmp"
    unfinished.write_bytes(text.getvalue().encode("ascii"))
    unfinished.replace(file)
    return [file]


def dirt(year: int, scale: float = 1.0) -> Mapping[str, int]:
    """Count the spoilt rows of each kind in a year.

    Examples
    --------
    >>> dirt(2017)
    {'absurd count': 0, 'injured do not add up': 1, 'hour is not that of the date': 1, 'duplicate of another line': 0}
    """
    kinds = _spoilt(year, _rows(year, scale))
    return {kind: kinds.count(kind) for kind in DIRT}


class _Bits:
    """Choices from PCG64's raw stream, in whole-number arithmetic only."""

    def __init__(self, *key: int) -> None:
        self._generator = np.random.PCG64(np.random.SeedSequence(key))

    def below(self, bound: int) -> int:
        """Give a whole number from 0 to below `bound`."""
        return (int(self._generator.random_raw()) >> 32) * bound >> 32

    def at(self, weights: Sequence[int]) -> int:
        """Give a position, each in proportion to its weight."""
        left = self.below(sum(weights))
        for place, weight in enumerate(weights):
            left -= weight
            if left < 0:
                return place
        raise AssertionError(weights)

    def of(self, shares: Mapping[str, int]) -> str:
        return list(shares)[self.at(list(shares.values()))]

    def order(self, count: int) -> list[int]:
        raw = [int(each) for each in np.atleast_1d(self._generator.random_raw(count))]
        return sorted(range(count), key=raw.__getitem__)


def _rows(year: int, scale: float) -> int:
    return max(1, round(ROWS[min(year - FIRST_YEAR, len(ROWS) - 1)] * scale))


def _spoilt(year: int, rows: int) -> list[str]:
    return [DIRT[(year + at) % len(DIRT)] for at in range(int(rows * SPOILT_SHARE))]


def _year(seed: int, year: int, scale: float) -> list[dict[str, str]]:
    bits = _Bits(seed, year)
    rows = [_crash(bits, year) for _ in range(_rows(year, scale))]
    for at, row in enumerate(rows):
        if at % _PADDED_EVERY == 1:
            row["weather_condition"] = f" {row['weather_condition'].lower()} "
        if at % _MISSING_EVERY == 1:
            row["road_defect"] = ""
    for at, kind in enumerate(_spoilt(year, len(rows))):
        _spoil(rows, at, kind)
    return rows


def _crash(bits: _Bits, year: int) -> dict[str, str]:
    later = year >= DRIFT_YEAR
    hour, month = bits.at(_HOURS), bits.at(_MONTHS) + 1
    moment = datetime(year, month, 1, hour, bits.below(60)) + timedelta(days=bits.below(28))  # noqa: DTZ001 - the files have the city's own clock
    kind, weather = bits.of(_TYPE), bits.of(_WEATHER)
    units = 1 + bits.at((90, 8, 2)) if kind in _ALONE else 2 + bits.at((91, 7, 1, 1))
    hurt = _hurt(bits, kind)
    injured = sum(hurt) > 0
    return {
        "crash_date": f"{moment.month}/{moment.day}/{moment.year} {moment.hour}:{moment.minute:02d}",
        "traffic_control_device": bits.of(_CONTROL_LATER if later else _CONTROL),
        "weather_condition": weather,
        "lighting_condition": _light(bits, hour),
        "first_crash_type": kind,
        "trafficway_type": bits.of(_WAY_LATER if later else _WAY_BEFORE),
        "alignment": bits.of(_ALIGNMENT),
        "roadway_surface_cond": bits.of(_SURFACE.get(weather, _DRY)),
        "road_defect": bits.of(_DEFECT),
        "crash_type": (
            "INJURY AND / OR TOW DUE TO CRASH" if injured or bits.below(4) == 0 else "NO INJURY / DRIVE AWAY"
        ),
        "intersection_related_i": bits.of({"Y": 95, "N": 5}),
        "damage": bits.of(_DAMAGE),
        "prim_contributory_cause": bits.of(_CAUSE.get(kind, _CAUSE_OTHERWISE)),
        "num_units": str(units),
        "most_severe_injury": next((name for name, people in zip(_SEVERITY, hurt, strict=True) if people), _UNHURT),
        "injuries_total": str(sum(hurt)),
        **{name: str(people) for name, people in zip(HURT, hurt, strict=True)},
        "injuries_no_indication": str(max(0, units - sum(hurt)) + bits.at((70, 20, 7, 3))),
        "crash_hour": str(moment.hour),
        "crash_day_of_week": str(moment.isoweekday() % 7 + 1),
        "crash_month": str(moment.month),
    }


def _hurt(bits: _Bits, kind: str) -> tuple[int, int, int, int]:
    """Give the people of each severity; on foot, on a bicycle or overturned, someone nearly always is."""
    if bits.below(100) >= (85 if kind in _ALONE else 22):
        return (0, 0, 0, 0)
    worst = bits.at((1, 9, 60, 30))
    people = [0, 0, 0, 0]
    people[worst] = 1 + bits.at((75, 18, 5, 2))
    if bits.below(6) == 0:
        people[3] += 1
    return (people[0], people[1], people[2], people[3])


def _light(bits: _Bits, hour: int) -> str:
    if hour in _DAY_LIGHT:
        return "DAYLIGHT"
    return _LIGHT_BETWEEN.get(hour) or bits.of(_NIGHT_LIGHT)


def _spoil(rows: list[dict[str, str]], at: int, kind: str) -> None:
    """Spoil the row at the given place from the year's end; a duplicate repeats a row from its beginning."""
    place = len(rows) - 1 - at
    row = rows[place]
    if kind == DIRT[0]:
        row["num_units"] = "999"
    elif kind == DIRT[1]:
        row["injuries_total"] = str(int(row["injuries_total"]) + 1)
    elif kind == DIRT[2]:
        row["crash_hour"] = str((int(row["crash_hour"]) + 12) % 24)
    else:
        rows[place] = dict(rows[at])
