"""How slow this machine is at the moment, so that bounds on what something costs are ratios and no absolute times."""

from __future__ import annotations

import time

import numpy as np

YARDSTICK_SECONDS = 0.04
"""Processor seconds of the yardstick on the machine that bounds were set on, while nothing else ran there."""


def slowed(seconds: float) -> float:
    """Give how long work may take here and now that may take `seconds` on the machine that bounds were set on.

    A processor that is shared, throttled or older takes longer for everything, the yardstick too; a faster one gets no
    tighter bound.
    """
    return seconds * max(1.0, min(_yardstick() for _ in range(3)) / YARDSTICK_SECONDS)


def _yardstick() -> float:
    """Do a fixed piece of work, half in the interpreter and half in NumPy; give its processor seconds."""
    numbers = np.random.default_rng(0).random(200_000)
    begun = time.process_time()
    table: dict[int, int] = {}
    for number in range(150_000):
        table[number % 997] = table.get(number % 991, 0) + number
    np.argsort(numbers, kind="stable")
    np.sin(numbers).cumsum()
    return time.process_time() - begun
