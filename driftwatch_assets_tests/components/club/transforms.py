"""The functions of the made-up club: who of the members that joined in a month will have left two months later."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

SILVER_TYPES = {
    "members": {
        "source_line": "integer",
        "member": "string",
        "age": "float",
        "fee": "float",
        "joined": "datetime64[us]",
    },
    "visits": {
        "source_line": "integer",
        "member": "string",
        "month": "datetime64[us]",
        "visits": "float",
        "status": "string",
    },
}
OLDEST = 100


def silver_members(bronze: pd.DataFrame) -> pd.DataFrame:
    """Keep the columns that say something of a member; nobody is older than a hundred."""
    typed = bronze[list(SILVER_TYPES["members"])].copy()
    typed["reject_reason"] = None
    typed.loc[typed["age"] > OLDEST, "reject_reason"] = "nobody is that old"
    return typed


def silver_visits(bronze: pd.DataFrame) -> pd.DataFrame:
    """Keep every count."""
    return bronze[list(SILVER_TYPES["visits"])]


def gold(*, members: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    """Give a row a new member: what is known of it, and how busy the club was in the last three months."""
    newest = members["joined"].max()
    own = visits[visits["month"].dt.to_period("M") == newest.to_period("M")][["member", "visits"]]
    rows = members[["member", "age", "fee", "joined"]].merge(own, on="member", how="left", validate="one_to_many")
    rows["busy"] = visits["visits"].mean()
    rows["reject_reason"] = rows["visits"].isna().map({True: "a member without a count of visits", False: None})
    return rows


def labels(*, visits: pd.DataFrame) -> pd.DataFrame:
    """Give the outcome of those of whom the club tells one this month."""
    told = visits[visits["status"].notna()]
    return told[["member"]].assign(outcome=told["status"].map({"quit": "left", "member": "stayed"}))
