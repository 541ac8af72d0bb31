"""PostgreSQL down at the start, in a run and in a tick, and a second daemon: nothing is lost and nothing is doubled."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import dagster as dg
import psutil
import pytest
import sqlalchemy as sa

from driftwatch_assets.components import records
from driftwatch_assets_tests.deployment.outages import MODEL, SECONDS, Live
from driftwatch_assets_tests.postgres import own_postgres
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.soak, *DAGSTERS_OWN_WARNINGS]

DOWN_SECONDS = 5.0
BATCHES = 5
KNOWN = {
    "metrics": ("batch", "name", "value"),
    "feature_drift": ("batch", "feature", "effect", "psi", "drifted"),
    "alerts": ("rule", "opened_batch", "state", "resolved_batch", "opened_value"),
}


@dataclass
class Story:
    """What was seen at each point."""

    live: Live
    restarts: Counter[str] = field(default_factory=Counter)
    runs: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    at_start: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with own_postgres() as postgres, pytest.MonkeyPatch.context() as patch:
        live = Live(tmp_path_factory.mktemp("outages"), postgres)
        patch.setenv("DAGSTER_POSTGRES_URL", live.environment["DAGSTER_POSTGRES_URL"])
        with live:
            story = Story(live)
            _tell(story)
            yield story


def _tell(story: Story) -> None:
    live, postgres = story.live, story.live.postgres
    postgres.start()
    live.make_databases()
    postgres.stop()

    first = live.land(1)
    live.start_code()
    live.start_daemon()
    live.until("both have ended for want of their database", lambda: all(live.restarts.values()))
    story.at_start = {name: live.said(name) for name in live.servers}
    postgres.start()
    live.until("the first batch is taken in and trained on", lambda: live.settled(first) and _trained(live))
    before = Counter(live.restarts)

    second = live.land(2)
    live.until("a run of the second batch is under way", lambda: _process(live, second) is not None, poll=0.05)
    process = _process(live, second)
    assert process is not None
    postgres.crash()
    # A short outage is waited out: the connection is tried again.
    psutil.wait_procs([process], timeout=SECONDS)
    postgres.start()
    live.until("the second batch is taken in", lambda: live.settled(second))

    third = live.land(3)
    live.until("the arrivals sensor is being asked", lambda: _being_asked(live), poll=0.01)
    postgres.crash()
    time.sleep(DOWN_SECONDS)
    postgres.start()
    live.until("the third batch is taken in", lambda: live.settled(third))
    story.restarts.update(live.restarts)
    story.restarts.subtract(before)
    story.runs["outages"] = live.runs()

    live.start_daemon("another daemon")
    live.until("both daemons say that there are two", lambda: _both_complain(live))
    for number in range(4, BATCHES + 1):
        batch = live.land(number)
        live.until(f"batch {batch} is taken in", lambda batch=batch: live.settled(batch))
    live.until("nothing more is asked for", lambda: _quiet(live))
    story.runs["two daemons"] = live.runs()[len(story.runs["outages"]) :]


def _trained(live: Live) -> bool:
    return any(purpose == "training" and status == "SUCCESS" for purpose, _, status in live.runs())


def _process(live: Live, batch: str) -> psutil.Process | None:
    """Give the process that executes a run of a batch; `None` where none has claimed one."""
    with live.instance() as instance:
        runs = instance.get_runs(dg.RunsFilter(tags={records.MODEL_TAG: MODEL, records.BATCH_TAG: batch}))
    claims = [run.tags[records.PROCESS_TAG] for run in runs if records.PROCESS_TAG in run.tags and not run.is_finished]
    return psutil.Process(int(claims[0].split(":")[1])) if claims else None


def _being_asked(live: Live) -> bool:
    query = "SELECT 1 FROM job_ticks WHERE status = 'STARTED' AND tick_body LIKE '%iris%arrivals%'"
    return bool(live.rows(query))


def _both_complain(live: Live) -> bool:
    return all("You likely have multiple daemon processes" in live.said(name) for name in ("daemon", "another daemon"))


def _quiet(live: Live) -> bool:
    """Tell whether the alerts were judged after the last run: that waits until nothing is asked for any more."""
    query = """SELECT 1 FROM job_ticks
        WHERE tick_body LIKE '%iris_alerts%' AND tick_body LIKE '%nothing ran since everything was recorded%'
        AND extract(epoch FROM timestamp AT TIME ZONE 'UTC') > (SELECT max(end_time) FROM runs)"""
    return live.taken_in(f"{BATCHES:06}") and bool(live.rows(query))


@pytest.fixture(scope="module")
def undisturbed(story: Story, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Replay the same deliveries in one process."""
    house = House(tmp_path_factory.mktemp("undisturbed"), model=MODEL)
    shutil.copytree(story.live.house.landing, house.landing)
    told = house.command("replay", MODEL)
    assert told.returncode == 0, told.stdout + told.stderr
    return house


def rows(url: str, table: str) -> list[tuple[object, ...]]:
    engine = sa.create_engine(url)
    columns = [sa.column(name) for name in KNOWN[table]]
    with engine.connect() as connection:
        found = connection.execute(
            sa.select(*columns).select_from(sa.table(table)).where(sa.column("model") == MODEL)
        ).all()
    engine.dispose()
    return sorted(tuple(row) for row in found)


@pytest.mark.parametrize("name", ["code", "daemon"])
def test_who_finds_no_database_at_its_start_ends_and_says_why_and_the_next_one_begins(story: Story, name: str) -> None:
    assert "psycopg2.OperationalError" in story.at_start[name]
    assert "Connection refused" in story.at_start[name]


def test_no_log_has_the_password(story: Story) -> None:
    password = story.live.postgres.password
    assert [name for name in story.live.servers if password in story.live.said(name)] == []


def test_a_run_that_lost_its_database_is_failed_and_its_batch_taken_in_again(story: Story) -> None:
    assert [run for run in story.runs["outages"] if run[1] == "000002" and run[0] == "arrival"] == [
        ("arrival", "000002", "FAILURE"),
        ("arrival", "000002", "SUCCESS"),
    ]


def test_a_tick_that_lost_its_database_asks_for_its_run_once(story: Story) -> None:
    assert [run for run in story.runs["outages"] if run[1] == "000003" and run[0] == "arrival"] == [
        ("arrival", "000003", "SUCCESS")
    ]


def test_the_code_location_goes_on_without_the_database(story: Story) -> None:
    assert story.restarts["code"] == 0


def test_two_daemons_take_every_batch_in(story: Story) -> None:
    """Both may ask for a run at the same moment; it is then executed twice, one after the other."""
    runs = story.runs["two daemons"]
    assert {batch for purpose, batch, _ in runs if purpose == "arrival"} == {"000004", "000005"}
    assert {status for _, _, status in runs} == {"SUCCESS"}, runs


def test_what_is_stored_is_what_one_quiet_process_stores(story: Story, undisturbed: House) -> None:
    assert story.live.house.stored() == undisturbed.stored()
    trained = [
        [(one.trained_through, one.gate_result) for one in house.watched.registry.history(MODEL)]
        for house in (story.live.house, undisturbed)
    ]
    assert trained[0] == trained[1]


@pytest.mark.parametrize("table", sorted(KNOWN))
def test_no_metric_and_no_alert_is_lost_or_doubled(story: Story, undisturbed: House, table: str) -> None:
    def ours(row: tuple[object, ...]) -> bool:
        return "run_failed" not in row

    expected = rows(f"sqlite:///{undisturbed.settings.monitoring_file}", table)
    found = rows(story.live.address("monitoring").replace("postgresql", "postgresql+psycopg2"), table)
    assert [row for row in found if ours(row)] == [row for row in expected if ours(row)]


def test_each_message_waits_in_the_outbox_once(story: Story) -> None:
    sent = story.live.rows("SELECT alert_id, event, channel FROM outbox", "monitoring")
    assert len(sent) == len(set(sent)) > 0
