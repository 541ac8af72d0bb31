"""Deliveries that come late, again, corrected, out of order or spoilt, through the whole loop."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import dagster as dg
import pandas as pd
import pytest

from driftwatch_assets.command_line.history import failed_checks, read_history
from driftwatch_assets.components import records
from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import defs, places_of
from driftwatch_assets.defs.gas_sensors.simulate import simulate
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, MODEL, House

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from driftwatch_assets.components.ticks import Tick

pytestmark = DAGSTERS_OWN_WARNINGS


def evidence(house: House, batch: str, kind: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        (house.folder / "lake" / MODEL / "evidence" / batch / f"{kind}.json").read_text()
    )
    return content


def trained_through(house: House) -> list[str]:
    return [version.trained_through for version in house.watched.registry.history(MODEL)]


def scored_by(house: House, batch: str) -> str:
    return house.watched.lake.provenance(f"{MODEL}/predictions", batch)["champion_trained_through"]


def intakes(house: House, batch: str) -> list[str]:
    with house.instance() as instance:
        return [intake.status for intake in records.intakes(instance, MODEL) if intake.batch == batch]


def tick_arrivals(house: House) -> Tick:
    with house.instance() as instance:
        daemon = LocalDaemon(instance, defs(), places_of(house.settings))
        return daemon.tick(house.component.keys.arrivals_sensor)


def only(stored: dict[str, str], tables: Iterable[str], batch: str) -> dict[str, str]:
    return {name: stored[name] for name in (f"{table}/{batch}" for table in tables) if name in stored}


def without_labels(content: bytes) -> bytes:
    return re.sub(rb"(?m)^\S+ ", b"? ", content)


def relabelled(content: bytes, label: bytes, share: float) -> bytes:
    lines = content.splitlines(keepends=True)
    spoilt = int(len(lines) * share)
    return b"".join([*(label + b" " + line.split(b" ", 1)[1] for line in lines[:spoilt]), *lines[spoilt:]])


@pytest.mark.slow
def test_batches_that_arrive_out_of_order_are_each_scored_by_the_champion_of_their_time(
    house6: House, deliveries: dict[str, bytes]
) -> None:
    house6.deliver("batch8.dat", deliveries["8"])
    assert house6.replay().status == 0
    assert scored_by(house6, "8") == "6"
    eighth, versions = house6.stored("8"), trained_through(house6)
    assert "7" not in versions

    house6.deliver("batch7.dat", deliveries["7"])
    assert house6.replay().status == 0
    assert scored_by(house6, "7") == "6"
    assert house6.stored("8") == eighth
    assert trained_through(house6) == versions, "a batch before the newest training is no reason for another one"
    with house6.lived_in():
        assert [record["batch"] for record in read_history(MODEL)] == [str(batch) for batch in range(1, 9)]


class TestLateLabels:
    @pytest.fixture
    def unlabelled(self, house6: House, deliveries: dict[str, bytes]) -> House:
        house6.deliver("batch7.dat", without_labels(deliveries["7"]))
        told = house6.replay()
        assert told.status == 0, told.text
        return house6

    def test_a_batch_without_them_is_scored_and_watched_and_its_performance_not_judged(self, unlabelled: House) -> None:
        gold = unlabelled.watched.lake.read(f"{MODEL}/gold/features", "7")
        assert gold["gas"].isna().all()
        assert len(unlabelled.watched.lake.read(f"{MODEL}/predictions", "7")) == len(gold)
        drift, performance = (evidence(unlabelled, "7", kind) for kind in ("drift", "performance"))
        assert drift["data_drift"]["drift_detected"] is True
        assert drift["label_drift"] is None
        assert drift["prediction_drift"] is not None
        assert performance["metrics"] is None
        assert performance["verdict"]["degraded"] is None
        assert performance["verdict"]["reason"].startswith("not judged: 0 rows have a label")
        assert trained_through(unlabelled) == ["6"], "nothing can be trained without labels"

    def test_that_arrive_are_judged_and_change_no_prediction(
        self, unlabelled: House, deliveries: dict[str, bytes]
    ) -> None:
        predictions = unlabelled.watched.lake.read(f"{MODEL}/predictions", "7")
        drift = evidence(unlabelled, "7", "drift")["data_drift"]
        unlabelled.deliver("batch7.dat", deliveries["7"])
        assert unlabelled.replay().status == 0
        performance = evidence(unlabelled, "7", "performance")
        assert performance["verdict"]["degraded"] is not None
        assert 0 < performance["metrics"]["accuracy"] < 1
        labelled = unlabelled.watched.lake.read(f"{MODEL}/predictions", "7")
        # Rows with an unknown gas were rejected only once there was a label to be unknown.
        rejected = unlabelled.watched.lake.read(f"{MODEL}/quarantine/readings", "7")
        unknown = set(rejected["source_line"][rejected["reason"].str.contains("is no known gas")])
        assert set(predictions["reading"]) - set(labelled["reading"]) == unknown != set()
        before = predictions[predictions["reading"].isin(labelled["reading"])].reset_index(drop=True)
        # A matrix product of fewer rows is rounded otherwise: the last bits of a score depend on how many there are.
        pd.testing.assert_frame_equal(labelled, before, check_exact=False, rtol=1e-12, atol=1e-15)
        assert evidence(unlabelled, "7", "drift")["data_drift"]["drift_detected"] == drift["drift_detected"]
        assert trained_through(unlabelled) == ["6", "7"]
        assert intakes(unlabelled, "7") == ["succeeded", "succeeded"]


class TestCorrections:
    layers = ("bronze/readings", "silver/readings", "gold/features", "predictions", "drift")

    def test_a_corrected_file_replaces_its_batch_and_the_first_one_again_brings_all_back(
        self, house8: House, deliveries: dict[str, bytes]
    ) -> None:
        stored, versions = house8.stored(), trained_through(house8)
        shorter = b"".join(deliveries["7"].splitlines(keepends=True)[:-40])
        house8.deliver("batch7.dat", shorter)
        assert house8.replay().status == 0
        corrected = house8.stored()
        for table in self.layers:
            assert corrected[f"{table}/7"] != stored[f"{table}/7"]
        assert {name for name in stored if corrected[name] != stored[name]} <= {
            f"{name}" for name in house8.stored("7")
        }
        assert trained_through(house8) == versions, "batch 7 is older than the newest training"

        house8.deliver("batch7.dat", deliveries["7"])
        assert house8.replay().status == 0
        assert house8.stored() == stored
        assert intakes(house8, "7") == ["succeeded"] * 3
        assert house8.replay().status == 0
        assert intakes(house8, "7") == ["succeeded"] * 3, "it came to rest"

    def test_a_bad_one_leaves_what_was_stored(self, house8: House, deliveries: dict[str, bytes]) -> None:
        stored = house8.stored()
        house8.deliver("batch8.dat", deliveries["8"][:-30])
        told = house8.replay()
        assert told.status == 1
        assert "batch8.dat, line 74, column 12" in told.text
        assert "truncated" in told.text
        assert house8.stored() == stored

        house8.deliver("batch8.dat", relabelled(deliveries["8"], b"9", 0.2))
        told = house8.replay()
        assert told.status == 1
        assert f"{MODEL}/silver/readings, batch 8, may not go on" in told.text
        good = ("silver/readings", "gold/features", "predictions", "drift")
        assert only(house8.stored(), good, "8") == only(stored, good, "8")
        assert intakes(house8, "8") == ["succeeded", "refused", "refused"]
        with house8.instance() as instance:
            assert "rejected" in failed_checks(instance, house8.component)["8"]


BAD = {
    "21": (
        "truncated",
        lambda good: good[:-30],
        "batch21.dat, line 904, column 12",
        "truncated. Deliver the whole file",
    ),
    "22": ("binary", lambda _: b"\x7fELF\x00\x01\xff" * 400, "batch22.dat, line 1", "this is no UTF-8 text"),
    "23": ("empty", lambda _: b"", "batch23.dat", "the file is empty. Deliver it again"),
    "24": (
        "index outside",
        lambda good: good.replace(b" 128:", b" 129:"),
        "batch24.dat, line 1",
        "none of its 904 lines can be read; the first: line 1, column 129: found index 129, expected an index from 1",
    ),
    "25": (
        "missing index",
        lambda good: re.sub(rb" 77:\S+", b"", good),
        "batch25.dat, line 1",
        "column 77: found no value for index 77, expected 128 values",
    ),
    "26": (
        "no numbers",
        lambda good: re.sub(rb"(?m)^(\d;?\S* 1:)\S+", rb"\1nan", good),
        "batch26.dat, line 1",
        "column 1: found 'nan', expected a finite number",
    ),
    "27": (
        "unknown labels",
        lambda good: relabelled(good, b"7", 0.2),
        f"{MODEL}/silver/readings, batch 27",
        "may not go on",
    ),
    "28": ("some infinite", lambda good: good.replace(b" 5:", b" 5:inf 5:", 1), None, None),
}


@pytest.fixture(scope="module")
def spoilt(through6: House, deliveries: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> House:
    """Give a house into whose landing folder all kinds of bad files were put at once."""
    house = through6.copied_to(tmp_path_factory.mktemp("spoilt") / "house")
    for batch, (_, spoil, _, _) in BAD.items():
        house.deliver(f"batch{batch}.dat", spoil(deliveries["7"]))
    house.deliver("batch29.dat", _with_a_few_dirty_lines(deliveries["7"]))
    house.deliver("batch-thirty.dat", deliveries["8"])
    house.deliver("notes.txt", "to whom it may concern\n")
    return house


@pytest.fixture(scope="module")
def told(spoilt: House) -> str:
    """Replay them, and give what was printed."""
    told = spoilt.replay()
    assert told.status == 1
    return told.text


class TestBadInput:
    @pytest.mark.parametrize("batch", [batch for batch in BAD if BAD[batch][2]])
    def test_fails_its_run_with_file_line_column_and_what_to_do(self, batch: str, told: str) -> None:
        _, _, where, what = BAD[batch]
        line = next(line for line in told.splitlines() if line.startswith(f"batch {batch} failed:"))
        assert str(where) in line
        assert str(what) in line

    def test_leaves_no_half_written_table(self, spoilt: House, told: str) -> None:
        del told
        tables = {name.rsplit("/", 1)[0] for name in spoilt.stored("21")}
        assert tables == set()
        for batch in BAD:
            names = {name.rsplit("/", 1)[0] for name in spoilt.stored(batch)}
            if BAD[batch][2] is not None:
                assert "silver/readings" not in names
                assert "predictions" not in names
        assert not [name for name in spoilt.files() if name.endswith(".tmp")]

    def test_does_not_hold_the_other_batches(self, spoilt: House, told: str) -> None:
        assert "batch 29 failed" not in told
        assert intakes(spoilt, "29") == ["succeeded"]
        assert intakes(spoilt, "28") == ["succeeded"]
        assert evidence(spoilt, "29", "performance")["metrics"] is not None

    def test_in_a_few_lines_goes_to_quarantine_with_file_line_and_reason(self, spoilt: House, told: str) -> None:
        del told
        rows = spoilt.watched.lake.read(f"{MODEL}/quarantine/readings", "29").set_index("source_line")["reason"]
        assert rows[2] == "line 2, column 129: found index 129, expected an index from 1 to 128"
        assert rows[3].startswith("line 3, column 50: found no value for index 50")
        assert rows[4] == "line 4, column 1: found 'nan', expected a finite number"
        assert rows[5] == "line 5, column 3: found '-inf', expected a finite number"
        assert rows[6] == "label '9' is no known gas, expected one of 1, 2, 3, 4, 5, 6"
        assert rows[8] == "duplicate of line 7"
        assert set(spoilt.watched.lake.read(f"{MODEL}/quarantine/readings", "29")["source_file"]) == {"batch29.dat"}

    def test_that_was_refused_is_not_tried_again_as_it_is(self, spoilt: House, told: str) -> None:
        del told
        again = spoilt.replay()
        assert again.status == 0
        for batch in BAD:
            assert len(intakes(spoilt, batch)) == 1

    def test_whose_name_does_not_match_is_told_of_and_left_alone(self, spoilt: House, told: str) -> None:
        del told
        note = tick_arrivals(spoilt).note
        assert r"batch-thirty.dat: its name does not match 'batch(?P<batch>[0-9]+)\\.dat': rename it" in note
        assert "notes.txt: its name does not match" in note


def _with_a_few_dirty_lines(content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    clean = [line for line in lines if re.fullmatch(rb"[1-6] 1:.* 128:[-0-9.]+\n", line) and b"nan" not in line]
    clean[1] = clean[1].replace(b" 128:", b" 129:")
    clean[2] = re.sub(rb" 50:\S+", b"", clean[2])
    clean[3] = re.sub(rb" 1:\S+", b" 1:nan", clean[3])
    clean[4] = re.sub(rb" 3:\S+", b" 3:-inf", clean[4])
    clean[5] = b"9" + clean[5][1:]
    clean[7] = clean[6]
    return b"".join(clean)


class TestTheLandingFolder:
    def test_a_file_that_may_still_be_being_written_waits(self, house6: House, deliveries: dict[str, bytes]) -> None:
        path = house6.deliver("batch7.dat", deliveries["7"][:5000])
        path.touch()
        tick = tick_arrivals(house6)
        assert tick.requests == ()
        assert "batch7.dat: it was modified" in tick.note
        assert "has to rest for 5 s" in tick.note
        house6.deliver("batch7.dat", deliveries["7"])
        assert [request.partition_key for request in tick_arrivals(house6).requests] == ["7"]

    def test_two_files_of_one_batch_are_told_of_and_neither_is_taken(
        self, house6: House, deliveries: dict[str, bytes]
    ) -> None:
        house6.deliver("batch7.dat", deliveries["7"])
        house6.deliver("batch07.dat", deliveries["8"])
        tick = tick_arrivals(house6)
        assert tick.requests == ()
        assert "batch07.dat, batch7.dat all claim batch" in tick.note

    def test_an_unreadable_one_is_no_empty_one(self, house6: House) -> None:
        elsewhere = house6.landing.rename(house6.landing.with_name("elsewhere"))
        with pytest.raises(dg.Failure, match=r"the landing folder .* cannot be read"):
            tick_arrivals(house6)
        elsewhere.rename(house6.landing)
        assert "nothing new among 6 landed batches" in tick_arrivals(house6).note

    def test_what_was_taken_in_stays_when_its_file_leaves(self, house6: House) -> None:
        files = house6.files()
        (house6.landing / "batch6.dat").unlink()
        assert house6.backfill("6", "6").status == 0
        assert house6.files() == files


@pytest.mark.soak
def test_ten_times_the_usual_size_is_taken_in(house6: House, tmp_path: Path) -> None:
    """About 36,000 rows: ten times the largest real batch."""
    (big,) = [file for file in simulate(tmp_path / "big", seed=9, batches=10, scale=10.0) if file.name == "batch10.dat"]
    house6.deliver("batch10.dat", big.read_bytes())
    with house6.instance() as instance:
        daemon = LocalDaemon(instance, defs(), places_of(house6.settings))
        (request,) = daemon.tick(house6.component.keys.arrivals_sensor).requests
        assert daemon.run(house6.component.keys.batch_job, request).success
    assert len(house6.watched.lake.read(f"{MODEL}/predictions", "10")) > 35_000
