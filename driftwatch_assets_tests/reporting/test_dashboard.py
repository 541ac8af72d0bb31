"""The six charts of a batch as one image, and small copies of pictures: whole, alike each time, or a clear refusal."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from driftwatch_assets.reporting import performance_from, score_bins
from driftwatch_assets.reporting.canvas import png, sheet
from driftwatch_assets.reporting.dashboard import BatchScores, draw_dashboard
from driftwatch_assets.reporting.preview import preview
from driftwatch_assets.results import ClassFigures, Confusion, MulticlassMeasured
from driftwatch_assets_tests.reporting.examples import full_report
from driftwatch_assets_tests.reporting.task_examples import binary_report
from driftwatch_assets_tests.reporting.test_anomaly_pictures import area, pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.reporting import Performance

FIRST, SECOND, THIRD = (0x0B, 0x72, 0x85), (0xC2, 0x41, 0x0C), (0x67, 0x41, 0xD9)
MONTHS = [
    BatchScores(f"2024-{month:02d}", 0.8 - month / 100, 0.7, 0.85, 0.75, 0.6, 0.5, 0.55, 0.7, 0.8)
    for month in range(1, 13)
]


@pytest.fixture(scope="module")
def binary() -> Performance:
    found = binary_report().performance
    assert found is not None
    assert found.binary is not None
    return replace(found, binary=replace(found.binary, scores=score_bins([0.1, 0.2, 0.8], ["a", "b", "a"], "a")))


@pytest.fixture(scope="module")
def drawn(binary: Performance) -> bytes:
    return draw_dashboard(binary, MONTHS, title="Loans, 2024-12")


@pytest.fixture(scope="module")
def several() -> Performance:
    found = full_report().performance
    assert found is not None
    return found


def held(markdown: str) -> bytes:
    return base64.b64decode(markdown.split("base64,")[1].split(")", maxsplit=1)[0])


def test_dashboard_is_one_sheet_of_its_size_with_all_lines(drawn: bytes) -> None:
    assert pixels(drawn).shape == (946, 1540, 3)
    assert min(area(drawn, colour) for colour in (FIRST, SECOND, THIRD)) > 100


def test_same_content_gives_the_same_bytes(binary: Performance, drawn: bytes) -> None:
    assert draw_dashboard(binary, MONTHS, title="Loans, 2024-12") == drawn
    assert draw_dashboard(binary, MONTHS[:-1], title="Loans, 2024-12") != drawn


def test_batches_before_the_first_scored_one_take_no_room(several: Performance) -> None:
    unscored = [BatchScores(str(at)) for at in range(6)]
    bins = score_bins([0.4, 0.9, 0.95], ["wrong", "right", "right"], "wrong")
    assert draw_dashboard(several, [*unscored, *MONTHS], title="m", confidences=bins) == draw_dashboard(
        several, MONTHS, title="m", confidences=bins
    )


def test_batch_of_one_class_has_no_curve_and_says_so(binary: Performance) -> None:
    assert binary.binary is not None
    bare = replace(
        binary.binary, roc=(), precision_recall=(), auc=None, precision=None, recall=None, f1=None, scores=()
    )
    one = replace(binary, binary=bare, value=None, interval=None)
    drawn = draw_dashboard(one, [BatchScores("2024-01")], title="Loans, 2024-01")
    assert area(drawn, FIRST) == area(drawn, SECOND) == 0
    assert pixels(drawn).shape == (946, 1540, 3)


def all_right(names: Sequence[str]) -> MulticlassMeasured:
    """What is measured where each class has one row, which was told right."""
    figures = ClassFigures(precision=1.0, recall=1.0, f1=None, support=1)
    return MulticlassMeasured(
        rows=len(names),
        accuracy=1.0,
        accuracy_low=0.4,
        accuracy_high=1.0,
        f1_macro=1.0,
        per_class=dict.fromkeys(names, figures),
        confusion=Confusion(classes=tuple(names), counts=tuple(map(tuple, np.eye(len(names), dtype=int).tolist()))),
    )


def test_names_of_any_form_are_only_names() -> None:
    measured = all_right(["$\\alpha", "_hidden", "a rather long name of a class that goes on"])
    drawn = draw_dashboard(performance_from(measured), [BatchScores("$x_1$", 1.0)], title="$\\frac")
    assert pixels(drawn).shape == (946, 1540, 3)


def test_many_classes_and_many_batches_are_drawn() -> None:
    history = [BatchScores(f"2024-{at:03d}", 0.5) for at in range(300)]
    measured = all_right([f"class {at}" for at in range(40)])
    assert draw_dashboard(performance_from(measured), history, title="m")[1:4] == b"PNG"


def test_preview_is_small_alike_and_keeps_the_colours(drawn: bytes) -> None:
    small = preview(drawn, "Loans, 2024-12: dashboard", address="http://127.0.0.1:3070/loans/reports/a.png")
    assert len(small) <= 40_000
    assert small == preview(drawn, "Loans, 2024-12: dashboard", address="http://127.0.0.1:3070/loans/reports/a.png")
    assert small.startswith("[![Loans, 2024-12: dashboard](data:image/png;base64,")
    shown = pixels(held(small))
    assert shown.shape[1] == 760
    for colour in (FIRST, SECOND, THIRD):
        assert np.abs(shown - colour).sum(axis=2).min() < 40


def test_preview_of_noise_gives_up_size_until_it_is_small_enough() -> None:
    figure = sheet(8, 6)
    figure.figimage(np.random.default_rng(1).random((660, 880)))
    small = preview(png(figure, ""), "noise", most=20_000)
    assert len(small) <= 20_000
    assert pixels(held(small)).shape[1] < 300
    with pytest.raises(
        ValueError, match=r"cannot preview 'noise': at 140 pixels across it still takes .* 100 are allowed"
    ):
        preview(png(figure, ""), "noise", most=100)


def test_what_is_no_image_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="cannot preview 'a page': 6 bytes that are no image"):
        preview(b"<html>", "a page")


def test_small_picture_is_not_enlarged_and_words_cannot_break_out() -> None:
    small = preview(png(sheet(1, 1), ""), "a](b)[c\nd`e", address="")
    assert pixels(held(small)).shape == (110, 110, 3)
    assert small.startswith("![a (b) c d e](data:")


def test_drawing_is_loaded_by_the_step_that_draws() -> None:
    code = (
        "import sys, driftwatch_assets.reporting.dashboard, driftwatch_assets.reporting.preview; "
        "sys.exit('matplotlib' in sys.modules or 'PIL' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_held_preview_is_a_png_that_opens() -> None:
    from matplotlib.image import imread  # noqa: PLC0415 - the tests' only look at matplotlib

    assert imread(io.BytesIO(held(preview(png(sheet(3, 2), "x"), "x"))), format="png").shape[:2] == (220, 330)
