"""Measure what single pieces of work cost; exit 1 when a bar is missed.

Run it with ``python -m benchmarks.pieces`` on an idle machine. Each piece is done once to warm up, then three times; of
these the quickest counts, in CPU seconds of one thread. It writes its part of ``benchmarks/results.md``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.bars import Bar
from benchmarks.page import bars_table, exit_status, write_part
from benchmarks.processor import describe, one_thread
from driftwatch_assets.defs.gas_sensors.simulate import simulate as simulate_gas_sensors
from driftwatch_assets.defs.traffic_accidents.simulate import simulate as simulate_traffic_accidents
from driftwatch_assets.drift import CorrelationReference, Reference, compare_whole_table
from driftwatch_assets.lake import content_fingerprint
from driftwatch_assets.quality import TableColumns, parse_suite, validate
from driftwatch_assets.sources import CsvSource, LibsvmSource
from driftwatch_assets.training.auc import resampled_auc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Work = Callable[[], object]

HERE = Path(__file__).parent
REPEATS = 3
PAGE = """\
# What a piece of work costs

`make bench` on {date}; {processor}. CPU seconds of one thread, the quickest of {repeats} after one to warm up.

{bars}
"""


@dataclass(frozen=True)
class Piece:
    """A piece of work, and the CPU seconds that it may take."""

    name: str
    seconds: float
    work: Work


def pieces(folder: Path) -> Iterator[Piece]:
    """Give the pieces; their files are written to a folder."""
    yield from _of_sources(folder)
    yield from _of_quality()
    yield from _of_drift()
    rng = np.random.default_rng(5)
    truth = rng.random(2000) < 0.3
    scores = {name: rng.normal(size=2000).round(1) + truth for name in ("one", "other")}
    yield Piece(
        "AUC of two models, 2,000 resamples of 2,000 rows",
        1.0,
        lambda: resampled_auc(truth, scores, draws=2000, generator=np.random.default_rng(1)),
    )


def _of_sources(folder: Path) -> Iterator[Piece]:
    columns = [f"c{at}" for at in range(22)]
    line = ",".join(["12345"] * 21 + ["2024-01-01"]) + "\n"
    delivered = folder / "large.csv"
    delivered.write_text(",".join(columns) + "\n" + line * (22 * 2**20 // len(line)))
    csv = CsvSource(columns=tuple(columns), dates={"c21": "%Y-%m-%d"})
    yield Piece("read a CSV file of 22 MiB and 22 columns", 1.0, lambda: csv.read(delivered))

    values = np.random.default_rng(0).normal(0, 1000, size=(36_000, 128))
    for rows, seconds in ((3_600, 0.3), (36_000, 15.0)):
        batch = folder / f"batch{rows}.dat"
        with batch.open("w") as file:
            for row in values[:rows]:
                file.write(" ".join(["3", *(f"{at}:{value:.6f}" for at, value in enumerate(row, 1))]) + "\n")
        yield Piece(f"read a LIBSVM file of {rows:,} x 128", seconds, partial(LibsvmSource(features=128).read, batch))

    table = pa.table({**{f"x{at}": values[:3600, at] for at in range(128)}, "gas": ["ethanol"] * 3600})
    yield Piece("fingerprint a batch of 3,600 x 129", 0.05, lambda: content_fingerprint(table))
    yield Piece("simulate the ten batches of gas sensors", 5.0, lambda: simulate_gas_sensors(folder / "gas", seed=3))
    yield Piece(
        "simulate the years of traffic accidents", 1.0, lambda: simulate_traffic_accidents(folder / "traffic", seed=3)
    )


def _of_quality() -> Iterator[Piece]:
    rng = np.random.default_rng(7)
    sensors = tuple(f"s{at:03d}" for at in range(128))
    readings = pd.DataFrame(rng.uniform(-1, 1, size=(3613, 128)), columns=list(sensors))
    readings.insert(0, "gas", "ethanol")
    readings.insert(0, "reading", np.arange(1, len(readings) + 1))
    wrong = readings.assign(gas="butane", reading=1, **dict.fromkeys(sensors, 9.0))
    known = TableColumns(
        types={"reading": "int64", "gas": "string", **dict.fromkeys(sensors, "float64")},
        features=sensors,
        identity=("reading",),
    )
    suite: list[dict[str, object]] = [
        {"expect": "schema"},
        {"expect": "row_count", "min": 50, "max": 5000},
        {"expect": "values_in", "column": "gas", "values": ["acetone", "ethanol"]},
        {"expect": "not_null", "columns": "features"},
        {"expect": "between", "columns": "features", "min": -1, "max": 1},
        {"expect": "unique", "columns": ["reading"]},
        {"expect": "no_duplicates"},
        {"expect": "rejected", "max_share": 0.05},
    ]
    for what, frame in (("all right", readings), ("all wrong", wrong)):
        yield Piece(f"8 expectations on 3,613 x 130, {what}", 2.0, _validation(frame, suite, known))

    numbers = tuple(f"n{at}" for at in range(20))
    applications = pd.DataFrame(rng.normal(size=(6688, 20)), columns=list(numbers))
    applications["purpose"] = rng.choice(["car", "house", "debt", None], 6688, p=[0.1, 0.2, 0.65, 0.05])
    applications["status"] = rng.choice(["given", "refused"], 6688, p=[0.776, 0.224])
    leaks: list[dict[str, object]] = [{"expect": "label_leak", "label": "status"}]
    features = TableColumns(features=(*numbers, "purpose"))
    yield Piece("look for label leaks in 6,688 x 21", 0.5, _validation(applications, leaks, features))

    few = (*numbers[:18], "purpose")
    every_kind: list[dict[str, object]] = [
        {"expect": "matches", "column": "purpose", "pattern": "[a-z]"},
        {"expect": "not_null", "columns": "features"},
        {"expect": "between", "columns": list(numbers[:18]), "min": -9},
        {"expect": "outliers", "columns": "features", "max_share": 0.01},
        {"expect": "outliers", "columns": "features", "method": "mad", "max_share": 0.01, "name": "mad"},
        {"expect": "no_duplicates"},
        {"expect": "conflicting_labels", "label": "status"},
        *leaks,
        {"expect": "row_count", "min": 1},
    ]
    yield Piece(
        "9 expectations of other kinds on 1,000 x 20",
        0.3,
        _validation(applications[[*few, "status"]].head(1000), every_kind, TableColumns(features=few)),
    )

    texts = pd.DataFrame({"x": np.tile(["loan", "card_", None], 100_000)})
    words: list[dict[str, object]] = [{"expect": "matches", "column": "x", "pattern": "[a-z]+"}]
    yield Piece("match 300,000 texts, three of them different", 2.0, _validation(texts, words, TableColumns()))


def _validation(frame: pd.DataFrame, items: list[dict[str, object]], known: TableColumns) -> Work:
    suite = parse_suite(items)
    return lambda: validate(frame, suite, table="silver", batch="1", columns=known)


def _of_drift() -> Iterator[Piece]:
    rng = np.random.default_rng(14)
    for reference_rows, rows, columns, seconds in ((2000, 500, 15, 1.5), (3600, 3600, 128, 4.0)):
        tables = [pd.DataFrame(rng.normal(size=(each, columns))) for each in (reference_rows, rows)]
        yield Piece(
            f"compare whole tables, {reference_rows:,} and {rows:,} x {columns}",
            seconds,
            partial(compare_whole_table, *tables),
        )

    frame = pd.DataFrame(rng.normal(size=(6000, 128)))
    gas = pd.Series(rng.choice(list("abcdef"), 6000))
    correlation = CorrelationReference.fit(frame, gas)
    yield Piece(
        "compare correlations, 6,000 and 3,600 x 128, six classes",
        1.0,
        lambda: correlation.compare(frame.head(3600), gas.head(3600)),
    )

    vocabulary = Reference.fit(pd.DataFrame({"id": rng.permutation(2_000_000)[:1_000_000].astype(str)}))
    batch = pd.DataFrame({"id": rng.integers(0, 2_000_000, 100_000).astype(str)})
    yield Piece("compare 100,000 rows with a million categories", 5.0, lambda: vocabulary.compare(batch))


def cost(work: Work) -> float:
    """Do it once, then a few times; give the fewest CPU seconds."""
    work()
    spent = []
    for _ in range(REPEATS):
        begun = time.process_time()
        work()
        spent.append(time.process_time() - begun)
    return min(spent)


def main() -> int:
    """Measure, print, write; give the exit code."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    bars = []
    with tempfile.TemporaryDirectory(prefix="driftwatch-bench-") as name:
        for piece in pieces(Path(name)):
            bars.append(Bar(f"{piece.name}: CPU s", cost(piece.work), piece.seconds))
            print(f"{bars[-1].found:9.4f} s  {piece.name}", flush=True)
    text = PAGE.format(
        date=dt.datetime.now(tz=dt.UTC).date(), processor=describe(), repeats=REPEATS, bars=bars_table(bars)
    )
    write_part(HERE / "results.md", text)
    return exit_status(bars)


if __name__ == "__main__":
    if os.environ.get("OMP_NUM_THREADS") != "1":
        # Libraries read how many threads they may have when they are loaded.
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.pieces", *sys.argv[1:]], one_thread())  # noqa: S606
    sys.exit(main())
