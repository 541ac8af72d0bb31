"""Loan applications that nobody made: three tables like the publisher's, for machines that have none of them.

An applicant has a credit score, an income, debts and a history; a loan is refused where a weighted sum of them, with
some chance, is high. From `DRIFT_DAY` on, applicants are deeper in debt, some want the loan for a purpose that was
never heard of (`NEW_PURPOSE`), and debts weigh more than scores: features drift, and a model of the days before loses.

The tables have the real ones' dirt, in about their proportions: an amount of 99999999 on loans that were given, credit
scores with a zero too many on loans that were refused, no row of the customer for loans that were given, incomes and
scores that are missing together, a mean in a column of counts, underscores in some purposes. Every value is made up.

The files are the same bytes on every platform: the random bits come from PCG64's guaranteed stream, and only operations
that IEEE 754 defines exactly (+ - * / and the square root) are done with them, each in a fixed order. What a day brings
depends on `seed` and the day, and on nothing else.
"""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

FIRST_DAY = dt.date(2015, 4, 16)
"""The first day of applications, a Thursday."""

DRIFT_DAY = 32
"""The day, counted from 0, from which applicants and decisions are others: Monday, 2015-05-18."""

NEW_PURPOSE = "solar panels"
"""What some applicants want from `DRIFT_DAY` on."""

LOAN_COLUMNS = (
    "loan_id",
    "customer_id",
    "loan_status",
    "application_time",
    "current_loan_amount",
    "term",
    "tax_liens",
    "purpose",
    "no_of_properties",
)
CUSTOMER_COLUMNS = (
    "customer_id",
    "home_ownership",
    "annual_income",
    "years_in_current_job",
    "months_since_last_delinquent",
    "no_of_cars",
    "no_of_children",
)
CREDIT_COLUMNS = (
    "customer_id",
    "credit_score",
    "monthly_debt",
    "years_of_credit_history",
    "no_of_open_accounts",
    "no_of_credit_problems",
    "current_credit_balance",
    "max_open_credit",
    "bankruptcies",
)

_PURPOSES = (
    ("debt consolidation", 0.78),
    ("other", 0.095),
    ("home improvements", 0.06),
    ("business loan", 0.018),
    ("buy a car", 0.015),
    ("medical bills", 0.012),
    ("buy house", 0.008),
    ("small_business", 0.006),
    ("major_purchase", 0.006),
)
_JOB_TEXTS = np.array(
    ["< 1 year", "1 year", *(f"{years} years" for years in range(2, 10)), *["10+ years"] * 4], dtype=object
)
_HOMES = (("home mortgage", 0.5), ("rent", 0.41), ("own home", 0.09))

# Shares of the dirt: of all loans, of those given, and of those refused whose score is there.
_NO_SCORE = 0.24
_NO_CUSTOMER = 0.474
_NO_AMOUNT = 0.158
_WRITTEN_TENFOLD = 0.286
_MEAN_IN_COUNTS = 0.002
_NO_JOB = 0.04

# Chosen such that about 0.22 of all loans are refused, and a model of the loans that can be judged has an area under
# the curve of about 0.85 before the drift, of about 0.76 after it, and of about 0.82 once it has seen a week of it.
_REFUSED_ABOVE = 1.95
_CHANCE = 0.72
_USUAL_AMOUNT = 13000.0


def simulate(folder: Path, seed: int, days: int = 45, scale: float = 1.0) -> list[Path]:
    """Write ``loan_details.csv``, ``customer_details.csv`` and ``credit_details.csv``.

    Parameters
    ----------
    folder
        Where to; it is made if it is absent. Files of these names are replaced, each as a whole.
    seed
        Chooses the applications, from 0.
    days
        How many days from 2015-04-16 on, from 1.
    scale
        Factor on the number of applications a day (120 to 180, as in reality), above 0; a day has at least one.

    Returns
    -------
    list of Path
        The three files.

    Raises
    ------
    ValueError
        An argument is out of its range.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> files = simulate(Path(tempfile.mkdtemp()), seed=1, days=2)
    >>> [file.name for file in files]
    ['loan_details.csv', 'customer_details.csv', 'credit_details.csv']
    >>> len(files[0].read_text().splitlines()) - 1
    291
    """
    if seed < 0 or days < 1 or not scale > 0:
        raise ValueError(
            f"cannot simulate loan applications with seed={seed}, days={days}, scale={scale}: "
            f"expected seed >= 0, days >= 1, scale > 0"
        )
    tables: tuple[list[list[str]], ...] = ([[*LOAN_COLUMNS]], [[*CUSTOMER_COLUMNS]], [[*CREDIT_COLUMNS]])
    for day in range(days):
        for table, rows in zip(tables, _day(seed, day, scale), strict=True):
            table.extend(rows)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, rows in zip(("loan_details", "customer_details", "credit_details"), tables, strict=True):
        file = folder / f"{name}.csv"
        unfinished = folder / f".{file.name}.{os.getpid()}.tmp"
        unfinished.write_bytes("\n".join([*(",".join(row) for row in rows), ""]).encode("ascii"))
        unfinished.replace(file)
        files.append(file)
    return files


class _Bits:
    """Numbers from PCG64's raw stream, in exact arithmetic only."""

    def __init__(self, *key: int) -> None:
        self._generator = np.random.PCG64(np.random.SeedSequence(key))

    def uniform(self, rows: int) -> NDArray[np.float64]:
        """Draw from [0, 1)."""
        raw = np.asarray(self._generator.random_raw(rows))
        return (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def normal(self, rows: int) -> NDArray[np.float64]:
        """Sum twelve uniform numbers: mean 0, standard deviation 1, within 6, and no logarithm."""
        total = np.full(rows, -6.0)
        for _ in range(12):
            total = total + self.uniform(rows)
        return total

    def below(self, share: float, rows: int) -> NDArray[np.bool_]:
        """Say yes with this probability."""
        return self.uniform(rows) < share

    def whole(self, low: int, high: int, rows: int) -> NDArray[np.int64]:
        """Draw whole numbers from `low` to `high`, both included."""
        return low + (self.uniform(rows) * (high - low + 1)).astype(np.int64)

    def one_of(self, weighted: Sequence[tuple[str, float]], rows: int) -> NDArray[Any]:
        """Draw texts by their weights."""
        ends = np.cumsum([weight for _, weight in weighted])
        at = np.searchsorted(ends, self.uniform(rows) * ends[-1], side="right")
        texts: NDArray[Any] = np.array([text for text, _ in weighted], dtype=object)
        drawn: NDArray[Any] = texts[np.minimum(at, len(weighted) - 1)]
        return drawn

    def rare(self, share: float, rows: int) -> NDArray[np.int64]:
        """Count what seldom happens: how often in a row a draw falls below `share`, up to four times."""
        count = np.zeros(rows, dtype=np.int64)
        more = np.ones(rows, dtype=bool)
        for _ in range(4):
            more = more & self.below(share, rows)
            count = count + more
        return count

    def ids(self, rows: int) -> list[str]:
        """Draw identifiers that are written like UUIDs."""
        halves = [np.asarray(self._generator.random_raw(rows)).tolist() for _ in range(2)]
        texts = [f"{first:016x}{second:016x}" for first, second in zip(*halves, strict=True)]
        return [f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}" for text in texts]


def _grown(exponent: NDArray[np.float64]) -> NDArray[np.float64]:
    """Stand in for the exponential function: (1 + x / 8)^8, above 0 for x > -8, by three squarings."""
    value = np.maximum(1.0 + exponent / 8.0, 0.1)
    for _ in range(3):
        value = value * value
    return value


def _day(seed: int, day: int, scale: float) -> tuple[list[list[str]], list[list[str]], list[list[str]]]:
    """Make the rows of the three tables that one day brings, in the order of the applications."""
    bits = _Bits(seed, day)
    rows = max(1, round((120 + int(bits.uniform(1)[0] * 61)) * scale))
    later = day >= DRIFT_DAY

    below_best = np.abs(bits.normal(rows)) * 14.0 * _grown(0.6 * bits.normal(rows))
    score = np.floor(np.maximum(751.0 - below_best, 585.0))
    income = np.floor(62000.0 * _grown(0.5 * bits.normal(rows)))
    debt = income / 12.0 * np.minimum(0.16 * _grown(0.5 * bits.normal(rows)) * (1.5 if later else 1.0), 0.9)
    amount = np.floor(np.minimum(12500.0 * _grown(0.6 * bits.normal(rows)), 35900.0))
    long_term = bits.below(0.1, rows) | (bits.below(0.45, rows) & (amount > _USUAL_AMOUNT))
    home = bits.one_of(_HOMES, rows)
    purposes = ((NEW_PURPOSE, 0.06), *_PURPOSES) if later else _PURPOSES
    purpose = bits.one_of(purposes, rows)
    history = np.floor(4.0 + 14.0 * _grown(0.4 * bits.normal(rows)))
    accounts = np.floor(2.0 + 8.0 * _grown(0.5 * bits.normal(rows)))
    highest = np.floor(23000.0 * _grown(0.8 * bits.normal(rows)))
    balance = np.floor(highest * np.minimum(np.abs(0.53 + 0.24 * bits.normal(rows)), 1.4))
    problems = bits.rare(0.12, rows)
    bankruptcies = np.minimum(problems, bits.rare(0.7, rows))

    burden = debt * 12.0 / income
    badness = (
        np.minimum(751.0 - score, 90.0) / (52.0 if later else 26.0)
        + 1.1 * long_term
        + (6.0 if later else 1.5) * (burden - 0.16)
        + (amount - _USUAL_AMOUNT) / 40000.0
        + 0.25 * (home == "rent")
        + 0.4 * np.isin(purpose, ["business loan", "small_business", "medical bills"])
        - (income - 65000.0) / 400000.0
    )
    refused = badness + _CHANCE * bits.normal(rows) > _REFUSED_ABOVE

    unknown = bits.below(_NO_SCORE, rows)
    tenfold = refused & ~unknown & bits.below(_WRITTEN_TENFOLD, rows)
    without_amount = ~refused & bits.below(_NO_AMOUNT, rows)
    no_customer = ~refused & bits.below(_NO_CUSTOMER, rows)
    liens = np.where(bits.below(_MEAN_IN_COUNTS, rows), 0.03125, bits.rare(0.02, rows))
    minutes = np.sort(bits.whole(0, 299, rows), kind="stable")
    start = dt.datetime.combine(FIRST_DAY, dt.time(10)) + dt.timedelta(days=day)
    customer_ids = bits.ids(rows)
    never_late = bits.below(0.55, rows)
    late = bits.whole(0, 85, rows)
    job, no_job = bits.whole(0, len(_JOB_TEXTS) - 1, rows), bits.below(_NO_JOB, rows)

    loans = zip(
        bits.ids(rows),
        customer_ids,
        np.where(refused, "loan refused", "loan given").tolist(),
        [str(start + dt.timedelta(minutes=minute)) for minute in minutes.tolist()],
        _numbers(np.where(without_amount, 99999999.0, amount)),
        np.where(long_term, "long term", "short term").tolist(),
        _numbers(liens),
        purpose.tolist(),
        _numbers(bits.whole(0, 4, rows)),
        strict=True,
    )
    customers = zip(
        customer_ids,
        home.tolist(),
        _numbers(income, unknown),
        np.where(no_job, "", _JOB_TEXTS[job]).tolist(),
        _numbers(late, never_late),
        _numbers(bits.whole(0, 5, rows)),
        _numbers(bits.whole(0, 3, rows)),
        strict=True,
    )
    credits_ = zip(
        customer_ids,
        _numbers(np.where(tenfold, score * 10.0, score), unknown),
        [f"{value:.2f}" for value in debt.tolist()],
        _numbers(history),
        _numbers(accounts),
        _numbers(problems),
        _numbers(balance),
        _numbers(highest),
        _numbers(bankruptcies, bits.below(0.002, rows)),
        strict=True,
    )
    known = (~no_customer).tolist()
    return (
        [list(row) for row in loans],
        [list(row) for row, there in zip(customers, known, strict=True) if there],
        [list(row) for row, there in zip(credits_, known, strict=True) if there],
    )


def _numbers(values: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> list[str]:
    """Write numbers as the publisher does, with a point; nothing where they are missing."""
    texts = [str(value) for value in values.astype(np.float64).tolist()]
    return texts if missing is None else ["" if gone else text for text, gone in zip(texts, missing, strict=True)]
