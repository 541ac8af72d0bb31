"""Sheets of pictures as PNG: the same colours, axes and words on each, and the same bytes for the same content."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

INK, QUIET, FIRST, SECOND, THIRD, GUIDE = "#1f2933", "#7b8794", "#0b7285", "#c2410c", "#6741d9", "#495057"
DPI = 110
MOST_LABELS = 24
LEVEL_TEXT = 56


def sheet(width: float, height: float) -> Any:
    """Open a sheet of a size in inches; it is laid out when it is written."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy: loaded by the step that needs it

    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def axes_on(figure: Any, place: Any = 111) -> Any:
    """Put axes on a sheet."""
    axes = figure.add_subplot(place)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK)
    return axes


def say_nothing(axes: Any, words: str) -> None:
    """Say in the middle of empty axes why they are."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color=QUIET)


def batch_ticks(axes: Any, batches: Sequence[str], *, level_text: int = LEVEL_TEXT) -> None:
    """Name the batches below axes whose x is their place, as many as can be read, always with the last."""
    step = -(-len(batches) // MOST_LABELS) or 1
    shown = range((len(batches) - 1) % step, len(batches), step)
    turned = {"rotation": 35, "ha": "right"} if sum(len(batches[at]) for at in shown) > level_text else {}
    axes.set_xticks(list(shown), [batches[at] for at in shown], parse_math=False, **turned)
    axes.set_xlim(-0.5, len(batches) - 0.5)


def known(values: Sequence[float | None]) -> np.ndarray[Any, Any]:
    """Give values as floats; NaN, which breaks a line, where one is not known."""
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def percent_axis(axis: Any) -> None:
    """Write the ticks of an axis as whole percentages."""
    axis.set_major_formatter(lambda share, _: share_words(share, 0))


def share_words(share: float, places: int = 1) -> str:
    """Write a share as a percentage.

    Examples
    --------
    >>> share_words(0.1234), share_words(1, 0)
    ('12.3 %', '100 %')
    """
    return f"{100 * share:.{places}f} %"


def shortened(text: object, longest: int = 24) -> str:
    """Cut a long name.

    Examples
    --------
    >>> shortened("a rather long name", 8)
    'a rathe…'
    """
    words = str(text)
    return words if len(words) <= longest else f"{words[: longest - 1]}…"


def png(figure: Any, title: str) -> bytes:
    """Write a sheet under its title as a PNG image, without anything that differs from time to time."""
    figure.suptitle(title, x=0.01, ha="left", color=INK, fontsize="large", parse_math=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
