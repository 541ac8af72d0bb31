"""The monitoring database beside a real replay: filled by its runs, rebuilt from the lake, missed by nobody."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from driftwatch_assets.alerting import PROMOTION_REFUSED, Notice, compose
from driftwatch_assets.components.alerts import bring_up_to_date
from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import defs, places_of
from driftwatch_assets.monitoring import open_monitoring
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, *DAGSTERS_OWN_WARNINGS]
_TABLES = ("model_versions", "batches", "metrics", "feature_drift", "alert_rules")
_NOT_COMPARED = {"recorded_at"}


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("monitored"), model="iris")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRIFTWATCH_ALERT_CHANNELS", "ops=json://127.0.0.1:9/alerts")
        with house.lived_in():
            told = house.replay(seed=42)
    assert told.status == 0, told.text
    return house


@pytest.fixture
def house(replayed: House, tmp_path: Path) -> House:
    return replayed.copied_to(tmp_path / "house")


def content(house: House) -> dict[str, list[dict[str, object]]]:
    engine = sa.create_engine(f"sqlite:///{house.settings.monitoring_file}")
    with engine.connect() as connection:
        found = {
            table: connection.execute(sa.select("*").select_from(sa.table(table)).where(sa.column("model") == "iris"))
            .mappings()
            .all()
            for table in _TABLES
        }
    engine.dispose()
    return {
        table: sorted(({k: v for k, v in row.items() if k not in _NOT_COMPARED} for row in rows), key=str)
        for table, rows in found.items()
    }


def test_a_replay_fills_the_database_with_what_the_history_says(house: House) -> None:
    overview = open_monitoring(house.watched.monitoring).overview().models["iris"]
    told = json.loads(house.command("history", "iris", "--json").stdout)
    assert overview.batches == len(told) == 6
    assert overview.latest is not None
    assert overview.latest.batch == told[-1]["batch"]
    assert overview.metrics["accuracy"] == pytest.approx(told[-1]["accuracy"])
    assert overview.metrics["frozen_value"] == pytest.approx(told[-1]["frozen_value"])
    assert overview.champion is not None
    assert overview.champion.trained_through == "000004"
    assert (overview.versions, overview.promoted) == (3, 2)


def test_alerts_open_once_resolve_by_themselves_and_say_what_the_system_did(house: House) -> None:
    store = open_monitoring(house.watched.monitoring)
    refused, mended = (one for one in store.alerts(model="iris") if one.rule != PROMOTION_REFUSED)
    assert (mended.state, mended.opened_batch, mended.resolved_batch) == ("resolved", "000004", "000005")
    assert mended.details["promoted"] is True
    assert len(mended.details["features"]) == 3
    assert (refused.state, refused.opened_batch) == ("open", "000006")
    assert refused.details["promoted"] is False
    assert "stays below the minimum of 0.8" in refused.details["decision"]
    waiting = [(row.event, row.channel) for row in store.claim(50) if row.payload["rule"] != PROMOTION_REFUSED]
    assert waiting == [("opened", "ops"), ("resolved", "ops"), ("opened", "ops")]


def test_a_model_under_the_threshold_alerts_instead_of_being_deployed(house: House) -> None:
    store = open_monitoring(house.watched.monitoring)
    [alert] = [one for one in store.alerts(model="iris") if one.rule == PROMOTION_REFUSED]
    assert (alert.state, alert.opened_batch, alert.condition, alert.threshold) == ("open", "000006", "<", 0.8)
    assert alert.opened_value is not None
    assert alert.opened_value < 0.8
    [told] = [row for row in store.claim(50) if row.payload["rule"] == PROMOTION_REFUSED]
    title = f"[high] iris, batch 000006: version 3 was refused by the gate minimum: {alert.opened_value:.4g} < 0.8"
    assert compose(Notice.from_payload(told.payload, told.event)).title == title


def test_recording_all_of_it_again_changes_nothing(house: House) -> None:
    before, places = content(house), places_of(house.settings)
    with house.lived_in(), house.instance() as instance:
        changes, settled = bring_up_to_date(instance, house.watched, house.component.keys, run_urls=places.run_urls)
    assert settled
    assert not changes.opened
    assert not changes.resolved
    assert content(house) == before


def test_a_lost_database_is_rebuilt_whole_and_nobody_is_told_again(house: House) -> None:
    before = content(house)
    shutil.rmtree(house.folder / "monitoring")
    told = house.command("monitoring", "rebuild")
    assert told.returncode == 0, told.stderr
    assert content(house) == before
    store = open_monitoring(house.watched.monitoring)
    assert [alert.state for alert in store.alerts(model="iris")] == ["open", "open", "resolved"]
    assert not store.claim(50)


def test_a_database_that_is_down_fails_no_run_and_the_sensor_records_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, keys = content(house), house.component.keys
    shutil.rmtree(house.folder / "monitoring")
    with house.lived_in(), house.instance() as instance:
        with monkeypatch.context() as down:
            down.setenv("DRIFTWATCH_MONITORING_URL", "postgresql://nobody:x@127.0.0.1:9/monitoring")
            daemon = LocalDaemon(instance, defs(), places_of(house.settings))
            told = house.backfill("000005", "000005")
            assert told.status == 0, told.text
            with pytest.raises(Exception, match="cannot be used"):
                daemon.tick(keys.alerts_sensor)
        daemon.tick(keys.alerts_sensor)
        assert content(house) == before
        assert daemon.tick(keys.alerts_sensor).note == "nothing ran since everything was recorded"
