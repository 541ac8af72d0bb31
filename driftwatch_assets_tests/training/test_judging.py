"""Gates: what is passed, what is refused, and what is said of it."""

from __future__ import annotations

import pandas as pd
import pytest

from driftwatch_assets.training import Comparison, Gates
from driftwatch_assets.training.judging import compare, decide, judge
from driftwatch_assets_tests.training.drifting import TASK

LABELS = ["ash"] * 60 + ["beech"] * 30 + ["cedar"] * 10


def said(wrong: int, *, of: str = "ash") -> pd.DataFrame:
    """Give predictions that are wrong in the first `wrong` rows of a class."""
    first = LABELS.index(of)
    guess = [
        "beech" if first <= at < first + wrong and of != "beech" else "ash" if first <= at < first + wrong else name
        for at, name in enumerate(LABELS)
    ]
    return pd.DataFrame({"predicted": guess, "confidence": 0.9})


def compared(challenger: pd.DataFrame, champion: pd.DataFrame | None) -> Comparison:
    return compare(LABELS, challenger, champion, metric="accuracy", task=TASK, seed=1)


@pytest.mark.parametrize(
    ("gates", "challenger", "champion", "passed"),
    [
        (Gates(), said(5), said(6), True),
        (Gates(), said(5), said(5), False),
        (Gates(), said(6), said(5), False),
        (Gates(must_beat_champion=False, margin=0.02), said(7), said(5), True),
        (Gates(must_beat_champion=False, margin=0.02), said(8), said(5), False),
        (Gates(minimum=0.95), said(5), said(20), True),
        (Gates(minimum=0.95), said(6), said(20), False),
        (Gates(minimum=0.95), said(5), None, True),
        (Gates(per_class_floor=0.8), said(6, of="beech"), said(20), True),
        (Gates(per_class_floor=0.8), said(7, of="beech"), said(20), False),
        (Gates(per_class_floor=0.8), said(9, of="cedar"), said(20), True),
        (Gates(per_class_floor=0.8, per_class_support=10), said(9, of="cedar"), said(20), False),
    ],
)
def test_a_gate_decides_at_its_threshold(
    gates: Gates, challenger: pd.DataFrame, champion: pd.DataFrame | None, passed: bool
) -> None:
    results = judge(compared(challenger, champion), gates)
    decision = decide(results, first=champion is None)
    assert decision.promote is passed
    assert decision.gate_result == ("promoted" if passed else "refused")


def test_a_refusal_names_every_gate_that_was_not_passed() -> None:
    gates = Gates(minimum=0.9, per_class_floor=0.9)
    decision = decide(judge(compared(said(20), said(5)), gates), first=False)
    assert not decision.promote
    assert [part.split(" [")[0].split(":")[0] for part in decision.reason.removeprefix("refused: ").split("; ")] == [
        "accuracy 0.8000",
        "no better than the champion on the same 100 rows",
        "weakest class 'ash' is found in 0.6667 of its 60 rows, below the floor of 0.9000",
    ]
    assert "difference -0.1500 [-0.2" in decision.reason


def test_the_first_model_is_held_against_no_champion() -> None:
    results = judge(compared(said(5), None), Gates(minimum=0.5, margin=0.0, per_class_floor=0.5))
    assert [one.gate for one in results] == ["minimum", "per_class_floor"]


def test_the_comparison_has_both_reports_on_the_same_rows() -> None:
    comparison = compared(said(5), said(15))
    assert comparison.champion_report is not None
    assert comparison.rows == comparison.challenger_report.rows == comparison.champion_report.rows == 100
    assert comparison.difference is not None
    assert comparison.difference.value == pytest.approx(0.10)
    assert comparison.difference.low > 0
