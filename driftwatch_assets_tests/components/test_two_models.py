"""Two models in one instance do not disturb each other, and no name that is declared leads anywhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
from pydantic import ValidationError

from driftwatch_assets.components import records
from driftwatch_assets.lake import NameRefused
from driftwatch_assets.steps import ingest
from driftwatch_assets_tests.components.club.declared import DECLARED, Club, declaration, model, settings, watched_in
from driftwatch_assets_tests.components.small import environment
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = DAGSTERS_OWN_WARNINGS
MEMBERS = "source.tables.members"


@pytest.fixture(scope="module")
def storage() -> str:
    return "sqlite"


@pytest.fixture(scope="module")
def both(instance: dg.DagsterInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Club, Club]]:
    """Give the club, and another one of the same kind in the same folders."""
    folder = tmp_path_factory.mktemp("places")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(folder).items():
            patch.setenv(name, value)
        clubs = [Club(instance, model({"name": name}), settings(folder)) for name in ("club", "chess")]
        for club in clubs:
            club.deliver(2)
        yield clubs[0], clubs[1]


def test_a_bad_file_of_one_holds_up_none_of_the_other(both: tuple[Club, Club]) -> None:
    club, chess = both
    club.put("visits.csv", "member,month\nm01000,2024-01-28\n")
    with pytest.raises(dg.Failure) as failed:
        club.arrivals()
    told = str(failed.value.description)
    assert told.startswith("club, table visits: ")
    assert "line 1, column visits: the columns are not those that are declared: it lacks visits, status" in told
    first, _ = chess.arrivals().requests
    assert chess.ran("chess_batch", first) == ""
    assert chess.watched.lake.batches("chess/gold/features") == ["2024-01"]
    club.deliver(2)
    assert [request.partition_key for request in club.arrivals().requests] == ["2024-01", "2024-02"]


def test_what_is_under_way_of_one_holds_up_none_of_the_other(both: tuple[Club, Club]) -> None:
    club, chess = both
    run = dg.DagsterRun(
        job_name="club_training",
        status=dg.DagsterRunStatus.STARTED,
        tags={records.MODEL_TAG: "club", records.PURPOSE_TAG: "training", records.BATCH_TAG: "2024-01"},
    )
    club.instance.add_run(run)
    try:
        assert club.labels().note == "batch 2024-01 is under way"
        assert "a training through batch 2024-01 is under way" in club.retraining().note
        assert chess.labels().note == "no labels have become known"
        assert "is under way" not in chess.retraining().note
        assert [request.partition_key for request in chess.arrivals().requests] == ["2024-02"]
    finally:
        club.instance.delete_run(run.run_id)


def test_partitions_and_checks_of_one_are_not_the_others(both: tuple[Club, Club]) -> None:
    club, chess = both
    assert records.intakes(club.instance, "club") == []
    assert not records.check_verdicts(club.instance, club.component.check_keys)
    assert records.check_verdicts(chess.instance, chess.component.check_keys)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({f"{MEMBERS}.file": "../members.csv"}, "file"),
        ({f"{MEMBERS}.file": "/etc/passwd"}, "file"),
        ({f"{MEMBERS}.file": ".hidden.csv"}, "file"),
        ({f"{MEMBERS}.file": "sub/members.csv"}, "file"),
        ({f"{MEMBERS}.file": "members.csv\n"}, "file"),
        ({"name": "../club"}, "name"),
        ({"name": "club/gold"}, "name"),
        ({"source.tables": {"../x": DECLARED["source"]["tables"]["visits"]}}, "tables"),
        ({"code": "../gas_sensors/transforms.py"}, "code"),
        ({"code": "/tmp/transforms.py"}, "code"),  # noqa: S108 - a path that is refused
        ({"code": "os.path"}, "code"),
        ({"simulator": "../simulate.py"}, "simulator"),
    ],
    ids=lambda value: None if isinstance(value, str) else repr(next(iter(value.values())))[:40],
)
def test_no_declared_name_leads_out_of_its_folder(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ValidationError) as refused:
        declaration(changes)
    assert any(key in map(str, fault["loc"]) for fault in refused.value.errors())


def test_a_batch_whose_name_would_lead_out_of_the_lake_is_never_a_path(tmp_path: Path) -> None:
    club = watched_in(tmp_path)
    with pytest.raises((NameRefused, ValueError)):
        ingest(club, "../../x")
    assert list(tmp_path.iterdir()) == []
