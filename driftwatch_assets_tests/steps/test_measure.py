"""What a batch's performance stores: outcomes, then the evidence that says which labels they rest on."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from driftwatch_assets.lake import WriteFailed
from driftwatch_assets.lake.storage import LocalStorage
from driftwatch_assets.steps import clean, due_labels, ingest, make_features, score
from driftwatch_assets.steps.measure import measure_performance
from driftwatch_assets_tests.components.club.declared import put, watched_in
from driftwatch_assets_tests.components.club.deliveries import tables, text

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.steps import Watched

JANUARY, MARCH = "2024-01", "2024-03"


@pytest.fixture
def club(tmp_path: Path) -> Watched:
    """Give the club in March, with which the labels of January are known, which were not yet measured."""
    club = watched_in(tmp_path)
    club.registry.prepare()
    for table, lines in tables(3).items():
        put(club, f"{table}.csv", text(table, lines))
    for month in (JANUARY, "2024-02", MARCH):
        ingest(club, month)
        clean(club, month)
        make_features(club, month)
        score(club, month)
        if month == JANUARY:
            measure_performance(club, month)
    return club


def test_labels_whose_outcomes_could_not_be_stored_are_still_due(
    club: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    [due] = due_labels(club)
    kept = LocalStorage.put

    def full(self: LocalStorage, path: str, content: bytes) -> None:
        if "/outcomes/" in path:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        kept(self, path, content)

    with monkeypatch.context() as patch:
        patch.setattr(LocalStorage, "put", full)
        with pytest.raises(WriteFailed, match="club/outcomes"):
            measure_performance(club, JANUARY)
    assert due_labels(club) == [due]

    measure_performance(club, JANUARY)
    assert due_labels(club) == []
