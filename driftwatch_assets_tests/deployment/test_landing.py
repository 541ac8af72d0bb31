"""The landing folder as the image's user meets it: files of others are read, and only a fetch needs to write there."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from driftwatch_assets.defs.loan_eligibility.simulate import simulate
from driftwatch_assets.steps import NotFetched, fetch_batch, look
from driftwatch_assets_tests.iris.garden import flowers, text
from driftwatch_assets_tests.sources.data_server import Site, serve
from driftwatch_assets_tests.steps.house import House

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE_USER = 10001
ROOT = os.geteuid() == 0


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder of the image's user; those of a test are closed to others from above."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        data = Path(made, "data")
        data.mkdir()
        given(data)
        yield data


def given(folder: Path) -> None:
    """Let a folder belong to the image's user."""
    if ROOT:
        os.chown(folder, IMAGE_USER, IMAGE_USER)


def somebody_elses(folder: Path) -> None:
    """Let who is not root read a folder and what lies in it, and write nothing there."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)


@contextmanager
def as_the_image_does() -> Iterator[None]:
    """Go on as the image's user; who is not root is nobody else, either."""
    if not ROOT:
        yield
        return
    assert httpx.__name__, "what a fetch imports is there before the user changes"
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(IMAGE_USER)
    os.seteuid(IMAGE_USER)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def test_files_of_a_database_are_loaded_from_a_folder_that_cannot_be_written(folder: Path) -> None:
    house = House(folder, "loan_eligibility")
    simulate(house.landing, seed=3, days=11, scale=0.2)
    somebody_elses(folder / "landing")
    watched = house.watched
    with as_the_image_does():
        with pytest.raises(PermissionError):
            (house.landing / "written").touch()
        assert look(watched).landed
    assert [path.name for path in house.landing.iterdir() if path.suffix != ".csv"] == []


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serve(Site(text(flowers()))) as served:
        yield served


def test_a_fetch_lands_in_a_folder_of_the_images_user(folder: Path, site: Site) -> None:
    house = House(folder, "iris")
    (folder / "landing").mkdir()
    given(folder / "landing")
    watched = house.watched
    with as_the_image_does():
        fetched = fetch_batch(watched, {"url": site.url})
    assert fetched.changed
    assert [path.name for path in house.landing.glob("*.csv")] == ["fetch-000001.csv"]


def test_a_fetch_into_a_folder_of_others_says_which_cannot_be_written(folder: Path, site: Site) -> None:
    house = House(folder, "iris")
    somebody_elses(house.landing)
    watched = house.watched
    with as_the_image_does(), pytest.raises(NotFetched, match=f"{house.landing} cannot be written .Permission denied"):
        fetch_batch(watched, {"url": site.url})
