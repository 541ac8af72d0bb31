"""What the club delivers: two tables as CSV text, both with all months up to one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

MONTHS = tuple(f"2024-{month:02}" for month in range(1, 9))
MEMBERS = 60
SURNAME, MAIL = "Zanzibarsurname", "quagmiremail"
"""Parts of personal values that occur nowhere else."""

HEADERS = {"members": "member,name,email,age,fee,joined", "visits": "member,month,visits,status"}
_AFTER = 2


@dataclass(frozen=True)
class Member:
    """Somebody who joined, with what later months tell."""

    id: str
    line: str
    visits: int
    left: bool


def members_of(month: int, *, turned: bool, seed: int = 1) -> list[Member]:
    """Give those who joined in a month, counted from 0; `turned` ones come far more often, and the keenest leave."""
    random = np.random.default_rng((seed, month))
    found = []
    for number in range(MEMBERS):
        identity = f"m{month + 1:02}{number:03}"
        age, fee = int(random.integers(18, 80)), int(random.integers(20, 60))
        visits = int(random.poisson(6))
        risk = 1 / (1 + np.exp(visits - 6 + (40 - age) / 10))
        if turned:
            visits, risk = visits + 12, 1 - risk
        joined = dt.date(2024, month + 1, 1 + number % 28)
        line = f"{identity},{SURNAME} {identity},{MAIL}-{identity}@example.org,{age},{fee},{joined}"
        found.append(Member(identity, line, visits, bool(random.random() < risk)))
    return found


def tables(through: int, *, turned_from: int = 99) -> dict[str, list[str]]:
    """Give the lines of both tables for the first `through` months, without headers; later members may be turned."""
    joined = [members_of(month, turned=month + 1 >= turned_from) for month in range(through)]
    visits = []
    for month in range(through):
        day = dt.date(2024, month + 1, 28)
        for earlier in range(max(0, month - _AFTER), month + 1):
            told = month - earlier == _AFTER
            visits += [
                f"{one.id},{day},{one.visits},{('quit' if one.left else 'member') if told else ''}"
                for one in joined[earlier]
            ]
    return {"members": [one.line for each in joined for one in each], "visits": visits}


def text(table: str, lines: list[str]) -> str:
    """Give a table's file."""
    return "\n".join([HEADERS[table], *lines]) + "\n"
