"""What a page shows of drift that no single column shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch_assets.reporting.axes import Axis, Tick
from driftwatch_assets.reporting.pages import raw
from driftwatch_assets.reporting.statistics_table import OPEN_ROWS
from driftwatch_assets.reporting.wording import (
    MINUS,
    NOTHING,
    decimals,
    interval_words,
    is_number,
    p_value,
    plural,
    verdict_words,
)

if TYPE_CHECKING:
    from driftwatch_assets.reporting.relations import RelationDrift, WholeTableScore

RELATION_WIDTH, SCALE_WIDTH = 150, 340
MARK = 5.0


def relation_section(drift: RelationDrift) -> dict[str, Any]:
    """Set out how the relation between each feature and the label changed, strongest change first."""
    frame = drift.ordered
    pairs = [str(each) for each in frame["classes"]] if "classes" in frame.columns else [""] * len(frame)
    told = sorted({each for each in pairs if each})
    strengths = [float(each) for each in frame[["strength_reference", "strength_current"]].to_numpy().ravel()]
    known = [each for each in strengths if is_number(each)]
    signed = min(known, default=0.0) < 0
    across = Axis(-1.0 if signed else 0.0, 1.0, MARK, RELATION_WIDTH - MARK)
    rows = [
        {
            "name": str(name),
            "drifted": bool(row["drifted"]),
            "reference": row["strength_reference"],
            "current": row["strength_current"],
            "change": row["change"],
            "p": p_value(row["pvalue_adjusted"]),
            "p_raw": raw(row["pvalue_adjusted"]),
            "verdict": "drifted" if row["drifted"] else (NOTHING if row.get("judged", True) else "not judged"),
            "classes": pair or NOTHING,
            "from": across.place(row["strength_reference"]) if is_number(row["strength_reference"]) else None,
            "to": across.place(row["strength_current"]) if is_number(row["strength_current"]) else None,
        }
        for pair, (name, row) in zip(pairs, frame.iterrows(), strict=True)
    ]
    return {
        "verdict": drift.verdict,
        "title": f"Features and label: {verdict_words(drift.verdict.drift_detected)}",
        "pair": told[0] if len(told) == 1 else "",
        "several": len(told) > 1,
        "zero": across.place(0.0),
        "width": RELATION_WIDTH,
        "low": f"{MINUS}1" if signed else "0",
        "parts": [each for each in (rows[:OPEN_ROWS], rows[OPEN_ROWS:]) if each],
    }


def whole_table_section(score: WholeTableScore) -> dict[str, Any]:
    """Set out how well the batch's rows can be told from the reference's."""
    across = Axis(min(0.5, score.low or 0.5, score.auc or 0.5), 1.0, 12.0, SCALE_WIDTH - 12.0)
    values = [each for each in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0) if each >= across.low]
    interval = None if score.low is None or score.high is None else (score.low, score.high)
    words = (
        f"AUC is {decimals(score.auc)}{interval_words(interval)}"
        if score.auc is not None
        else "The rows were not told apart"
    )
    if score.rows:
        words += f" on {plural(score.rows, 'row')} of both sides"
    heaviest = max((loss for _, loss in score.strongest), default=0.0)
    return {
        "verdict": score.verdict,
        "title": f"Whole table: {verdict_words(score.verdict.drift_detected)}",
        "words": f"{words}; it counts as drift from {decimals(score.threshold)}.",
        "width": SCALE_WIDTH,
        "ticks": [Tick(across.place(each), decimals(each, 1)) for each in values],
        "auc": None if score.auc is None else across.place(score.auc),
        "low": None if interval is None else across.place(interval[0]),
        "high": None if interval is None else across.place(interval[1]),
        "threshold": across.place(score.threshold),
        "strongest": [
            {"name": name, "loss": decimals(loss), "length": round(120 * loss / heaviest, 1) if heaviest > 0 else 0}
            for name, loss in score.strongest
        ],
    }
