"""The simulated fetches: the published format, counted dirt, another garden, and labels that were mixed up."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from driftwatch_assets.defs.iris.simulate import DIRT, DRIFTED_FROM, MIXED_UP, dirt, simulate
from driftwatch_assets.defs.iris.transforms import FEATURES, SPECIES, silver
from driftwatch_assets.drift import Policy, Reference, judge
from driftwatch_assets_tests.iris.flowers import bronze_of, published, silver_of

if TYPE_CHECKING:
    from pathlib import Path

# SHA-256 of the files of seed 1: the same on every platform and with every supported version of Python and NumPy.
DIGESTS = {
    "fetch-000001.csv": "98a4299ab913c7c4c3771c7fa3b6a6a80ab45150f6ca4939cd92c73e3b654cdf",
    "fetch-000004.csv": "e646d0066180c2a156cb2af97293280828615e5fd01952c777fb4d94d1823b1d",
    "fetch-000006.csv": "649cfda8ecd34aa137d8e8477da3bf917f2e25fa2dac8dd155eee171eb699e8e",
}

MODELS = [
    make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    RandomForestClassifier(50, random_state=0),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return simulate(tmp_path_factory.mktemp("simulated"), seed=1)


@pytest.fixture(scope="module")
def fetches(files: list[Path]) -> list[pd.DataFrame]:
    return [silver_of(file) for file in files]


def test_the_files_are_the_same_bytes_everywhere(files: list[Path]) -> None:
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    assert list(found) == [f"fetch-{at:06}.csv" for at in range(1, 7)]
    assert {name: found[name] for name in DIGESTS} == DIGESTS


def test_a_fetch_does_not_depend_on_how_many_are_asked_for(tmp_path: Path, files: list[Path]) -> None:
    assert [file.read_bytes() for file in simulate(tmp_path, seed=1, batches=2)] == [
        file.read_bytes() for file in files[:2]
    ]


def test_another_seed_makes_other_flowers(tmp_path: Path, files: list[Path]) -> None:
    for mine, other in zip(files, simulate(tmp_path, seed=2), strict=True):
        assert mine.read_bytes() != other.read_bytes()


def test_they_have_the_published_form(files: list[Path]) -> None:
    line = re.compile(r"(\d\.\d,){4}Iris-(setosa|versicolor|virginica)")
    for text in (published(), *(file.read_text() for file in files)):
        assert text.endswith("\n\n")
        assert sum(line.fullmatch(each) is None for each in text.splitlines()[:-1]) <= 3


def test_the_dirt_is_counted(files: list[Path]) -> None:
    signs = dict(zip(DIRT, ("is none of", "is no number", "is not above 0"), strict=True))
    for number, file in enumerate(files, 1):
        typed = silver(bronze_of(file))
        found = {kind: int(typed["reject_reason"].str.contains(sign, na=False).sum()) for kind, sign in signs.items()}

        assert len(typed) == 150
        assert found == dirt(number)
        assert sum(found.values()) == typed["reject_reason"].notna().sum() == (3 if number % 3 == 0 else 1)


def test_each_fetch_has_fifty_of_each_species_but_for_the_dirt(fetches: list[pd.DataFrame]) -> None:
    for number, fetch in enumerate(fetches, 1):
        counts = fetch["species"].value_counts()
        assert set(counts.index) == set(SPECIES.values())
        assert counts.min() >= (48 if number != MIXED_UP else 30)


def test_the_other_garden_is_found_and_nothing_before_it(fetches: list[pd.DataFrame]) -> None:
    reference = Reference.fit(pd.concat(fetches[: DRIFTED_FROM - 2])[list(FEATURES)])
    for number, fetch in enumerate(fetches, 1):
        verdict = judge(reference.compare(fetch[list(FEATURES)]), policy=Policy())
        assert verdict.drift_detected is (number >= DRIFTED_FROM), verdict.reason


@pytest.mark.parametrize("model", MODELS, ids=["logistic regression", "random forest"])
def test_a_frozen_model_loses_retraining_helps_and_mixed_up_labels_are_below_the_gate(
    fetches: list[pd.DataFrame], model: Any
) -> None:
    def accuracy(learned: list[pd.DataFrame], judging: pd.DataFrame) -> float:
        rows = pd.concat(learned)
        return float(
            model.fit(rows[list(FEATURES)], rows["species"]).score(judging[list(FEATURES)], judging["species"])
        )

    def judged(number: int) -> float:
        """Train through a fetch: its odd rows judge, the even ones are learned."""
        fetch = fetches[number - 1]
        return accuracy([*fetches[: number - 1], fetch.iloc[::2]], fetch.iloc[1::2])

    assert judged(1) > 0.9
    assert accuracy(fetches[:2], fetches[2]) > 0.95
    assert accuracy(fetches[:3], fetches[DRIFTED_FROM - 1]) < 0.8
    assert judged(DRIFTED_FROM) > 0.93
    assert accuracy(fetches[:DRIFTED_FROM], fetches[DRIFTED_FROM]) > 0.93
    assert judged(MIXED_UP) < 0.5


def test_scaled_fetches_keep_every_species_and_stay_readable(tmp_path: Path) -> None:
    assert len(bronze_of(simulate(tmp_path, seed=1, batches=1, scale=0.01)[0])) == 12
    assert len(bronze_of(simulate(tmp_path, seed=1, batches=1, scale=2.0)[0])) == 300


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"batches": 0}, {"scale": 0.0}, {"scale": float("nan")}])
def test_a_wrong_argument_is_named(tmp_path: Path, wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}=.*expected seed >= 0, batches >= 1, scale > 0"):
        simulate(tmp_path, **{"seed": 1, **wrong})  # type: ignore[arg-type]
