"""The README, by sections and blocks, as the tests read it."""

from __future__ import annotations

import re

from driftwatch_assets.settings import PROJECT

TEXT = (PROJECT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """Give the text below a heading, up to the next one of its level."""
    _, found, after = TEXT.partition(f"\n## {title}\n")
    assert found, f"README.md has no section {title!r}"
    return after.split("\n## ", 1)[0]


def blocks(language: str, text: str = TEXT) -> list[str]:
    """Give the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Give every command of a shell block, without its remark."""
    lines = "".join(blocks("sh")).splitlines()
    return [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]
