"""The page with the results."""

from __future__ import annotations

import datetime as dt
import platform
import re
import sys
from typing import TYPE_CHECKING

from benchmarks.bars import COMPARE, FLOOR, MEMORY, SORT
from benchmarks.false_alarms import DRAWS
from benchmarks.processor import WITHOUT_AVX512, describe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.bars import Bar, Rows
    from benchmarks.false_alarms import Record

PAGE = """\
# The drift engine beside its peers

`make bench` on {date}; {processor}; Python {python}; {versions}.

CPU seconds of one thread, medians, all contestants in one run on the same seeded Parquet files. Peers start from
DataFrames in memory, as `{compare}` does; its reference is fitted once and kept.
{sorting}
## W1: reference 6,000 x 128, batch 3,600 x 128, 64 features shifted by 0.5 sd

{small}

Evidently's and Frouros' flags are their own results, SciPy's are p < 0.05, driftwatch's are its default policy's.

## W2: reference 1,000,000 x 128, batch 100,000 x 128

{large}

Extra memory of a comparison: {memory:.2f} times the batch. SciPy was run on {scipy_columns} of the 128 columns and
scaled up; no other peer was run at this width.

## False alarms

Rules applied to the same exact statistics: {draws} draws of W1 without drift; W1 itself; a shift of 0.02 sd at 100,000
rows, which nobody would act on.

{alarms}

## Bars

{bars}
"""
SORTING = """
On this processor NumPy sorts {times:.1f} times faster without AVX-512, so all contestants ran with
`NPY_DISABLE_CPU_FEATURES="X86_V4 AVX512_ICL"`. As NumPy comes, `{compare}` costs {seconds:.4f} s on W1,
{sort:.4f} s of it for sorting.
"""


def render(
    small: Rows,
    large: Rows,
    records: Mapping[str, Record],
    bars: Sequence[Bar],
    *,
    versions: Mapping[str, str],
    sorting: Mapping[str, float],
    as_it_comes: Rows,
    scipy_columns: int,
) -> str:
    """Set out all measurements as Markdown."""
    note = ""
    if sorting[WITHOUT_AVX512] < sorting[""]:
        note = SORTING.format(
            times=sorting[""] / sorting[WITHOUT_AVX512],
            compare=COMPARE,
            seconds=as_it_comes[COMPARE]["seconds"],
            sort=as_it_comes[SORT]["seconds"],
        )
    return PAGE.format(
        date=dt.datetime.now(tz=dt.UTC).date(),
        processor=describe(),
        python=platform.python_version(),
        versions=", ".join(f"{name} {version}" for name, version in sorted(versions.items())),
        compare=COMPARE,
        sorting=note,
        small=_seconds(small),
        large=_seconds(large, flags=False),
        memory=large[MEMORY]["batches"],
        scipy_columns=scipy_columns,
        draws=DRAWS,
        alarms=table(
            (
                "rule",
                "features flagged without drift",
                "batches called drifted",
                "W1 true/false",
                "0.02 sd, n = 100,000",
            ),
            [(rule, *record.cells()) for rule, record in records.items()],
        ),
        bars=bars_table(bars),
    )


def _seconds(rows: Rows, *, flags: bool = True) -> str:
    """Set out CPU times, each beside the engine's and the floor."""
    lines = []
    for name, row in rows.items():
        if "seconds" in row:
            seconds = row["seconds"]
            ratios = [f"{seconds / rows[other]['seconds']:,.1f}" for other in (COMPARE, FLOOR)]
            lines.append((name, f"{seconds:.4f}", *ratios, *([_flags(row.get("flagged"))] if flags else [])))
    return table(("", "CPU s", "times driftwatch", "times the floor", *(["true/false"] if flags else [])), lines)


def _flags(flagged: Sequence[str] | None) -> str:
    if flagged is None:
        return ""
    true = sum(int(feature.removeprefix("x")) < 64 for feature in flagged)
    return f"{true}/{len(flagged) - true}"


def _bar(bar: Bar) -> tuple[str, str, str, str]:
    wanted = f"{'at least' if bar.at_least else 'at most'} {bar.wanted:g}"
    return bar.name, wanted, f"{bar.found:,.3g}", "reached" if bar.reached else "**missed**"


def bars_table(bars: Sequence[Bar]) -> str:
    """Set out bars, and whether each is reached."""
    return table(("bar", "wanted", "found", ""), [_bar(bar) for bar in bars])


def exit_status(bars: Sequence[Bar]) -> int:
    """Say on the terminal which bars were missed; 1 where one was."""
    missed = [bar.name for bar in bars if not bar.reached]
    if missed:
        print(f"missed: {'; '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Set out a table in Markdown."""
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def write_part(page: Path, text: str) -> None:
    """Put a part, from its title to the next one, in the place of the part of that title, or at the end of the page.

    Parameters
    ----------
    page
        A Markdown file, which is made where it is missing.
    text
        The part; its first line is its title, ``# ...``.

    """
    before = page.read_text(encoding="utf-8") if page.exists() else ""
    parts = [part.strip() for part in re.split(r"^(?=# )", before, flags=re.MULTILINE) if part.strip()]
    title = text.partition("\n")[0]
    titles = [part.partition("\n")[0] for part in parts]
    if title in titles:
        parts[titles.index(title)] = text.strip()
    else:
        parts.append(text.strip())
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
