"""How the cells of the simulated files are spoilt: the kinds of dirt of the real ones, in their shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Spoilt:
    """How a share of a column's cells is spoilt.

    Attributes
    ----------
    share
        Of all rows, 0 to 1.
    text
        What stands there instead: ``{value}`` is the cell as it was, ``{number}`` a whole number within `low` and
        `high`, both inclusive.
    low, high
        Bounds of that number.
    """

    share: float
    text: str
    low: int = 0
    high: int = 0


DIRT: Mapping[str, tuple[Spoilt, ...]] = {
    "Age": (
        Spoilt(0.051, "{value}_"),
        Spoilt(0.0083, "-500"),
        Spoilt(0.0535, "{number}", 14, 17),
        Spoilt(0.0172, "{number}", 150, 8_600),
    ),
    "SSN": (Spoilt(0.0562, "#F%$D@*&8"),),
    "Occupation": (Spoilt(0.0704, "_______"),),
    "Annual_Income": (Spoilt(0.0687, "{value}_"), Spoilt(0.0091, "{number}.0", 300_000, 23_800_000)),
    "Num_Bank_Accounts": (Spoilt(0.0003, "-1"), Spoilt(0.0134, "{number}", 26, 1_750)),
    "Num_Credit_Card": (Spoilt(0.0237, "{number}", 21, 1_490),),
    "Interest_Rate": (Spoilt(0.0216, "{number}", 99, 5_780),),
    "Num_of_Loan": (
        Spoilt(0.04, "-100"),
        Spoilt(0.0498, "{value}_"),
        Spoilt(0.0051, "{number}", 18, 1_490),
    ),
    "Num_of_Delayed_Payment": (
        Spoilt(0.0299, "{value}_"),
        Spoilt(0.0067, "-{number}", 1, 3),
        Spoilt(0.0058, "{number}", 47, 4_290),
    ),
    "Changed_Credit_Limit": (Spoilt(0.0203, "_"),),
    "Num_Credit_Inquiries": (Spoilt(0.017, "{number}.0", 26, 2_550),),
    "Credit_Mix": (Spoilt(0.2089, "_"),),
    "Outstanding_Debt": (Spoilt(0.0111, "{value}_"),),
    "Total_EMI_per_month": (Spoilt(0.0317, "{number}.0", 6_000, 82_000),),
    "Amount_invested_monthly": (Spoilt(0.0446, "__10000__"),),
    "Payment_Behaviour": (Spoilt(0.0798, "!@9#%8"),),
    "Monthly_Balance": (Spoilt(0.0004, "__-333333333333333333333333333__"),),
}
"""How the cells of a column are spoilt; a cell is spoilt in one way at most."""


def spoil(cells: Sequence[str], kinds: Sequence[Spoilt], draws: Sequence[float], numbers: Sequence[float]) -> list[str]:
    """Spoil a share of a column's cells, each in one way at most.

    Parameters
    ----------
    cells
        The cells, shape (rows,).
    kinds
        How they are spoilt.
    draws, numbers
        Uniform in [0, 1), shape (rows,): which way each cell goes, and where its number lies within the bounds.

    Examples
    --------
    >>> spoil(["30", "31", "32"], DIRT["Age"], [0.05, 0.055, 0.9], [0.0, 0.0, 0.0])
    ['30_', '-500', '32']
    """
    return [_one(cell, kinds, draw, number) for cell, draw, number in zip(cells, draws, numbers, strict=True)]


def _one(cell: str, kinds: Sequence[Spoilt], draw: float, number: float) -> str:
    below = 0.0
    for kind in kinds:
        below += kind.share
        if draw < below:
            return kind.text.format(value=cell, number=kind.low + int(number * (kind.high - kind.low + 1)))
    return cell
