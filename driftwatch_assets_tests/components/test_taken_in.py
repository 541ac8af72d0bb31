"""What was taken in outlives the runs that did it, and a partition that was deleted comes again."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import dagster as dg
import pandas as pd
import pytest

from driftwatch_assets.arrivals import Landed
from driftwatch_assets.components import records
from driftwatch_assets.components.keys import Keys
from driftwatch_assets.components.taken_in import intakes
from driftwatch_assets.lake import Lake
from driftwatch_assets.steps import Watched, note_intake
from driftwatch_assets.steps.watched import Tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODEL = "watched"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    lake, tables = Lake(str(tmp_path)), Tables(MODEL)
    for batch in ("1", "2"):
        lake.write(tables.gold, batch, pd.DataFrame({"x": [1.0]}), {})
    found = cast("Watched", SimpleNamespace(lake=lake, tables=tables, name=MODEL))
    note_intake(found, "1", "content of 1")
    return found


def _keys(every: str | None) -> Keys:
    source = SimpleNamespace(every=every, start=dt.date(2024, 1, 1), end=None)
    return Keys(cast("Any", SimpleNamespace(name=MODEL, source=source)))


@pytest.mark.parametrize("every", [None, "month"])
def test_a_batch_without_a_run_was_taken_in_when_the_lake_says_so_and_the_instance_has_asked_for_it(
    instance: dg.DagsterInstance, watched: Watched, every: str | None
) -> None:
    keys = _keys(every)
    landed = [Landed("1", "content of 1"), Landed("2", "content of 2")]
    assert intakes(instance, watched, keys, landed) == [], "a new instance takes in all again"
    instance.add_dynamic_partitions(str(keys.asked.name), ["1", "2"])
    assert [(one.batch, one.status) for one in intakes(instance, watched, keys, landed)] == [("1", "succeeded")]
    assert intakes(instance, watched, keys, [Landed("1", "corrected")]) == [], "another content is due"
    watched.lake.drop(watched.tables.gold, "1")
    assert intakes(instance, watched, keys, landed) == [], "what is stored no more was not taken in"


def test_a_batch_whose_partition_was_deleted_was_not_taken_in_whatever_its_run_says(
    instance: dg.DagsterInstance, watched: Watched
) -> None:
    keys = _keys(None)
    tags = {
        records.MODEL_TAG: MODEL,
        records.PURPOSE_TAG: "arrival",
        records.BATCH_TAG: "1",
        records.FINGERPRINT_TAG: "content of 1",
    }
    instance.add_run(dg.DagsterRun(job_name="work", run_id="a" * 32, status=dg.DagsterRunStatus.SUCCESS, tags=tags))
    landed = [Landed("1", "content of 1")]
    instance.add_dynamic_partitions(str(keys.asked.name), ["1"])
    assert [one.status for one in intakes(instance, watched, keys, landed)] == ["succeeded"]
    instance.delete_dynamic_partition(str(keys.asked.name), "1")
    [again] = intakes(instance, watched, keys, landed)
    assert (again.status, again.ended) == ("interrupted", None)
