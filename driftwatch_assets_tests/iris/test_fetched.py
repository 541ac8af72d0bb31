"""Iris through its whole graph, fetched over real connections: what lands, what is trained, and what is deployed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
from typer.testing import CliRunner

from driftwatch_assets.command_line import app
from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import defs, places_of
from driftwatch_assets.defs.traffic_accidents.simulate import simulate as simulate_crashes
from driftwatch_assets.monitoring import open_monitoring
from driftwatch_assets_tests.iris.garden import (
    MODEL,
    asked_for,
    fetch,
    flowers,
    grown,
    landed,
    mixed_up,
    settle,
    text,
    versions,
)
from driftwatch_assets_tests.sources.data_server import Site, serve
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = DAGSTERS_OWN_WARNINGS
FIRST = "fetch-000001.csv"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def site() -> Iterator[Site]:
    with serve(Site(text(flowers()), etag='"1"')) as served:
        yield served


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Give the house after one fetch of the published flowers and the first training; only to be read or copied."""
    house = House(tmp_path_factory.mktemp("fetched"), model=MODEL)
    with serve(Site(text(flowers()), etag='"1"')) as site:
        done = fetch(house, site)
        assert done.landed == FIRST, done.why
    told = house.replay()
    assert told.status == 0, told.text
    return house


@pytest.fixture
def house(fetched: House, tmp_path: Path) -> House:
    return fetched.copied_to(tmp_path / "house")


def evidence(house: House, batch: str, kind: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        (house.folder / "lake" / MODEL / "evidence" / batch / f"{kind}.json").read_text()
    )
    return content


def check(house: House, asset: dg.AssetKey, name: str, batch: str) -> dg.AssetCheckEvaluation:
    """Give the newest evaluation of a check for a batch."""
    with house.instance() as instance:
        records = instance.event_log_storage.get_asset_check_execution_history(dg.AssetCheckKey(asset, name), limit=50)
    for record in records:
        assert record.event is not None
        found = record.event.get_dagster_event().asset_check_evaluation_data
        if found.partition == batch:
            return found
    raise AssertionError((name, batch))


def test_a_fetch_lands_is_taken_in_and_becomes_a_deployed_model(fetched: House) -> None:
    assert landed(fetched) == {FIRST: text(flowers())}
    assert versions(fetched) == [("000001", "promoted")]
    promotion = check(fetched, fetched.component.keys.trained, "promotion", "000001")
    assert promotion.passed
    assert asked_for(fetched) == []


@pytest.mark.parametrize("etag", ['"1"', None], ids=["304", "200 with the same content"])
def test_a_fetch_that_is_unchanged_adds_nothing(house: House, site: Site, etag: str | None) -> None:
    site.etag = etag
    if etag is not None:
        # The receipt tells of the address that was fetched before; here it is another port.
        receipt = house.landing / ".fetch.json"
        receipt.write_text(json.dumps(json.loads(receipt.read_text()) | {"url": site.url}))
    before = house.files()
    with house.instance() as instance:
        runs = instance.get_runs_count()

    done = fetch(house, site)

    assert (done.success, done.landed) == (True, FIRST)
    assert done.why == ("the server says that nothing changed" if etag else f"the content is that of {FIRST}")
    assert landed(house) == {FIRST: text(flowers())}
    assert asked_for(house) == []
    with house.instance() as instance:
        assert instance.get_runs_count() == runs + 1, "the fetch itself"
        assert instance.get_dynamic_partitions(house.component.keys.partitions.name or "") == ["000001"]
    assert house.files() == before


def test_a_drifted_fetch_fails_the_drift_check_retrains_and_deploys(house: House, site: Site) -> None:
    site.content, site.etag = text(grown(flowers(), 1.35)), '"2"'
    assert fetch(house, site).landed == "fetch-000002.csv"
    told = house.replay()
    assert told.status == 0, told.text

    drift = check(house, house.component.keys.drift, "data_drift", "000002")
    assert not drift.passed
    assert evidence(house, "000002", "performance")["verdict"]["degraded"] is True
    assert versions(house) == [("000001", "promoted"), ("000002", "promoted")]
    with house.lived_in():
        champion = house.watched.registry.champion_as_of(MODEL, "000003")
    assert champion is not None
    assert champion.trained_through == "000002"


@pytest.mark.slow
def test_a_model_under_the_threshold_is_not_deployed_and_says_so(house: House, site: Site) -> None:
    site.content, site.etag = text(mixed_up(grown(flowers(), 1.35))), '"2"'
    assert fetch(house, site).landed == "fetch-000002.csv"
    told = house.replay()
    assert told.status == 0, told.text

    assert versions(house) == [("000001", "promoted"), ("000002", "refused")]
    promotion = check(house, house.component.keys.trained, "promotion", "000002")
    assert not promotion.passed
    assert promotion.severity == dg.AssetCheckSeverity.ERROR
    assert promotion.description is not None
    assert "0.8" in promotion.description
    page = (house.folder / "lake" / MODEL / "reports" / "batch-000002.html").read_text()
    assert f"Refused: {promotion.description.removeprefix('refused: ')}." in page
    with house.lived_in():
        registry = house.watched.registry
        champion = registry.champion_as_of(MODEL, "000003")
        alias = registry.point_alias(MODEL)
    assert champion is not None
    assert alias is not None
    assert champion.trained_through == alias.trained_through == "000001"

    site.content, site.etag = text(grown(flowers(), 1.3)), '"3"'
    assert fetch(house, site).landed == "fetch-000003.csv"
    assert house.replay().status == 0
    with house.lived_in():
        assert house.watched.lake.provenance(f"{MODEL}/predictions", "000003")["champion_trained_through"] == "000001"


@pytest.mark.slow
def test_where_the_first_model_is_under_the_threshold_there_is_no_champion_until_a_better_one(
    tmp_path: Path, site: Site
) -> None:
    house = House(tmp_path, model=MODEL)
    site.content = text(mixed_up(flowers()))
    fetch(house, site)
    assert house.replay().status == 0
    assert versions(house) == [("000001", "refused")]
    assert check(house, house.component.keys.trained, "promotion", "000001").severity == dg.AssetCheckSeverity.ERROR

    site.content, site.etag = text(flowers()), '"2"'
    fetch(house, site)
    assert house.replay().status == 0
    assert versions(house) == [("000001", "refused"), ("000002", "promoted")]
    assert house.watched.lake.read(f"{MODEL}/predictions", "000002").empty


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"statuses": [404]}, "the server answered 404"),
        ({"truncate": [500] * 9}, "the body is truncated"),
        ({"content": b"sorry, come again\n"}, "its content cannot be read: line 1"),
    ],
    ids=["404", "truncated", "no data"],
)
def test_a_fetch_that_fails_names_model_and_address_and_leaves_all_as_it_was(
    house: House, site: Site, fault: dict[str, Any], said: str
) -> None:
    site.etag = '"2"'
    for name, value in fault.items():
        setattr(site, name, value)
    before = house.files()

    done = fetch(house, site)

    assert not done.success
    assert done.why.startswith(f"iris: {site.url} ")
    assert said in done.why
    assert landed(house) == {FIRST: text(flowers())}
    assert asked_for(house) == []
    assert house.files() == before


def test_a_fetch_that_was_launched_by_hand_and_fails_is_recorded_and_told(house: House, site: Site) -> None:
    site.statuses = [404]
    done = fetch(house, site)
    assert not done.success
    with house.instance() as instance:
        LocalDaemon(instance, defs(), places_of(house.settings)).tick(house.component.keys.alerts_sensor)
    store = open_monitoring(house.watched.monitoring)
    (job,) = [job for job in store.jobs(MODEL) if job.status == "FAILURE"]
    assert (job.job, job.purpose, job.batch) == (house.component.keys.fetch_job, "fetch", None)
    assert "the server answered 404" in str(job.error)
    assert [(one.rule, one.state) for one in store.alerts() if one.rule == "run_failed"] == [("run_failed", "open")]


@pytest.mark.slow
def test_after_a_failed_fetch_other_models_go_on_and_the_next_good_one_lands(house: House, site: Site) -> None:
    site.statuses = [404]
    assert not fetch(house, site).success

    crashes = House(house.folder, model="traffic_accidents")
    simulate_crashes(crashes.landing, seed=1, batches=1)
    for file in crashes.landing.iterdir():
        crashes.deliver(file.name, file.read_bytes())
    assert crashes.replay().status == 0
    assert crashes.watched.lake.batches("traffic_accidents/gold/features") == ["2015"]

    site.content, site.etag = text(grown(flowers(), 1.01)), '"2"'
    assert fetch(house, site).landed == "fetch-000002.csv"
    assert asked_for(house) == ["000002"]


def test_of_a_fetch_that_repeats_the_last_one_only_the_new_flowers_are_used(house: House, site: Site) -> None:
    new = grown(flowers()[50:53], 1.01)
    site.content, site.etag = text([*flowers(), *new]), '"2"'
    assert fetch(house, site).landed == "fetch-000002.csv"
    told = house.replay()
    assert told.status == 0, told.text

    lake = house.watched.lake
    aside = lake.read(f"{MODEL}/quarantine/features", "000002")
    assert len(lake.read(f"{MODEL}/gold/features", "000002")) == len(lake.read(f"{MODEL}/predictions", "000002")) == 3
    assert aside["reason"].tolist() == ["stands in fetch 000001 already"] * 150
    for kind in ("drift", "performance"):
        assert "not judged: " in str(evidence(house, "000002", kind))
    page = (house.folder / "lake" / MODEL / "reports" / "batch-000002.html").read_text()
    assert "stands in fetch 000001 already" in page
    assert versions(house) == [("000001", "promoted")]


@pytest.mark.slow
def test_a_fetch_of_the_same_flowers_in_another_order_is_a_batch_without_rows(house: House, site: Site) -> None:
    site.content, site.etag = text(flowers()[::-1]), '"2"'
    assert fetch(house, site).landed == "fetch-000002.csv"
    told = house.replay()

    assert told.status == 0, told.text
    assert house.watched.lake.read(f"{MODEL}/gold/features", "000002").empty
    assert versions(house) == [("000001", "promoted")]


def test_the_command_fetches_another_address_for_once(house: House, site: Site) -> None:
    site.content, site.etag = text(grown(flowers(), 1.2)), '"2"'
    runner = CliRunner()
    with house.lived_in():
        done = runner.invoke(app, ["fetch", MODEL, "--url", site.url])
        again = runner.invoke(app, ["fetch", MODEL, "--url", site.url])
        site.statuses = [404]
        failed = runner.invoke(app, ["fetch", MODEL, "--url", site.url])
        wrong = runner.invoke(app, ["fetch", MODEL, "--url", "file:///etc/passwd"])
        other = runner.invoke(app, ["fetch", "gas_sensors", "--url", site.url])
    assert (done.exit_code, done.output.strip()) == (0, "iris: new content landed as fetch-000002.csv")
    assert (again.exit_code, again.output.strip()) == (0, "iris: the server says that nothing changed")
    assert failed.exit_code == wrong.exit_code == other.exit_code == 1
    assert f"iris: {site.url} was not taken: the server answered 404" in failed.output
    assert "url: 'file:///etc/passwd' is no address to fetch from" in wrong.output
    assert "has a publisher" in other.output
    settle(house)
    assert asked_for(house) == ["000002"]


def test_neither_command_nor_job_fetches_among_simulated_flowers(house: House, site: Site) -> None:
    (house.landing / ".simulated.json").write_text('{"seed": 1, "files": []}')
    site.etag = '"2"'
    done = fetch(house, site)
    assert not done.success
    assert "holds simulated batches" in done.why
    assert site.requests == []
    assert landed(house) == {FIRST: text(flowers())}


def test_an_address_that_is_none_is_told_before_anything_is_asked(house: House, site: Site) -> None:
    done = fetch(house, site, url="https://user:geheim@example.org/iris.data")
    assert done.why.startswith("iris cannot be fetched with what this run changes: url: the address has a user")
    assert "geheim" not in done.why


def test_the_schedule_of_the_fetch_is_there_and_off() -> None:
    repository = defs().get_repository_def()
    schedule = repository.get_schedule_def("iris_fetch_schedule")
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert schedule.cron_schedule == "0 6 * * *"
    assert schedule.execution_timezone == "UTC"
    assert schedule.job_name == "iris_fetch"
