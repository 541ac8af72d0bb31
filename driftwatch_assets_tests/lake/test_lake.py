"""One behaviour suite for every storage that a lake may lie on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftwatch_assets.lake import (
    BatchMissing,
    ColumnMissing,
    Lake,
    NameRefused,
    PartitionUnreadable,
    content_fingerprint,
)

TABLE = "gas_sensors/silver/readings"
ESCAPES = ["../x", "a/b", "", ".hidden", "..", "a\\b", "a\0b", "x=1", "a b", "7\n", "/etc", "~", "x" * 121]


@pytest.fixture(params=["local path", "file url", "memory"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    urls = {
        "local path": str(tmp_path / "lake"),
        "file url": f"file://{tmp_path}/lake",
        "memory": f"memory://{tmp_path.name}-{id(request)}/lake",
    }
    return Lake(urls[request.param])


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "reading": np.arange(4, dtype=np.int64),
            "gas": ["ethanol", None, "acetone", "ethanol"],
            "x1": [0.1, np.nan, -0.0, 1e300],
            "kept": [True, False, True, True],
            "measured": pd.to_datetime(["2008-01-01", None, "2008-02-01", "2011-02-03T04:05:06.789"], format="ISO8601"),
        },
        index=[7, 7, 1, 0],
    )


def test_a_table_comes_back_as_it_was_written_without_its_index(lake: Lake, frame: pd.DataFrame) -> None:
    written = lake.write(TABLE, "7", frame, {"source_file": "batch7.dat"})

    pd.testing.assert_frame_equal(lake.read(TABLE, "7"), frame.reset_index(drop=True))
    assert written.rows == 4
    assert written.changed
    assert written.uri == lake.uri(TABLE, "7")
    assert written.uri.endswith(f"{TABLE}/batch=7/data.parquet")


def test_columns_are_read_in_the_order_that_was_asked_for(lake: Lake, frame: pd.DataFrame) -> None:
    lake.write(TABLE, "7", frame, {})

    assert lake.read(TABLE, "7", columns=["x1", "reading"]).columns.tolist() == ["x1", "reading"]
    assert lake.read(TABLE, "7", columns=[]).shape == (4, 0)
    with pytest.raises(ColumnMissing, match=r"batch '7' has no column 'raeding' \(did you mean 'reading'\?\)"):
        lake.read(TABLE, "7", columns=["raeding"])


def test_provenance_comes_back_with_the_fingerprint_of_the_content(lake: Lake, frame: pd.DataFrame) -> None:
    written = lake.write(TABLE, "7", frame, {"source_file": "batch7.dat"})

    assert lake.provenance(TABLE, "7") == {"source_file": "batch7.dat", "fingerprint": written.fingerprint}
    assert lake.fingerprint(TABLE, "7") == written.fingerprint
    assert len(written.fingerprint) == 64
    with pytest.raises(NameRefused, match="may not hold 'fingerprint'"):
        lake.write(TABLE, "7", frame, {"fingerprint": "mine"})


def test_the_same_content_and_provenance_is_not_written_again(lake: Lake, frame: pd.DataFrame) -> None:
    first = lake.write(TABLE, "7", frame, {"run": "1"})

    assert lake.write(TABLE, "7", frame.reset_index(drop=True), {"run": "1"}) == type(first)(
        first.uri, first.rows, first.fingerprint, changed=False
    )
    other_origin = lake.write(TABLE, "7", frame, {"run": "2"})
    assert other_origin.changed
    assert other_origin.fingerprint == first.fingerprint
    assert lake.write(TABLE, "7", frame.assign(x1=0.0), {"run": "2"}).fingerprint != first.fingerprint


def test_a_missing_batch_names_the_batches_that_are_there(lake: Lake, frame: pd.DataFrame) -> None:
    with pytest.raises(BatchMissing, match=r"'gas_sensors/silver/readings' has no batch '7' \(there are none yet\)"):
        lake.read(TABLE, "7")
    for batch in ("10", "9"):
        lake.write(TABLE, batch, frame, {})
    with pytest.raises(BatchMissing, match=r"no batch '7' \(there are: 9, 10\)"):
        lake.provenance(TABLE, "7")
    assert not lake.exists(TABLE, "7")
    assert lake.exists(TABLE, "9")


def test_batches_are_listed_in_batch_order_and_by_table(lake: Lake, frame: pd.DataFrame) -> None:
    for batch in ("10", "2", "1"):
        lake.write("m/gold", batch, frame, {})
    for batch in ("2024-01", "2023-10", "2023-02"):
        lake.write("m/gold2", batch, frame, {})

    assert lake.batches("m/gold") == ["1", "2", "10"]
    assert lake.batches("m/gold2") == ["2023-02", "2023-10", "2024-01"]
    assert lake.batches("m/absent") == []
    assert lake.batches("m") == []


def test_a_dropped_batch_is_gone_and_dropping_twice_is_no_error(lake: Lake, frame: pd.DataFrame) -> None:
    lake.write(TABLE, "7", frame, {})
    lake.drop(TABLE, "7")
    lake.drop(TABLE, "7")

    assert lake.batches(TABLE) == []
    assert lake.write(TABLE, "7", frame, {}).changed


@pytest.mark.parametrize("name", ESCAPES)
def test_a_batch_that_could_leave_its_folder_is_refused(lake: Lake, frame: pd.DataFrame, name: str) -> None:
    for attempt in (
        lambda: lake.write(TABLE, name, frame, {}),
        lambda: lake.read(TABLE, name),
        lambda: lake.drop(TABLE, name),
        lambda: lake.exists(TABLE, name),
        lambda: lake.uri(TABLE, name),
    ):
        with pytest.raises(NameRefused, match="cannot be a name in the lake: expected 1 to 120 letters"):
            attempt()


@pytest.mark.parametrize("name", ["../x", "", "/abs", "a//b", "a/../b", "a/.b", "a/batch=7/data.parquet"])
def test_a_table_or_a_file_that_could_leave_the_lake_is_refused(lake: Lake, frame: pd.DataFrame, name: str) -> None:
    for attempt in (
        lambda: lake.write(name, "7", frame, {}),
        lambda: lake.batches(name),
        lambda: lake.write_file(name, b""),
        lambda: lake.read_file(name),
        lambda: lake.files(name),
    ):
        with pytest.raises(NameRefused):
            attempt()


def test_an_empty_table_keeps_its_columns(lake: Lake, frame: pd.DataFrame) -> None:
    lake.write(TABLE, "7", frame.iloc[:0], {})

    assert lake.read(TABLE, "7").columns.tolist() == frame.columns.tolist()


def test_a_column_without_any_value_is_text_so_that_partitions_agree(lake: Lake) -> None:
    lake.write(TABLE, "7", pd.DataFrame({"problem": [None, None]}), {})
    lake.write(TABLE, "8", pd.DataFrame({"problem": [None, "line 2"]}), {})

    assert lake.read(TABLE, "7")["problem"].isna().all()
    assert lake.fingerprint(TABLE, "7") == content_fingerprint(
        pa.table({"problem": pa.array([None, None], pa.string())})
    )


def test_files_come_back_whole_and_partitions_are_not_among_them(lake: Lake, frame: pd.DataFrame) -> None:
    uri = lake.write_file("m/reports/7.html", b"<html>")
    lake.write_file("m/reports/7.html", b"<html>again")
    lake.write_file("m/reports/sub/10.json", b"{}")
    lake.write("m/reports", "7", frame, {})

    assert uri == lake.uri_of("m/reports/7.html")
    assert lake.read_file("m/reports/7.html") == b"<html>again"
    assert lake.files("m/reports") == ["m/reports/7.html", "m/reports/sub/10.json"]
    assert lake.files("m/absent") == []
    with pytest.raises(FileNotFoundError, match=r"no file 'm/reports/8.html'; beside it: m/reports/7.html"):
        lake.read_file("m/reports/8.html")


def test_a_partition_is_plain_parquet_for_other_tools(tmp_path: Path, frame: pd.DataFrame) -> None:
    lake = Lake(str(tmp_path))
    for batch in ("7", "8"):
        lake.write("t", batch, frame, {})

    assert pq.read_table(tmp_path / "t").num_rows == 8


def test_a_damaged_partition_is_named_and_can_be_written_again(tmp_path: Path, frame: pd.DataFrame) -> None:
    lake = Lake(str(tmp_path))
    path = Path(lake.write(TABLE, "7", frame, {}).uri)
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"\0" * len(whole), whole[:40] + b"\0" * 40 + whole[80:]):
        path.write_bytes(damaged)
        with pytest.raises(
            PartitionUnreadable, match=r"batch '7' at .*is no whole Parquet file .*materialize the batch"
        ):
            lake.read(TABLE, "7")

    assert lake.write(TABLE, "7", frame.assign(x1=1.0), {}).changed
    assert lake.read(TABLE, "7")["x1"].tolist() == [1.0] * 4
