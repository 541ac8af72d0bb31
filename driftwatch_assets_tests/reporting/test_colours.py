from __future__ import annotations

import re
from importlib.resources import files

import pytest

STYLE = files("driftwatch_assets.reporting").joinpath("templates", "page.css").read_text(encoding="utf-8")
LIGHT, DARK, PRINT = re.findall(r":root \{(.*?)\}", STYLE, flags=re.DOTALL)
TEXT = [
    *[(each, "paper") for each in ("ink", "soft", "now", "drift", "stable", "open")],
    ("ink", "raised"),
    ("soft", "h0"),
    *[("ink", f"h{level}") for level in range(1, 6)],
    *[("h-light", f"h{level}") for level in (6, 7)],
    ("soft", "c0"),
    *[("ink", f"c{level}") for level in range(1, 5)],
    ("h-light", "c5"),
]


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("block", [LIGHT, DARK, PRINT], ids=["light", "dark", "print"])
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_can_be_read_on_its_ground(block: str, text: str, ground: str) -> None:
    chosen = colours(block)
    assert contrast(chosen[text], chosen[ground]) >= 4.5


@pytest.mark.parametrize("block", [LIGHT, DARK, PRINT], ids=["light", "dark", "print"])
def test_heat_scale_is_ordered_by_lightness_alone_so_that_every_eye_can_order_it(block: str) -> None:
    chosen = colours(block)
    steps = [luminance(chosen[f"h{level}"]) for level in range(8)]
    assert steps in (sorted(steps), sorted(steps, reverse=True))
