"""LIBSVM text for the tests."""

from __future__ import annotations

import numpy as np


def lines(rows: int, features: int = 128, seed: int = 0) -> list[str]:
    """Make well-formed lines."""
    generator = np.random.default_rng(seed)
    values = generator.normal(0, 1000, size=(rows, features))
    labels = generator.integers(1, 7, size=rows)
    return [
        " ".join([str(label), *(f"{at}:{value:.6f}" for at, value in enumerate(row, 1))])
        for label, row in zip(labels, values, strict=True)
    ]


def text(rows: list[str]) -> bytes:
    """End each line with a newline."""
    return "".join(f"{row}\n" for row in rows).encode()
