"""Every p-value that a verdict uses keeps its level without drift, at every size and rate."""

from __future__ import annotations

import pytest

from benchmarks.calibration import TESTS, Calibrated, Found, measure, too_often

# Of the others, which are drawn one by one, `make bench` makes a thousand draws each.
AT_ONCE = {"missing values": 5_000, "missing values of 20 features": 200}


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.name)
def test_a_test_keeps_its_level(test: Calibrated) -> None:
    found = list(measure(test, AT_ONCE.get(test.name, 40)))
    assert len(found) == 3 * len(test.columns) * len(test.batches)
    assert too_often(found) == []


def test_a_test_that_breaks_its_level_is_told() -> None:
    kept, broken = (Found("a test", "a column", 50, 0.01, 4000, alarms) for alarms in (48, 168))
    assert too_often([kept, broken]) == [broken]
