"""The five pictures of an anomaly detector: whole images of what they were given, or a clear refusal."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch_assets.reporting.anomaly_pictures import (
    PICTURES,
    BatchRate,
    ScoredRows,
    anomaly_pictures,
    anomaly_share,
    anomaly_trend,
    score_distribution,
    top_anomalies,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

ANOMALY, NORMAL = (0xC2, 0x41, 0x0C), (0x0B, 0x72, 0x85)
BACK = (255, 255, 255)


def scored(scores: list[float], threshold: float = 0.6, ids: list[object] | None = None, *, times: bool = True) -> Any:
    start = datetime(2023, 1, 1, tzinfo=UTC)
    return ScoredRows(
        ids=ids or [f"row{at}" for at in range(len(scores))],
        scores=scores,
        anomalous=[score > threshold for score in scores],
        threshold=threshold,
        times=[start + timedelta(hours=at) for at in range(len(scores))] if times else None,
    )


def pixels(image: bytes) -> np.ndarray:
    """Give an image as (rows, columns, red green blue), 0 to 255."""
    from matplotlib.image import imread  # noqa: PLC0415 - the tests' only look at matplotlib

    return np.rint(np.asarray(imread(io.BytesIO(image), format="png"))[..., :3] * 255).astype(int)


def area(image: bytes, colour: tuple[int, int, int]) -> int:
    return int((pixels(image) == colour).all(axis=2).sum())


@pytest.fixture(scope="module")
def rows() -> ScoredRows:
    result: ScoredRows = scored(np.random.default_rng(1).normal(0.45, 0.09, 300).tolist())
    return result


@pytest.fixture(scope="module")
def drawn(rows: ScoredRows) -> Mapping[str, bytes]:
    rates = [BatchRate("2021", 0.08, 0.05, 0.12), BatchRate("2022", None), BatchRate("2023", 0.12, 0.09, 0.16)]
    return anomaly_pictures(rows, rates, contamination=0.1, title="crashes, 2023")


def test_there_are_five_pictures_of_their_size(drawn: Mapping[str, bytes]) -> None:
    assert tuple(drawn) == PICTURES
    sizes = {name: pixels(image).shape[1::-1] for name, image in drawn.items()}
    assert sizes == {
        "score_distribution": (792, 418),
        "anomaly_share": (792, 264),
        "top_anomalies": (792, 484),
        "anomaly_trend": (792, 418),
        "summary": (1386, 924),
    }
    assert all(8_000 < len(image) < 200_000 for image in drawn.values())


def test_each_picture_has_ink_in_both_colours_where_it_should(drawn: Mapping[str, bytes]) -> None:
    for name, image in drawn.items():
        assert area(image, ANOMALY) > 100, name
        assert (area(image, NORMAL) > 1000) == (name in {"score_distribution", "anomaly_share", "summary"}), name


def test_nothing_is_cut_off_at_the_edges(drawn: Mapping[str, bytes]) -> None:
    for name, image in drawn.items():
        shown = pixels(image)
        for edge in (shown[0], shown[-1], shown[:, 0], shown[:, -1]):
            assert (edge == BACK).all(), name


def test_the_same_numbers_are_the_same_bytes(rows: ScoredRows) -> None:
    assert score_distribution(rows, "crashes") == score_distribution(rows, "crashes")


def test_bars_are_as_long_as_their_shares() -> None:
    for anomalies in (10, 40):
        image = anomaly_share(scored([0.7] * anomalies + [0.3] * (100 - anomalies)), "crashes", contamination=0.3)
        found = area(image, ANOMALY) / (area(image, ANOMALY) + area(image, NORMAL))
        assert abs(found - anomalies / 100) < 0.02


def test_the_histogram_colours_what_lies_above_the_threshold() -> None:
    below, both = ([0.3, 0.35, 0.4] * 10, [0.3, 0.35, 0.7] * 10)

    assert area(score_distribution(scored(below), "crashes"), ANOMALY) < 500
    assert area(score_distribution(scored(both), "crashes"), ANOMALY) > 1000


def test_the_top_has_ten_rows_and_fewer_where_there_are_fewer() -> None:
    def bars(count: int) -> int:
        shown = (pixels(top_anomalies(scored([0.7 + at / 100 for at in range(count)]), "crashes")) == ANOMALY).all(
            axis=2
        )
        marked = shown.any(axis=1).astype(int)
        return int((np.diff(marked, prepend=0) == 1).sum())

    assert [bars(count) for count in (1, 3, 10, 40)] == [1, 3, 10, 10]


def test_a_batch_that_was_not_scored_leaves_a_gap() -> None:
    def ink(middle: float | None) -> int:
        rates = [BatchRate("1", 0.1), BatchRate("2", middle), BatchRate("3", 0.1)]
        return area(anomaly_trend(rates, "crashes", contamination=0.2), ANOMALY)

    assert ink(None) < ink(0.1)


@pytest.mark.parametrize(
    ("one", "rates"),
    [
        (scored([]), []),
        (scored([], times=False), [BatchRate("2023", None)]),
        (scored([0.5]), [BatchRate("2023", 0.0, 0.0, 0.8)]),
        (scored([0.6, 0.6, 0.6]), [BatchRate("2023", 0.0)]),
        (scored([0.9] * 20, times=False), [BatchRate("2023", 1.0, 0.9, 1.0)]),
        (scored([0.7, -1e9]), [BatchRate(f"2023-01-{at:02}", 0.1) for at in range(200)]),
        (scored([0.7], ids=["$x^2_{$ a long name that goes on and on"]), [BatchRate("$\\frac$", 0.1)]),
        (scored([0.7], ids=[17]), [BatchRate("2023", 1.0)]),
    ],
    ids=["nothing", "nothing scored", "one row", "all alike", "all anomalous", "far out", "formula", "number"],
)
def test_odd_batches_are_drawn_without_a_warning(one: ScoredRows, rates: list[BatchRate]) -> None:
    for name, image in anomaly_pictures(one, rates, contamination=0.1, title="$\\alpha").items():
        assert len(image) > 3000, name
        shown = pixels(image)
        assert (shown != BACK).any(axis=2).sum() > 500, name


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"ids": ["a"]}, "found 1 ids, 2 scores, 2 anomalous, 2 times; expected one of each for every row"),
        ({"scores": [0.1, float("nan")]}, "the score of row 'row1' is nan; expected finite numbers"),
        ({"threshold": float("inf")}, "the threshold is inf; expected finite numbers"),
    ],
)
def test_what_cannot_be_drawn_is_named(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(scored([0.1, 0.2]), **changed)


def test_nothing_heavy_is_loaded_before_something_is_drawn() -> None:
    code = "import sys, driftwatch_assets.reporting.anomaly_pictures; sys.exit('matplotlib' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=600).returncode == 0
