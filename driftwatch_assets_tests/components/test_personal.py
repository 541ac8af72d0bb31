"""Personal values that lie in a delivery are found nowhere but in bronze, whatever goes wrong on the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from driftwatch_assets_tests.components.club.declared import Club, model, settings
from driftwatch_assets_tests.components.club.deliveries import MAIL, SURNAME, tables, text
from driftwatch_assets_tests.components.small import environment
from driftwatch_assets_tests.components.traces import traces
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

pytestmark = DAGSTERS_OWN_WARNINGS

MEMBERS = tables(2)["members"]
STRICT = {
    "quality.bronze.members": [
        {"expect": "unique", "columns": ["email"]},
        {"expect": "unique", "columns": ["name", "email"], "name": "both", "severity": "warn"},
        {"expect": "matches", "column": "email", "pattern": "[a-z-]+@example.org"},
        {"expect": "values_in", "column": "name", "values": ["Nobody"]},
        {"expect": "not_null", "columns": ["name", "email"]},
    ]
}


@pytest.fixture(scope="module")
def storage() -> str:
    return "sqlite"


@pytest.fixture(scope="module")
def home(instance: dg.DagsterInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Club]:
    folder = tmp_path_factory.mktemp("places")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(folder).items():
            patch.setenv(name, value)
        club = Club(instance, model(), settings(folder))
        club.deliver(2)
        yield club


def everywhere(club: Club, *, but_bronze: bool = True) -> list[str]:
    """Name every file with a personal value besides what was delivered, and bronze."""
    root = club.settings.landing.parent
    bronze = [root / "lake" / "club" / "bronze"] if but_bronze else []
    home = Path(club.instance.root_directory)
    return [
        *traces(root, (SURNAME, MAIL), but=[club.settings.landing, *bronze]),
        *(f"dagster: {path}" for path in traces(home, (SURNAME, MAIL))),
    ]


def take_in(club: Club, month: str, capfd: pytest.CaptureFixture[str]) -> str:
    """Take a month in and give why it failed; what was printed may not show a personal value either."""
    why = club.ran(club.component.keys.batch_job, dg.RunRequest(partition_key=month))
    printed = capfd.readouterr()
    for said in (why, printed.out, printed.err):
        assert SURNAME not in said
        assert MAIL not in said
    return why


def test_the_search_finds_them_where_they_are(home: Club, capfd: pytest.CaptureFixture[str]) -> None:
    assert take_in(home, "2024-01", capfd) == ""
    assert everywhere(home, but_bronze=False) == ["lake/club/bronze/members/batch=2024-01/data.parquet"]
    assert everywhere(home) == []


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda line: line.replace("2024-01-01", "01.01.2024"), "found '01.01.2024', which does not fit"),
        (lambda line: line.replace(SURNAME, f'"{SURNAME}'), "quote"),
        (lambda line: line.replace(SURNAME, f"{SURNAME}\udcff"), "not utf-8"),
    ],
    ids=["wrong date", "unclosed quote", "wrong encoding"],
)
def test_a_line_that_cannot_be_read_shows_none(
    home: Club, capfd: pytest.CaptureFixture[str], spoil: Callable[[str], str], told: str
) -> None:
    lines = [spoil(MEMBERS[0]), *MEMBERS[1:]]
    home.put("members.csv", text("members", lines).encode(errors="surrogateescape"))
    try:
        assert told in take_in(home, "2024-02", capfd)
        with pytest.raises(dg.Failure) as failed:
            home.arrivals()
        assert told in str(failed.value.description)
        assert SURNAME not in str(failed.value.description)
        assert MAIL not in str(failed.value.description)
    finally:
        home.deliver(2)
    assert everywhere(home) == []


def test_a_row_that_is_put_aside_shows_none(home: Club, capfd: pytest.CaptureFixture[str]) -> None:
    first, *others = (line.split(",") for line in MEMBERS)
    home.put("members.csv", text("members", [",".join([*first[:3], "old", *first[4:]]), *map(",".join, others)]))
    try:
        assert take_in(home, "2024-01", capfd) == ""
        assert "'old'" in home.watched.lake.read("club/quarantine/members", "2024-01").to_string()
    finally:
        home.deliver(2)
    assert everywhere(home) == []


def test_a_row_of_no_batch_shows_none(home: Club, capfd: pytest.CaptureFixture[str]) -> None:
    ragged, undated, *others = MEMBERS
    home.put("members.csv", text("members", [ragged + ",one more", undated.rpartition(",")[0] + ",", *others]))
    try:
        assert take_in(home, "2024-01", capfd) == ""
        aside = home.watched.lake.read("club/unplaced/members", "source")
        assert aside["reason"].tolist() == ["line 2: found 7 fields, expected 6", "column joined: the time is missing"]
        assert set(aside["source_text"]) == {"withheld: the table has personal columns"}
    finally:
        home.deliver(2)
    assert everywhere(home) == []


def test_a_suite_that_fails_on_them_shows_none(home: Club, capfd: pytest.CaptureFixture[str]) -> None:
    strict = Club(home.instance, model(STRICT), home.settings)
    lines = [*MEMBERS, MEMBERS[0].replace("m01000,", "m01999,", 1)]
    home.put("members.csv", text("members", lines))
    try:
        why = take_in(strict, "2024-01", capfd)
    finally:
        home.deliver(2)
    assert why.startswith("club/bronze/members, batch 2024-01, may not go on")
    assert "email" in why
    assert everywhere(home) == []


def test_a_silver_function_that_fails_cannot_quote_them(home: Club, capfd: pytest.CaptureFixture[str]) -> None:
    def quoting(bronze: pd.DataFrame) -> pd.DataFrame:
        raise ValueError(f"cannot use {bronze.iloc[0].to_dict()} of {bronze.to_string()}")

    club = home.component
    silver = {**club.transforms.silver, "members": quoting}
    failing = replace(club, transforms=replace(club.transforms, silver=silver))
    why = take_in(Club(home.instance, failing, home.settings), "2024-01", capfd)
    assert "m01000" in why, "the row is quoted, without them"
    assert everywhere(home) == []
