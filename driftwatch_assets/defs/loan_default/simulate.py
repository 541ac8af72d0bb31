"""Two years of loans that nobody took: four files like the real ones, for machines that have none of them.

A customer has a prudence. It moves the interest, the accounts, the cards and the length of the credit history; these
and a level of clicks (``fe_10``) that is the customer's own decide, with chance, about the loan. Two things change:

- loans that start after month `CLICKS_END` have no clicks, as their delivery ends then for new customers;
- from month `RATES_RISE` on every rate is `RISE` points higher; it decides more, and the credit history nothing: more
  loans default, and a model of earlier loans looks at the wrong thing.

Cells are spoilt in the kinds and shares of `DIRT`, names and numbers are plainly made up (no area 000 was ever issued),
and every value is. The files are the same bytes on every platform: the random bits come from PCG64's guaranteed stream,
and only operations that IEEE 754 defines exactly are done with them, each in a fixed order. A month's loans depend on
`seed`, the month and `scale`, and on nothing else.
"""

from __future__ import annotations

import csv
import io
import os
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from driftwatch_assets.defs.loan_default.dirt import DIRT, spoil
from driftwatch_assets.defs.loan_default.transforms import CLICKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

FIRST_YEAR = 2023
LOANS = 150
"""Loans that start in a month, more or less."""

CLICKS_END = 17
"""The last start month (from 1) whose customers have clicks; they have them for six months more."""

RATES_RISE = 14
"""The start month (from 1) from which rates are higher, weigh more, and the credit history weighs nothing."""

RISE = 6
"""By how many points of percent."""


_ATTRIBUTES = ("Customer_ID", "Name", "Age", "SSN", "Occupation", "snapshot_date")
_FINANCIALS = (
    "Customer_ID",
    "Annual_Income",
    "Monthly_Inhand_Salary",
    "Num_Bank_Accounts",
    "Num_Credit_Card",
    "Interest_Rate",
    "Num_of_Loan",
    "Type_of_Loan",
    "Delay_from_due_date",
    "Num_of_Delayed_Payment",
    "Changed_Credit_Limit",
    "Num_Credit_Inquiries",
    "Credit_Mix",
    "Outstanding_Debt",
    "Credit_Utilization_Ratio",
    "Credit_History_Age",
    "Payment_of_Min_Amount",
    "Total_EMI_per_month",
    "Amount_invested_monthly",
    "Payment_Behaviour",
    "Monthly_Balance",
    "snapshot_date",
)
_LEDGER = (
    "loan_id",
    "Customer_ID",
    "loan_start_date",
    "tenure",
    "installment_num",
    "loan_amt",
    "due_amt",
    "paid_amt",
    "overdue_amt",
    "balance",
    "snapshot_date",
)
_OCCUPATIONS = ("Accountant", "Architect", "Baker", "Developer", "Doctor", "Engineer", "Lawyer", "Media_Manager")
_LOAN_TYPES = ("Auto Loan", "Mortgage Loan", "Student Loan", "Payday Loan", "Personal Loan", "Not Specified")
_PAYMENT_OF_MINIMUM = ("Yes", "No", "NM")
_SPENDING = tuple(
    f"{spent}_spent_{value}_value_payments" for spent in ("Low", "High") for value in ("Small", "Medium", "Large")
)
_TENURE = 10
_LOAN_AMOUNT = 10_000
_INSTALMENT = _LOAN_AMOUNT // _TENURE
_MOST_LOANS = 4096
_MOST_MONTHS = 256

# How much chance there is in a loan, and where the line lies: chosen such that about 0.28 of the early loans default
# and a model of the 15 features separates them with an area under the curve of about 0.78 while there are clicks.
_CHANCE = 1.35
_LINE = 1.1
_OLDER = 45.0
_BAD, _STANDARD = -0.8, 0.55
_LATE = 0.3
_LATE_FROM = 3


def simulate(folder: Path, seed: int, months: int = 24, scale: float = 1.0) -> list[Path]:
    """Write the four files of the loans that start in `months` months from January 2023.

    Parameters
    ----------
    folder
        Where to; it is made if it is absent. Files of these names are replaced, each as a whole.
    seed
        Chooses the loans, from 0.
    months
        Months in which loans start, 1 to 256; the ledger goes on for ten more.
    scale
        Factor on the number of loans, above 0; a month has 1 to 4,096 of them.

    Returns
    -------
    list of Path
        ``feature_clickstream.csv, features_attributes.csv, features_financials.csv, lms_loan_daily.csv``.

    Raises
    ------
    ValueError
        An argument is out of its range.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> files = simulate(Path(tempfile.mkdtemp()), seed=1, months=2, scale=0.1)
    >>> [(file.name, len(file.read_text().splitlines())) for file in files][1:]
    [('features_attributes.csv', 31), ('features_financials.csv', 31), ('lms_loan_daily.csv', 331)]
    """
    if seed < 0 or not 1 <= months <= _MOST_MONTHS or not scale > 0:
        raise ValueError(
            f"cannot simulate loans with seed={seed}, months={months}, scale={scale}: "
            f"expected seed >= 0, months from 1 to {_MOST_MONTHS}, scale > 0"
        )
    folder.mkdir(parents=True, exist_ok=True)
    tables: dict[str, list[Sequence[str]]] = {
        "feature_clickstream": [],
        "features_attributes": [],
        "features_financials": [],
        "lms_loan_daily": [],
    }
    for month in range(1, months + 1):
        customers = _Customers(seed, month, scale)
        tables["feature_clickstream"] += customers.clicks()
        tables["features_attributes"] += customers.attributes()
        tables["features_financials"] += customers.financials()
        tables["lms_loan_daily"] += customers.ledger()
    tables["feature_clickstream"].sort(key=lambda row: (row[-1], row[-2]))
    headers = ((*CLICKS, "Customer_ID", "snapshot_date"), _ATTRIBUTES, _FINANCIALS, _LEDGER)
    files = []
    for (name, rows), header in zip(tables.items(), headers, strict=True):
        if name != "feature_clickstream":
            rows.sort(key=lambda row: row[0])
        file = folder / f"{name}.csv"
        unfinished = folder / f".{name}.csv.{os.getpid()}.tmp"
        unfinished.write_bytes(_lines(header, rows).encode("ascii"))
        unfinished.replace(file)
        files.append(file)
    return files


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

    def chosen(self, names: Sequence[str], rows: int) -> list[str]:
        return [names[at] for at in self.uniform(0.0, len(names), rows).astype(np.int64).tolist()]


class _Customers:
    """The customers whose loan starts in one month, and all that the four files say of them."""

    def __init__(self, seed: int, month: int, scale: float) -> None:
        self.seed, self.month = seed, month
        self.date = _date(month)
        bits = _Bits(seed, month)
        wobble = bits.uniform(0.92, 1.08, 1)[0]
        self.rows = rows = min(_MOST_LOANS, max(1, int(np.rint(LOANS * scale * wobble))))
        number = (month * _MOST_LOANS + np.arange(rows)) * 0x9E375 % 2**20
        self.number = number.tolist()
        self.id = [f"CUS_0x{0xA00000 + one:x}" for one in self.number]

        self.prudence = prudence = bits.normal(rows)
        dear = month >= RATES_RISE
        self.age = np.floor(bits.uniform(18.0, 57.0, rows))
        self.history = np.rint(np.clip(222.0 + 75.0 * prudence + 65.0 * bits.normal(rows), 6.0, 404.0))
        rate = np.rint(np.clip(14.5 - 5.0 * prudence + 6.5 * bits.normal(rows), 1.0, 34.0))
        self.rate = rate + (RISE if dear else 0)
        self.accounts = np.rint(np.clip(5.4 - 1.3 * prudence + 2.1 * bits.normal(rows), 0.0, 11.0))
        self.cards = np.rint(np.clip(5.5 - 1.0 * prudence + 1.7 * bits.normal(rows), 0.0, 11.0))
        self.level = 118.0 + 40.0 * bits.normal(rows)
        risk = (
            (0.7 if dear else 0.4) * (self.rate - 14.5) / 8.0
            + 0.3 * (self.accounts - 5.4) / 2.5
            + 0.3 * (self.cards - 5.5) / 2.0
            - (0.0 if dear else 0.5) * (self.history - 222.0) / 100.0
            - 0.6 * (self.level - 118.0) / 40.0
            - 0.2 * (self.age > _OLDER)
        )
        self.defaults = risk + _CHANCE * bits.normal(rows) > _LINE

    def attributes(self) -> list[Sequence[str]]:
        bits = _Bits(self.seed, self.month, 1)
        columns = {
            "Customer_ID": self.id,
            "Name": [f"Sample Person {one:07d}" for one in self.number],
            "Age": _whole(self.age),
            "SSN": [f"000-{one // 10_000 % 100:02d}-{one % 10_000:04d}" for one in self.number],
            "Occupation": bits.chosen(_OCCUPATIONS, self.rows),
            "snapshot_date": [self.date] * self.rows,
        }
        return _spoilt(columns, bits, _ATTRIBUTES)

    def financials(self) -> list[Sequence[str]]:
        bits, rows, prudence = _Bits(self.seed, self.month, 2), self.rows, self.prudence
        uniform = partial(bits.uniform, 0.0, 1.0, rows)
        size = 0.75 + 0.35 * bits.normal(rows)
        salary = 320.0 + 5_400.0 * size * size
        debt = np.clip(1.0 - 0.5 * prudence + 0.5 * bits.normal(rows), 0.1, 2.0)
        standing = prudence + 0.6 * bits.normal(rows)
        loans = np.rint(np.clip(3.5 - prudence + 2.0 * bits.normal(rows), 0.0, 9.0))
        columns = {
            "Customer_ID": self.id,
            "Annual_Income": _decimals(12.0 * salary * (0.9 + 0.2 * uniform())),
            "Monthly_Inhand_Salary": [f"{one:.6f}" for one in salary.tolist()],
            "Num_Bank_Accounts": _whole(self.accounts),
            "Num_Credit_Card": _whole(self.cards),
            "Interest_Rate": _whole(self.rate),
            "Num_of_Loan": _whole(loans),
            "Type_of_Loan": [_listed(bits.chosen(_LOAN_TYPES, int(count))) for count in loans],
            "Delay_from_due_date": _whole(np.rint(np.clip(21.0 - 8.0 * prudence + 10.0 * bits.normal(rows), -5, 67))),
            "Num_of_Delayed_Payment": _whole(np.rint(np.clip(13.0 - 3.0 * prudence + 5.0 * bits.normal(rows), 0, 28))),
            "Changed_Credit_Limit": _decimals(10.0 + 6.0 * bits.normal(rows)),
            "Num_Credit_Inquiries": [f"{one}.0" for one in _whole(np.floor(16.0 * uniform()))],
            "Credit_Mix": np.select([standing < _BAD, standing < _STANDARD], ["Bad", "Standard"], "Good").tolist(),
            "Outstanding_Debt": _decimals(1_200.0 * debt * debt),
            "Credit_Utilization_Ratio": [f"{one:.8f}" for one in (22.0 + 20.0 * uniform()).tolist()],
            "Credit_History_Age": [f"{int(one) // 12} Years and {int(one) % 12} Months" for one in self.history],
            "Payment_of_Min_Amount": bits.chosen(_PAYMENT_OF_MINIMUM, rows),
            "Total_EMI_per_month": [f"{one:.8f}" for one in (salary * 0.06 * uniform() * uniform()).tolist()],
            "Amount_invested_monthly": [f"{one:.8f}" for one in (salary * 0.12 * uniform() * uniform()).tolist()],
            "Payment_Behaviour": bits.chosen(_SPENDING, rows),
            "Monthly_Balance": [f"{one:.8f}" for one in (salary * (0.03 + 0.2 * uniform())).tolist()],
            "snapshot_date": [self.date] * rows,
        }
        return _spoilt(columns, bits, _FINANCIALS)

    def clicks(self) -> list[Sequence[str]]:
        """Give a row a month, also for the months after the loan's start: nobody may look at those."""
        if self.month > CLICKS_END:
            return []
        bits, months = _Bits(self.seed, self.month, 3), CLICKS_END + 6
        counts = bits.uniform(-160.0, 160.0, self.rows, months, len(CLICKS)) + bits.uniform(
            -60.0, 240.0, self.rows, 1, len(CLICKS)
        )
        counts[:, :, CLICKS.index("fe_10")] = self.level[:, None] + 95.0 * bits.normal(self.rows, months)
        whole = np.rint(counts).astype(np.int64).tolist()
        dates = [_date(month) for month in range(1, months + 1)]
        return [
            (*map(str, row), customer, date)
            for customer, its in zip(self.id, whole, strict=True)
            for date, row in zip(dates, its, strict=True)
        ]

    def ledger(self) -> list[Sequence[str]]:
        """Give instalments 0 to 10; who defaults pays for the last time before instalment 1 to 5."""
        bits = _Bits(self.seed, self.month, 4)
        stops = bits.uniform(1.0, 6.0, self.rows).astype(np.int64)
        late = (bits.uniform(0.0, 1.0, self.rows) < _LATE) & self.defaults & (stops >= _LATE_FROM)
        at = np.arange(_TENURE + 1)
        paid = np.where((at >= 1) & ~(self.defaults[:, None] & (at >= stops[:, None])), _INSTALMENT, 0)
        # Some miss one instalment, and pay it with the next, before they stop.
        paid[late, stops[late] - 2] = 0
        paid[late, stops[late] - 1] = 2 * _INSTALMENT
        in_all = np.cumsum(paid, axis=1)
        overdue = (at * _INSTALMENT - in_all).tolist()
        balance = (_LOAN_AMOUNT - in_all).tolist()
        dates = [_date(self.month + number) for number in range(_TENURE + 1)]
        terms = (self.date, str(_TENURE))
        return [
            (
                f"{customer}_{self.date.replace('-', '_')}",
                customer,
                *terms,
                str(number),
                str(_LOAN_AMOUNT),
                f"{_INSTALMENT if number else 0}.0",
                f"{paid_one[number]}.0",
                f"{overdue[row][number]}.0",
                f"{balance[row][number]}.0",
                dates[number],
            )
            for row, (customer, paid_one) in enumerate(zip(self.id, paid.tolist(), strict=True))
            for number in range(_TENURE + 1)
        ]


def _spoilt(columns: Mapping[str, list[str]], bits: _Bits, header: Sequence[str]) -> list[Sequence[str]]:
    """Spoil the cells, each column by its own draw, and give the rows."""
    rows = len(columns["Customer_ID"])
    cells = {
        name: spoil(column, DIRT[name], bits.uniform(0.0, 1.0, rows).tolist(), bits.uniform(0.0, 1.0, rows).tolist())
        if name in DIRT
        else column
        for name, column in ((name, columns[name]) for name in header)
    }
    return list(zip(*cells.values(), strict=True))


def _date(month: int) -> str:
    return f"{FIRST_YEAR + (month - 1) // 12}-{(month - 1) % 12 + 1:02d}-01"


def _whole(values: np.ndarray) -> list[str]:
    return [str(int(value)) for value in values.tolist()]


def _decimals(values: np.ndarray) -> list[str]:
    return [f"{value:.2f}" for value in values.tolist()]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join([*names[:-1], f"and {names[-1]}"]) if names else ""


def _lines(header: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
