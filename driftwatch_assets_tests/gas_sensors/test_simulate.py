"""The simulated array: the publisher's format and proportions, counted dirt, and an ageing that matters."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from driftwatch_assets.defs.gas_sensors.simulate import DIRT, ROWS, dirt, simulate
from driftwatch_assets.defs.gas_sensors.transforms import FEATURES, GASES, silver
from driftwatch_assets.sources import LibsvmSource, Split, list_landing, readable, split

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = LibsvmSource(features=128)

# SHA-256 of the files of seed 1: the same on every platform and with every supported version of Python and NumPy.
DIGESTS = {
    "batch1.dat": "50481f77b3dc0bc25729bef905e9cf8a8282dfde382469a7d4bc2ae248e2bf51",
    "batch4.dat": "d9bdb7c2b74f2a54a2b8457b0b450ba8c0d24c2f293553ca789536bb581db6d7",
    "batch10.dat": "3672239bf021f24661c3e645772230a4a6c88cef482c2ac37c55a181f5a21442",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return simulate(tmp_path_factory.mktemp("simulated"), seed=1)


@pytest.fixture(scope="module")
def parted(files: list[Path]) -> list[Split]:
    raw = [SOURCE.read(file).to_pandas() for file in files]
    return [split(rows, silver(readable(rows)), file.name) for rows, file in zip(raw, files, strict=True)]


def test_the_files_are_the_same_bytes_everywhere(files: list[Path]) -> None:
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    assert {name: found[name] for name in DIGESTS} == DIGESTS


def test_a_batch_does_not_depend_on_how_many_are_asked_for(tmp_path: Path, files: list[Path]) -> None:
    for file in simulate(tmp_path, seed=1, batches=3):
        assert file.read_bytes() == files[int(file.stem.removeprefix("batch")) - 1].read_bytes()


def test_another_seed_makes_other_readings_of_the_same_proportions(tmp_path: Path, files: list[Path]) -> None:
    for mine, other in zip(files, simulate(tmp_path, seed=2, batches=4), strict=False):
        assert mine.read_bytes() != other.read_bytes()
        assert len(mine.read_bytes().splitlines()) == len(other.read_bytes().splitlines())


def test_batches_have_the_published_number_of_lines_and_mix_of_gases(files: list[Path], parted: list[Split]) -> None:
    for batch, (file, rows) in enumerate(zip(files, parted, strict=True), 1):
        published = dict(zip(GASES.values(), ROWS[batch - 1], strict=True))
        kept = Counter(rows.kept["gas"])

        assert len(file.read_text().splitlines()) == sum(published.values())
        assert len(rows.kept) + len(rows.rejected) == sum(published.values())
        assert all(abs(kept[gas] - count) <= len(rows.rejected) + 1 for gas, count in published.items())
        assert ("toluene" in kept) == (batch not in {3, 4, 5})


def test_the_dirt_is_counted_and_below_one_percent(parted: list[Split]) -> None:
    signs = dict(zip(DIRT, ("found index 129", "found 'nan'", "is no known gas", "duplicate of line"), strict=True))
    for batch, rows in enumerate(parted, 1):
        lines = len(rows.kept) + len(rows.rejected)
        reasons = rows.rejected["reason"].tolist()
        found = {kind: sum(sign in reason for reason in reasons) for kind, sign in signs.items()}

        assert found == dirt(batch, lines)
        assert 0 < sum(found.values()) == len(reasons) < 0.01 * lines


def test_every_kind_of_dirt_comes_in_a_large_batch() -> None:
    assert min(dirt(7, 3613).values()) >= 7


@pytest.mark.parametrize("scale", [0.01, 0.1, 10.0])
def test_scaled_batches_keep_every_gas_and_stay_readable(tmp_path: Path, scale: float) -> None:
    for file, counts in zip(simulate(tmp_path, seed=1, batches=3, scale=scale), ROWS, strict=False):
        table = SOURCE.read(file)
        assert table.num_rows == sum(max(1, round(count * scale)) if count else 0 for count in counts)
        assert table.column("problem").null_count >= 0.99 * table.num_rows


def test_batches_go_on_after_the_tenth(tmp_path: Path) -> None:
    files = simulate(tmp_path, seed=1, batches=12, scale=0.05)

    assert [file.name for file in files[-2:]] == ["batch11.dat", "batch12.dat"]
    assert files[-1].read_bytes() != files[-2].read_bytes()


def test_the_files_land_as_deliveries(files: list[Path]) -> None:
    landing = list_landing(files[0].parent, r"batch(?P<batch>\d+)\.dat", time.time() + 60, 30)

    assert [delivery.batch for delivery in landing.deliveries] == [str(batch) for batch in range(1, 11)]
    assert (landing.ignored, landing.settling, landing.duplicates) == ((), (), ())


def test_values_are_about_as_large_as_real_ones(parted: list[Split]) -> None:
    raw = np.median(np.abs(parted[0].kept[list(FEATURES)].to_numpy()), axis=0).reshape(16, 8)

    assert ((raw[:, 0] > 500) & (raw[:, 0] < 100_000)).all()
    assert ((raw[:, 1] > 1) & (raw[:, 1] < 20)).all()
    assert (raw[:, 2:] < 100).all()


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), SVC(C=100, gamma=0.005)),
        pytest.param(ExtraTreesClassifier(100, random_state=0), marks=pytest.mark.soak),
    ],
    ids=["svc", "extra trees"],
)
def test_a_frozen_model_loses_and_retraining_helps(parted: list[Split], model: object) -> None:
    batches = [(rows.kept[list(FEATURES)].to_numpy(), rows.kept["gas"].to_numpy()) for rows in parted]

    def accuracy(trained_through: int, scored: int) -> float:
        features, gases = zip(*batches[:trained_through], strict=True)
        fitted = model.fit(np.vstack(features), np.concatenate(gases))  # type: ignore[attr-defined]
        return float(fitted.score(*batches[scored - 1]))

    frozen = [accuracy(6, scored) for scored in (7, 8, 9, 10)]
    retrained = [accuracy(scored - 1, scored) for scored in (7, 8, 9, 10)]

    assert 0.7 < np.mean(frozen) < 0.87
    assert frozen[3] < frozen[2] < frozen[0]
    assert frozen[3] < 0.7
    assert np.mean(retrained) - np.mean(frozen) > 0.07
    assert np.mean(retrained) > 0.85


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"batches": 0}, {"scale": 0.0}, {"scale": float("nan")}])
def test_a_wrong_argument_is_named(tmp_path: Path, wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}=.*expected seed >= 0, batches >= 1, scale > 0"):
        simulate(tmp_path, **{"seed": 1, **wrong})  # type: ignore[arg-type]
