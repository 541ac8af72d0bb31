"""How loan applications, customers and credit records become features, and which of them cannot be judged.

Three things in these tables give the outcome away, because they came about after it or through it. Measured on the
6,688 real loans of 2015 (share given: 77.6 %):

- ``current_loan_amount`` 99999999 (821 loans, all given) stands for an amount that nobody wrote down. As a null it
  gives the outcome away just as well to every model that can see a null, and a constant in its place can be seen too.
  So silver makes it a null, and gold sets the loan aside: without an amount there is nothing to judge.
- ``credit_score`` above 850, the scale's end (324 loans, all refused), is a score typed with a zero too many. A tenth
  of it lies where the other refused loans' scores lie, so silver corrects it, and the leak is closed.
- A customer without a row (2,458 loans, 36.8 %, all given) is the third and largest one, whether the gaps stay, are
  filled with means or become a flag. Nothing is known of the applicant, so gold sets the loan aside, with the reason.

Each is counted: what was delivered stays beside what is used (``…_as_delivered``, ``customer_on_file``), where no model
sees it, and the loans that are set aside have their reason in quarantine. Of the 6,688 loans 3,662 are judged.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

STATUSES = ("loan given", "loan refused")
"""The outcomes; null while it is not known."""

AMOUNT_PLACEHOLDER = 99999999.0
"""Stands for an amount that nobody wrote down."""

LOWEST_SCORE, HIGHEST_SCORE = 300.0, 850.0
"""Ends of the scale of credit scores."""

LOAN_TYPES = {
    "loan_id": "string",
    "customer_id": "string",
    "loan_status": "string",
    "application_time": "datetime",
    "current_loan_amount": "float",
    "current_loan_amount_as_delivered": "float",
    "term": "string",
    "tax_liens": "float",
    "purpose": "string",
    "no_of_properties": "float",
}
CUSTOMER_TYPES = {
    "customer_id": "string",
    "home_ownership": "string",
    "annual_income": "float",
    "years_in_current_job": "float",
    "months_since_last_delinquent": "float",
    "no_of_cars": "float",
    "no_of_children": "float",
}
CREDIT_TYPES = {
    "customer_id": "string",
    "credit_score": "float",
    "credit_score_as_delivered": "float",
    "monthly_debt": "float",
    "years_of_credit_history": "float",
    "no_of_open_accounts": "float",
    "no_of_credit_problems": "float",
    "current_credit_balance": "float",
    "max_open_credit": "float",
    "bankruptcies": "float",
}
SILVER_TYPES = {"loan_details": LOAN_TYPES, "customer_details": CUSTOMER_TYPES, "credit_details": CREDIT_TYPES}
"""Type by silver column and table, as the suites' `schema` expects it."""

FEATURES = (
    "application_hour",
    "application_weekday",
    "current_loan_amount",
    "term",
    "tax_liens",
    "purpose",
    "no_of_properties",
    "home_ownership",
    "annual_income",
    "years_in_current_job",
    "months_since_last_delinquent",
    "no_of_cars",
    "no_of_children",
    "credit_score",
    "monthly_debt",
    "years_of_credit_history",
    "no_of_open_accounts",
    "no_of_credit_problems",
    "current_credit_balance",
    "max_open_credit",
    "balance_ratio",
    "bankruptcies",
)
"""What a model sees. Of the time only what comes back every week: a day of the month is new in every batch."""

CARRIED = ("customer_on_file", "current_loan_amount_as_delivered", "credit_score_as_delivered")
"""What shows the leaks, and what no model may see."""

_COUNTED = ("tax_liens", "bankruptcies")
_JOB = re.compile(r"(?P<below>< ?1 year)|(?P<years>\d{1,2})\+? years?")


def silver_loan_details(bronze: pd.DataFrame) -> pd.DataFrame:
    """Type the applications; null the placeholder amount and keep what was delivered beside it.

    Parameters
    ----------
    bronze
        Readable rows with ``source_line`` and the columns of the table.

    Returns
    -------
    pandas.DataFrame
        Under the index of `bronze`: the columns of ``SILVER_TYPES["loan_details"]`` and ``reject_reason``, set where
        the id or the time is missing, a value is no number, the status is no known one, or the id came before.
        Spelling is made one (lower case, blanks for underscores). A count with a fraction is no count and becomes null.

    Examples
    --------
    >>> row = {"source_line": 2, "loan_id": "a", "customer_id": "c", "loan_status": "loan given", "term": "short term",
    ...        "application_time": "2015-04-16 10:00:00", "current_loan_amount": "99999999.0", "tax_liens": "0.0",
    ...        "purpose": "major_purchase", "no_of_properties": "2.0"}
    >>> typed = silver_loan_details(pd.DataFrame([row]))
    >>> typed["current_loan_amount"].tolist(), typed["purpose"].tolist(), typed["reject_reason"].tolist()
    ([nan], ['major purchase'], [None])
    """
    table = _Typed(bronze, LOAN_TYPES)
    table.require("loan_id", "application_time")
    table.only("loan_status", STATUSES)
    delivered = table.columns["current_loan_amount"]
    table.columns["current_loan_amount_as_delivered"] = delivered
    table.columns["current_loan_amount"] = delivered.mask(delivered == AMOUNT_PLACEHOLDER)
    return table.finished(key="loan_id")


def silver_customer_details(bronze: pd.DataFrame) -> pd.DataFrame:
    """Type the customers; years in the current job become a number (below one year: 0, ten and more: 10).

    Returns
    -------
    pandas.DataFrame
        As in `silver_loan_details`; a row is also rejected when the years cannot be read.

    Examples
    --------
    >>> row = {"source_line": 2, "customer_id": "c", "home_ownership": "Rent", "annual_income": None,
    ...        "months_since_last_delinquent": "12", "no_of_cars": "1", "no_of_children": "0"}
    >>> years = ("< 1 year", "1 year", "10+ years", None, "many")
    >>> rows = [{**row, "customer_id": text, "years_in_current_job": text} for text in years]
    >>> typed = silver_customer_details(pd.DataFrame(rows))
    >>> typed["years_in_current_job"].tolist()
    [0.0, 1.0, 10.0, nan, nan]
    >>> typed["reject_reason"].tolist()[3:]
    ['customer_id is missing', "years_in_current_job 'many' cannot be read; expected '< 1 year' to '10+ years'"]
    """
    texts = bronze["years_in_current_job"]
    table = _Typed(bronze.assign(years_in_current_job=texts.map(_years)), CUSTOMER_TYPES)
    table.require("customer_id")
    unread = texts.notna() & table.columns["years_in_current_job"].isna()
    table.reject(unread, "years_in_current_job", texts, "cannot be read; expected '< 1 year' to '10+ years'")
    return table.finished(key="customer_id")


def silver_credit_details(bronze: pd.DataFrame) -> pd.DataFrame:
    """Type the credit records; divide scores above 850 by ten and keep what was delivered beside them.

    Returns
    -------
    pandas.DataFrame
        As in `silver_loan_details`. A score that is above the scale even so becomes null.

    Examples
    --------
    >>> row = {"source_line": 2, **dict.fromkeys(CREDIT_TYPES, "1")}
    >>> rows = [{**row, "customer_id": score, "credit_score": score} for score in ("741", "7410", "99999")]
    >>> silver_credit_details(pd.DataFrame(rows))["credit_score"].tolist()
    [741.0, 741.0, nan]
    """
    table = _Typed(bronze, CREDIT_TYPES)
    table.require("customer_id")
    delivered = table.columns["credit_score"]
    corrected = delivered.where(~(delivered > HIGHEST_SCORE), delivered / 10)
    table.columns["credit_score_as_delivered"] = delivered
    table.columns["credit_score"] = corrected.mask(corrected > HIGHEST_SCORE)
    return table.finished(key="customer_id")


def gold(*, loan_details: pd.DataFrame, customer_details: pd.DataFrame, credit_details: pd.DataFrame) -> pd.DataFrame:
    """Join the tables to one row a loan, and set aside the loans that cannot be judged.

    Returns
    -------
    pandas.DataFrame
        ``loan_id``, ``application_time``, the `FEATURES`, `CARRIED`, ``loan_status`` and ``reject_reason``, in the
        order of `loan_details`. ``application_hour`` counts minutes as parts of an hour, ``application_weekday`` is 0
        on Mondays, ``balance_ratio`` is current_credit_balance / max_open_credit (null where there is no open credit).

    Raises
    ------
    pandas.errors.MergeError
        A customer has two rows in a table, which silver never lets through.

    Examples
    --------
    >>> empty = {name: pd.DataFrame(columns=list(types)).astype({"customer_id": object})
    ...          for name, types in SILVER_TYPES.items()}
    >>> gold(**empty).shape
    (0, 29)
    """
    rows = loan_details.merge(
        customer_details, on="customer_id", how="left", validate="many_to_one", indicator="_customer"
    ).merge(credit_details, on="customer_id", how="left", validate="many_to_one", indicator="_credit")
    moments = pd.to_datetime(rows["application_time"])
    highest = rows["max_open_credit"].astype(np.float64)
    balance = rows["current_credit_balance"].astype(np.float64)
    no_customer, no_credit = rows["_customer"] == "left_only", rows["_credit"] == "left_only"
    rows = rows.assign(
        application_time=moments,
        application_hour=moments.dt.hour + moments.dt.minute / 60,
        application_weekday=moments.dt.weekday.astype(np.float64),
        balance_ratio=balance / highest.where(highest > 0),
        customer_on_file=~(no_customer | no_credit),
    )
    rows["reject_reason"] = _why_not_judged(rows, no_customer, no_credit)
    return rows.loc[:, ["loan_id", "application_time", *FEATURES, *CARRIED, "loan_status", "reject_reason"]]


def _why_not_judged(rows: pd.DataFrame, no_customer: pd.Series, no_credit: pd.Series) -> pd.Series:
    reasons = pd.Series([None] * len(rows), index=rows.index, dtype=object)
    placeholder = rows["current_loan_amount_as_delivered"] == AMOUNT_PLACEHOLDER
    reasons[placeholder] = f"current_loan_amount is the placeholder {AMOUNT_PLACEHOLDER:.0f}: the amount is not known"
    reasons[no_credit] = "the customer has no row in credit_details: nothing is known of the applicant's credit"
    reasons[no_customer] = "the customer has no row in customer_details: nothing is known of the applicant"
    return reasons


def _years(text: object) -> float | None:
    read = _JOB.fullmatch(str(text).strip().lower())
    if read is None:
        return None
    return 0.0 if read["below"] else float(read["years"])


class _Typed:
    """A table on its way to silver: its columns by name, and the first reason against each row."""

    def __init__(self, bronze: pd.DataFrame, types: dict[str, str]) -> None:
        self._bronze = bronze
        self._types = types
        self._reasons = pd.Series([None] * len(bronze), index=bronze.index, dtype=object)
        self.columns: dict[str, pd.Series] = {}
        for name, kind in types.items():
            if not name.endswith("_as_delivered"):
                self.columns[name] = self._typed(name, kind)

    def _typed(self, name: str, kind: str) -> pd.Series:
        given = self._bronze[name]
        if kind == "string":
            read = str.strip if name.endswith("_id") else _spelt
            texts = [
                None if missing else read(str(text)) or None for text, missing in zip(given, given.isna(), strict=True)
            ]
            return pd.Series(texts, index=given.index, dtype=object)
        if kind == "datetime":
            moments = pd.to_datetime(given, errors="coerce", format="ISO8601").astype("datetime64[ns]")
            self.reject(given.notna() & moments.isna(), name, given, "is no time")
            return moments
        numbers = pd.to_numeric(given, errors="coerce").astype(np.float64)
        numbers = numbers.mask(np.isinf(numbers))
        self.reject(given.notna() & numbers.isna(), name, given, "is no number")
        if name.startswith("no_of_") or name in _COUNTED:
            return numbers.where(numbers % 1 == 0)
        return numbers

    def reject(self, where: pd.Series, name: str, values: pd.Series, what: str) -> None:
        self._because(where, [f"{name} {value!r} {what}" for value in values[where]])

    def require(self, *names: str) -> None:
        for name in names:
            where = self.columns[name].isna()
            self._because(where, [f"{name} is missing"] * int(where.sum()))

    def only(self, name: str, values: tuple[str, ...]) -> None:
        given = self.columns[name]
        self.reject(given.notna() & ~given.isin(values), name, given, f"is none of {', '.join(values)}")

    def finished(self, key: str) -> pd.DataFrame:
        """Put the columns in order, and reject the rows whose key came before."""
        typed = pd.DataFrame({name: self.columns[name] for name in self._types}, index=self._bronze.index)
        usable = typed[self._reasons.isna()]
        again = usable[key].duplicated()
        lines = self._bronze.loc[usable.index, "source_line"]
        line_of = dict(zip(usable.loc[~again, key], lines[~again], strict=True))
        reasons = [
            f"duplicate of line {line_of[value]}"
            if the_same
            else f"{key} {value!r} of line {line_of[value]} comes again with other values"
            for value, the_same in zip(usable.loc[again, key], usable.duplicated()[again], strict=True)
        ]
        self._because(pd.Series(typed.index.isin(usable.index[again]), index=typed.index), reasons)
        typed["reject_reason"] = self._reasons
        return typed

    def _because(self, where: pd.Series, reasons: list[str]) -> None:
        found = pd.Series(reasons, index=where.index[where], dtype=object)
        new = found[self._reasons.loc[found.index].isna()]
        self._reasons.loc[new.index] = new


def _spelt(text: str) -> str:
    return " ".join(text.replace("_", " ").lower().split())
