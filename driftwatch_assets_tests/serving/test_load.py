"""The measurement of the service under load, as `make bench` starts it: it fails no request and loses no answer."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.page import write_part

PROJECT = Path(__file__).parents[2]


@pytest.mark.soak
def test_under_load_and_through_a_promotion_no_request_fails_and_no_answer_is_lost() -> None:
    """What is fast enough on an idle machine is said by the benchmark; this one may be busy."""
    if shutil.which("wrk") is None:
        pytest.skip("wrk is not installed (apt package wrk)")
    command = [sys.executable, "-m", "benchmarks.serving", "--trial"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=600, check=False)
    assert "| failed requests, the promotion's too | at most 0 | 0 | reached |" in done.stdout, done.stderr[-2000:]
    assert "| answers that the log does not have | at most 0 | 0 | reached |" in done.stdout


def test_a_part_of_the_results_replaces_its_older_self_and_no_other(tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    for text in ("# One\n\nfirst\n", "# Two\n\n## Table\n\nsecond\n", "# One\n\nthird\n"):
        write_part(page, text)
    assert page.read_text() == "# One\n\nthird\n\n# Two\n\n## Table\n\nsecond\n"
