"""The README and the pages that it leads to, by sections and blocks, as the tests read them."""

from __future__ import annotations

import re

from driftwatch_assets.settings import PROJECT

PAGES = {
    str(path.relative_to(PROJECT)): path.read_text(encoding="utf-8")
    for path in (PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md")))
}
TEXT = "\n".join(PAGES.values())


def section(title: str) -> str:
    """Give the text below a heading, up to the next one of its level; a page's first heading has the whole page."""
    for text in PAGES.values():
        if text.startswith(f"# {title}\n"):
            return text
        _, found, after = text.partition(f"\n## {title}\n")
        if found:
            return after.split("\n## ", 1)[0]
    raise AssertionError(f"no page has a section {title!r}; pages are {', '.join(PAGES)}")


def blocks(language: str, text: str = TEXT) -> list[str]:
    """Give the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def commands(text: str = TEXT) -> list[str]:
    """Give every command of a shell block, without its remark."""
    lines = "".join(blocks("sh", text)).splitlines()
    return [line.split("  #")[0].strip() for line in lines if line.strip() and not line.startswith("#")]
