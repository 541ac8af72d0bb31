"""A disk that is full when the report of a batch is written: the page comes later, metrics and alerts do not wait."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import defs, places_of
from driftwatch_assets.defs.iris.simulate import simulate
from driftwatch_assets.lake.storage import LocalStorage
from driftwatch_assets.monitoring import open_monitoring
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, *DAGSTERS_OWN_WARNINGS]

MODEL = "iris"
RUN_FAILED = "run_failed"


def record(house: House) -> None:
    """Let the sensor look that records what is known and judges rules."""
    with house.instance() as instance:
        LocalDaemon(instance, defs(), places_of(house.settings)).tick(house.component.keys.alerts_sensor)


def alerts(house: House) -> list[tuple[str, str, str]]:
    return [(one.rule, one.opened_batch, one.state) for one in open_monitoring(house.watched.monitoring).alerts()]


def test_a_report_that_cannot_be_written_costs_no_metric_and_no_alert(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = simulate(tmp_path / "made", seed=42, batches=2)
    house = House(tmp_path / "house", model=MODEL)
    house.deliver(first.name, first.read_bytes())
    assert house.replay().status == 0
    store = open_monitoring(house.watched.monitoring)
    before = {file: house.watched.lake.read_file(file) for file in house.watched.lake.files(f"{MODEL}/reports")}
    put, page = LocalStorage.put, house.watched.tables.page("000002")

    def full(self: LocalStorage, path: str, content: bytes) -> None:
        if path.endswith(page):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        put(self, path, content)

    house.deliver(second.name, second.read_bytes())
    with monkeypatch.context() as patch:
        patch.setattr(LocalStorage, "put", full)
        told = house.replay()
    assert told.status == 1
    assert "No space left on device" in told.text
    assert "Check space and permissions, then run the batch again" in told.text
    assert "waiting, since batch 000002 was interrupted and is tried again in" in told.text
    lake = house.watched.lake
    assert not lake.has_file(page)
    assert {file: lake.read_file(file) for file in before} == before
    record(house)
    overview = store.overview().models[MODEL]
    assert overview.latest is not None
    assert overview.latest.batch == "000002"
    assert {"rows", "psi", "accuracy"} <= set(overview.metrics)
    assert (RUN_FAILED, "000002", "open") in alerts(house)

    assert house.backfill("000002", "000002").status == 0
    assert lake.has_file(page)
    record(house)
    assert (RUN_FAILED, "000002", "resolved") in alerts(house)
    assert store.overview().models[MODEL].metrics == overview.metrics
