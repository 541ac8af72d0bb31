"""The log of predictions: what was answered is in the lake once, whatever happens in between."""

from __future__ import annotations

import os
import resource
import signal
import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pandas as pd
import pytest

from driftwatch_assets.command_line.serve import built_service
from driftwatch_assets.lake import Lake, WriteFailed
from driftwatch_assets.serving import Limits
from driftwatch_assets.serving.champion import Champion
from driftwatch_assets.serving.logs import PredictionLog, PredictionLogs
from driftwatch_assets.serving.records import Rows
from driftwatch_assets.serving.refusal import Refusal
from driftwatch_assets.serving.scoring import answer
from driftwatch_assets.settings import SettingError
from driftwatch_assets_tests.serving.conftest import iris_service
from driftwatch_assets_tests.serving.garden import FEATURES, FLOWER, LARGE, PREDICT, garden_in, iris_served, promoted
from driftwatch_assets_tests.serving.house import process, running
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.serving.scoring import Answer
    from driftwatch_assets.steps import Watched

pytestmark = DAGSTERS_OWN_WARNINGS
TABLE = "iris/served"


@pytest.fixture(scope="module")
def champion(garden: Watched) -> Champion:
    return Champion.of(iris_served(garden), garden.registry.load(garden.registry.history("iris")[-1]))


def answered(champion: Champion, request: str, *ids: str) -> Answer:
    rows = Rows(list(ids), {name: [LARGE[name]] * len(ids) for name in FEATURES})
    (told,) = answer([(rows, request)], champion)
    return told


def stored(lake: Lake) -> pd.DataFrame:
    parts = [lake.read(TABLE, hour) for hour in lake.batches(TABLE)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["request_id", "flower"])


def test_what_was_answered_lies_in_the_lake_as_a_batch_of_its_hour(garden: Watched, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    before = datetime.now(UTC)
    with (
        running(iris_service(garden, tmp_path / "spool", lake=lake)) as address,
        httpx.Client(base_url=address) as client,
    ):
        answer = client.post(PREDICT, json={"records": [FLOWER, {**LARGE, "flower": 7}]})
        assert 'driftwatch_unflushed_predictions{model="iris"} 2.0' in client.get("/metrics").text
    (hour,) = lake.batches(TABLE)
    rows = lake.read(TABLE, hour)
    assert hour == f"{rows['served_at'].iloc[0]:%Y-%m-%dT%H}"
    assert rows["flower"].tolist() == ["a-1", "7"]
    assert rows[list(FEATURES)].to_numpy().tolist() == [[one[name] for name in FEATURES] for one in (FLOWER, LARGE)]
    told = answer.json()["predictions"]
    assert rows["predicted"].tolist() == [one["predicted"] for one in told]
    assert rows["confidence"].tolist() == [one["confidence"] for one in told]
    assert rows["score_setosa"].tolist() == [one["scores"]["setosa"] for one in told]
    assert set(rows["champion_version"]) == {"1"}
    assert set(rows["champion_trained_through"]) == {"000001"}
    assert set(rows["request_id"]) == {answer.headers["x-request-id"]}
    assert rows["served_at"].between(before, datetime.now(UTC)).all()
    assert not list((tmp_path / "spool").rglob("*.jsonl"))


@pytest.mark.slow
def test_a_service_that_is_killed_loses_nothing_that_it_answered(empty_store: Path, tmp_path: Path) -> None:
    """Killed by SIGKILL under load; the next one brings what it answered, and brings nothing twice."""
    watched = garden_in(tmp_path / "house", candidate="logistic_regression", store=empty_store)
    promoted(watched, "000001")
    environment = House(tmp_path / "house", "iris").environment | {"DRIFTWATCH_SPOOL": str(tmp_path / "spool")}
    given: list[str] = []

    def ask(address: str) -> None:
        with httpx.Client(base_url=address, timeout=300) as client:
            while True:
                try:
                    answer = client.post(PREDICT, json={"records": [FLOWER]})
                except httpx.TransportError:
                    return
                if answer.status_code == 200:
                    given.append(answer.headers["x-request-id"])

    with process(environment) as (started, address):
        askers = [threading.Thread(target=ask, args=(address,)) for _ in range(3)]
        for asker in askers:
            asker.start()
        while len(given) < 200:
            assert started.poll() is None
        started.send_signal(signal.SIGKILL)
        started.wait()
        for asker in askers:
            asker.join()
    with process(environment):
        pass  # its end brings the rest
    rows = stored(watched.lake)
    assert set(given) <= set(rows["request_id"])
    assert rows["request_id"].is_unique
    assert len(rows) <= len(given) + len(askers), "at most one request a connection was logged and not answered"
    assert not list((tmp_path / "spool").rglob("*.jsonl"))


def test_a_torn_last_line_is_left_out_and_the_rest_is_brought(champion: Champion, tmp_path: Path) -> None:
    lake, log = Lake(str(tmp_path / "lake")), PredictionLog(tmp_path / "spool", Lake(str(tmp_path / "lake")), "iris")
    log.append([answered(champion, "one", "a", "b"), answered(champion, "two", "c")])
    log._close()
    (path,) = (tmp_path / "spool").glob("*.jsonl")
    path.write_bytes(path.read_bytes()[:-20])
    assert log.flush() == 2
    assert stored(lake)["request_id"].tolist() == ["one", "one"]


def test_an_unreadable_line_is_kept_aside_and_costs_no_other(champion: Champion, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    log = PredictionLog(tmp_path / "spool", lake, "iris")
    log.append([answered(champion, name, name) for name in ("one", "two", "three")])
    log._close()
    (path,) = (tmp_path / "spool").glob("*.jsonl")
    lines = path.read_bytes().split(b"\n")
    lines[2] = lines[2][:30] + b"\x00\x00" + lines[2][32:]
    path.write_bytes(b"\n".join(lines))
    assert log.flush() == 2
    assert stored(lake)["request_id"].tolist() == ["one", "three"]
    assert [file.name for file in (tmp_path / "spool").glob("*.damaged")] == [f"{path.name}.damaged"]


def test_a_transport_that_was_killed_half_way_is_done_again_and_nothing_is_there_twice(
    champion: Champion, tmp_path: Path
) -> None:
    lake = Lake(str(tmp_path / "lake"))
    log = PredictionLog(tmp_path / "spool", lake, "iris")
    log.append([answered(champion, "one", "a", "b")])
    log._close()
    (path,) = (tmp_path / "spool").glob("*.jsonl")
    kept = path.read_bytes()
    assert log.flush() == 2
    path.write_bytes(kept)  # as if it had been killed between writing the lake and removing the file
    log.append([answered(champion, "two", "a")])
    assert log.flush() == 1
    assert stored(lake)["request_id"].tolist() == ["one", "one", "two"]


def test_a_lake_that_cannot_be_written_leaves_everything_on_the_local_disk(champion: Champion, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    log = PredictionLog(tmp_path / "spool", lake, "iris")
    log.append([answered(champion, "one", "a")])
    (tmp_path / "lake").write_text("a file where the lake should be")
    with pytest.raises((WriteFailed, OSError)):
        log.flush()
    assert log.unflushed == 1
    log.append([answered(champion, "two", "b")])
    (tmp_path / "lake").unlink()
    assert log.flush() == 2
    assert (log.unflushed, stored(lake)["request_id"].tolist()) == (0, ["one", "two"])


def test_a_full_disk_refuses_the_answer_and_leaves_whole_lines(champion: Champion, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    log = PredictionLog(tmp_path / "spool", lake, "iris")
    log.append([answered(champion, "one", "a")])
    (path,) = (tmp_path / "spool").glob("*.jsonl")
    whole = path.stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (whole + 10, hard))
    try:
        with pytest.raises(Refusal, match="could not be logged") as refused:
            log.append([answered(champion, "two", "b")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert (refused.value.status, path.stat().st_size) == (503, whole)
    log.append([answered(champion, "three", "c")])
    assert log.flush() == 2
    assert stored(lake)["request_id"].tolist() == ["one", "three"]


def test_while_answers_cannot_be_kept_none_is_given_and_the_service_goes_on(garden: Watched, tmp_path: Path) -> None:
    lake, spool = Lake(str(tmp_path / "lake")), tmp_path / "spool"
    with (
        running(iris_service(garden, spool, lake=lake)) as address,
        httpx.Client(base_url=address, timeout=300) as client,
    ):
        (spool / "iris").rename(tmp_path / "away")
        (spool / "iris").write_text("a file where the folder should be")
        refused = client.post(PREDICT, json={"records": [FLOWER]})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
        assert "could not be logged" in refused.json()["detail"]
        assert client.get("/ping").status_code == 200
        (spool / "iris").unlink()
        (tmp_path / "away").rename(spool / "iris")
        assert client.post(PREDICT, json={"records": [FLOWER]}).status_code == 200
    assert len(stored(lake)) == 1


def test_a_spool_that_cannot_be_made_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    environment = {"DRIFTWATCH_LAKE": str(tmp_path / "lake"), "DRIFTWATCH_SPOOL": str(tmp_path / "file" / "spool")}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with pytest.raises(SettingError, match="set DRIFTWATCH_SPOOL to a folder on a local disk"):
            built_service("127.0.0.1")


def test_two_services_by_mistake_bring_each_row_once_and_leave_each_other_alone(
    champion: Champion, tmp_path: Path
) -> None:
    lake = Lake(str(tmp_path / "lake"))
    one, other = (PredictionLog(tmp_path / "spool", lake, "iris") for _ in range(2))

    def work(log: PredictionLog, name: str) -> None:
        for at in range(30):
            log.append([answered(champion, f"{name}{at}", "a")])
            if at % 5 == 0:
                log.flush()

    threads = [threading.Thread(target=work, args=each) for each in ((one, "one"), (other, "other"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    one.flush()
    other.flush()
    assert sorted(stored(lake)["request_id"]) == sorted(f"{name}{at}" for name in ("one", "other") for at in range(30))


def test_rows_of_an_hour_that_was_brought_already_join_it(champion: Champion, tmp_path: Path) -> None:
    """As after a clock that was set back: the hour of an answer is what the clock said."""
    lake = Lake(str(tmp_path / "lake"))
    log = PredictionLog(tmp_path / "spool", lake, "iris")
    told = answered(champion, "one", "a")
    for request, hour in (("one", 12), ("two", 13), ("three", 12)):
        log.append([replace(told, request_id=request, served_at=datetime(2026, 3, 1, hour, tzinfo=UTC))])
        log.flush()
    assert lake.batches(TABLE) == ["2026-03-01T12", "2026-03-01T13"]
    assert lake.read(TABLE, "2026-03-01T12")["request_id"].tolist() == ["one", "three"]


def test_answers_reach_the_lake_while_the_service_runs(garden: Watched, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    limits = Limits(flush_seconds=0.2)
    with running(iris_service(garden, tmp_path / "spool", lake=lake, limits=limits)) as address:
        httpx.post(address + PREDICT, json={"records": [FLOWER]})
        deadline = threading.Event()
        for _ in range(1000):
            if lake.batches(TABLE):
                break
            deadline.wait(0.05)
        assert len(stored(lake)) == 1


def test_a_busy_hour_is_not_written_anew_at_every_look(champion: Champion, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    log = PredictionLog(tmp_path / "spool", lake, "iris")
    portion = answered(champion, "", *map(str, range(1000)))
    flushes, most_waiting = 0, 0
    for at in range(100):
        log.append([replace(portion, request_id=f"{at}")])
        if log.worth_a_flush():
            flushes += 1
            most_waiting = max(most_waiting, log.unflushed)
            log.flush()
    assert 5 < flushes < 25
    assert most_waiting <= 25_000
    log.flush()
    assert len(stored(lake)) == 100_000
    assert not log.worth_a_flush(), "there is nothing"


def test_an_hour_that_is_over_is_brought_however_little_it_is(champion: Champion, tmp_path: Path) -> None:
    log = PredictionLog(tmp_path / "spool", Lake(str(tmp_path / "lake")), "iris")
    past = datetime(2026, 3, 1, 12, tzinfo=UTC)
    log.append([replace(answered(champion, "many", *map(str, range(1000))), served_at=past)])
    log.flush()
    log.append([replace(answered(champion, "few", "a"), served_at=past)])
    assert log.worth_a_flush()
    log.flush()
    log.append([answered(champion, "first of its hour", "a")])
    assert log.worth_a_flush()


def test_answers_of_a_model_that_is_served_no_more_are_brought(
    champion: Champion, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lake = Lake(str(tmp_path / "lake"))
    gone = PredictionLog(tmp_path / "spool" / "iris", lake, "iris")
    gone.append([answered(champion, "one", "a")])
    gone._close()
    PredictionLogs(tmp_path / "spool", lake, ["other"], flush_seconds=60).flush()
    assert stored(lake)["request_id"].tolist() == ["one"]
    assert "iris is not served any more" in caplog.text
    caplog.clear()
    PredictionLogs(tmp_path / "spool", lake, ["other"], flush_seconds=60)
    assert not caplog.text


def test_spool_files_are_for_nobody_else(champion: Champion, tmp_path: Path) -> None:
    log = PredictionLog(tmp_path / "spool", Lake(str(tmp_path / "lake")), "iris")
    log.append([answered(champion, "one", "a")])
    (path,) = (tmp_path / "spool").glob("*.jsonl")
    assert (path.stat().st_mode & 0o777, (tmp_path / "spool").stat().st_mode & 0o777) == (0o600, 0o700)
    assert os.fstat(log._file._file).st_nlink == 1  # type: ignore[union-attr]
