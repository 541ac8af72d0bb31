"""Axes of the figures: round ticks, and values to pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

from driftwatch_assets.reporting.wording import MINUS, decimals, measure

CHARACTER = 7.2
ROUND_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: its place in pixels and its label."""

    at: float
    label: str


@dataclass(frozen=True)
class Axis:
    """A linear axis from `low` to `high`, drawn from pixel `start` to pixel `end`."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Give a value's pixel, rounded to a hundredth.

        Examples
        --------
        >>> Axis(0.0, 2.0, 100.0, 0.0).place(0.5)
        75.0
        """
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 2)

    def ticks(self, count: int) -> tuple[Tick, ...]:
        """Give round ticks within the axis, about `count` of them."""
        values = round_values(self.low, self.high, count)
        return tuple(Tick(self.place(each), label) for each, label in zip(values, tick_labels(values), strict=True))


def round_values(low: float, high: float, count: int) -> tuple[float, ...]:
    """Give the round values between two bounds, at most `count` + 1 of them.

    The step is the smallest of 1, 2, 2.5 and 5 times a power of ten that needs no more than `count` steps.

    Examples
    --------
    >>> round_values(0.37, 1.0, 4)
    (0.4, 0.6, 0.8, 1.0)
    >>> round_values(-3.2, 14.9, 4)
    (0.0, 5.0, 10.0)
    """
    least = (high - low) / count
    power = 10.0 ** math.floor(math.log10(least))
    step = next(each * power for each in (*ROUND_STEPS, 20.0) if each * power >= least * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    digits = max(0, 2 - math.floor(math.log10(step)))
    return tuple(round(at * step, digits) + 0.0 for at in range(first, last + 1))


def tick_labels(values: tuple[float, ...]) -> tuple[str, ...]:
    """Label ticks alike: the same number of decimals, or the same unit.

    Examples
    --------
    >>> tick_labels((0.6, 0.8, 1.0)), tick_labels((0.0, 20000.0, 40000.0))
    (('0.6', '0.8', '1.0'), ('0', '20k', '40k'))
    """
    labels = tuple(measure(each) for each in values)
    if any(not each.lstrip(MINUS).replace(".", "").isdigit() for each in labels):
        return labels
    places = max(len(each.partition(".")[2]) for each in labels)
    return tuple(decimals(each, places) for each in values)


def text_half(label: str) -> float:
    """Estimate half of a label's width in pixels.

    Examples
    --------
    >>> text_half("2023-01")
    25.2
    """
    return round(len(label) * CHARACTER / 2, 2)


def spaced(labels: tuple[str, ...], width: float, character: float = 7.0) -> tuple[int, ...]:
    """Choose which of evenly spaced labels fit side by side, always with the last.

    Examples
    --------
    >>> spaced(("1", "2", "3"), 300.0)
    (0, 1, 2)
    >>> spaced(tuple(f"2023-{month:02d}" for month in range(1, 13)), 300.0)
    (2, 5, 8, 11)
    """
    if not labels:
        return ()
    widest = max(len(each) for each in labels) * character + 12
    every = max(1, math.ceil(widest * len(labels) / width))
    return tuple(sorted(range(len(labels) - 1, -1, -every)))
