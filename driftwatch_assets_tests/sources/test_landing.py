"""What a look into the landing folder finds."""

from __future__ import annotations

import errno
import os
import time
from typing import TYPE_CHECKING

import pytest

from driftwatch_assets.sources import LandingUnreadable, fingerprint_file, list_landing
from driftwatch_assets.sources import landing as landing_module

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.sources import Landing

PATTERN = r"batch(?P<batch>\d+)\.dat"
NOW = 1_700_000_000.0
SETTLE = 30.0


def put(folder: Path, name: str, content: str = "1 1:2\n", age: float = 60.0) -> Path:
    path = folder / name
    path.write_text(content)
    os.utime(path, (NOW - age, NOW - age))
    return path


def look(folder: Path, **changes: object) -> Landing:
    arguments: dict[str, object] = {"pattern": PATTERN, "now": NOW, "settle_seconds": SETTLE, **changes}
    return list_landing(folder, **arguments)  # type: ignore[arg-type]


def reasons(landing: Landing) -> dict[str, str]:
    return {held.path.name: held.reason for held in (*landing.ignored, *landing.settling)}


def test_whole_files_are_deliveries_in_batch_order_with_their_fingerprint(tmp_path: Path) -> None:
    for batch in (10, 2, 1):
        put(tmp_path, f"batch{batch}.dat", f"content of {batch}\n")
    landing = look(tmp_path)

    assert [delivery.batch for delivery in landing.deliveries] == ["1", "2", "10"]
    first = landing.deliveries[0]
    assert first.path == tmp_path / "batch1.dat"
    assert first.size == len("content of 1\n")
    assert first.mtime_ns == int((NOW - 60) * 1e9)
    assert first.fingerprint == fingerprint_file(first.path)
    assert (landing.settling, landing.ignored, landing.duplicates) == ((), (), ())


def test_an_empty_folder_is_an_empty_landing(tmp_path: Path) -> None:
    landing = look(tmp_path)

    assert (landing.deliveries, landing.settling, landing.ignored, landing.duplicates) == ((), (), (), ())
    assert landing.cache == {}


def test_a_missing_folder_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(LandingUnreadable, match=r"landing/m cannot be read \(No such file or directory\)\. Create it"):
        look(tmp_path / "landing" / "m")


def test_a_file_in_place_of_the_folder_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "landing").write_text("")

    with pytest.raises(LandingUnreadable, match=r"cannot be read \(Not a directory\)"):
        look(tmp_path / "landing")


def test_a_folder_without_permission_is_unreadable_and_not_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(folder: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(folder))

    monkeypatch.setattr(landing_module.os, "scandir", denied)
    with pytest.raises(LandingUnreadable, match=r"Permission denied\).*grant read permission.*DRIFTWATCH_LANDING"):
        look(tmp_path)


def test_a_file_that_was_just_modified_is_settling(tmp_path: Path) -> None:
    path = put(tmp_path, "batch7.dat", age=29)
    put(tmp_path, "batch8.dat", age=31)
    landing = look(tmp_path)

    assert [delivery.batch for delivery in landing.deliveries] == ["8"]
    assert [held.path for held in landing.settling] == [path]
    assert "modified 29.0 s ago and has to rest for 30 s" in landing.settling[0].reason
    assert [delivery.batch for delivery in look(tmp_path, now=NOW + 1).deliveries] == ["7", "8"]


def test_a_writer_whose_clock_is_a_little_ahead_is_waited_for(tmp_path: Path) -> None:
    put(tmp_path, "batch7.dat", age=-120)

    for later in (0, 60, 149):
        assert look(tmp_path, now=NOW + later).deliveries == ()
    assert len(look(tmp_path, now=NOW + 151).deliveries) == 1


def test_a_file_from_the_far_future_is_taken_when_two_looks_agree(tmp_path: Path) -> None:
    put(tmp_path, "batch7.dat", age=-10 * 365 * 86400)
    first = look(tmp_path)

    assert "in the future: taken when the next look agrees" in first.settling[0].reason
    assert len(look(tmp_path, known=first.cache).deliveries) == 1
    put(tmp_path, "batch7.dat", "longer\n" * 2, age=-10 * 365 * 86400)
    assert look(tmp_path, known=first.cache).deliveries == ()


@pytest.mark.parametrize("age", [0, -120, -10 * 365 * 86400])
def test_without_a_time_to_settle_the_clock_does_not_matter(tmp_path: Path, age: float) -> None:
    put(tmp_path, "batch7.dat", age=age)

    assert len(look(tmp_path, settle_seconds=0.0).deliveries) == 1


def test_a_file_that_grows_while_it_is_read_is_settling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "batch7.dat")

    def read_while_it_grows(path: Path) -> str:
        with path.open("a") as file:
            file.write("2 1:3\n")
        os.utime(path, (NOW - 60, NOW - 60))
        return "half"

    monkeypatch.setattr(landing_module, "fingerprint_file", read_while_it_grows)
    landing = look(tmp_path)

    assert landing.deliveries == ()
    assert reasons(landing) == {"batch7.dat": "it changed while it was read"}
    assert landing.cache == {}


def test_a_file_that_is_still_being_written_becomes_a_delivery_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "batch7.dat"
    with path.open("w") as file:
        for _ in range(3):
            file.write("1 1:2\n")
            file.flush()
            assert list_landing(tmp_path, PATTERN, time.time(), 0.2).deliveries == ()
    time.sleep(0.3)

    assert len(list_landing(tmp_path, PATTERN, time.time(), 0.2).deliveries) == 1


def test_an_unchanged_file_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "batch7.dat")
    first = look(tmp_path)
    with monkeypatch.context() as patched:
        patched.delattr(landing_module, "fingerprint_file")
        second = look(tmp_path, known=first.cache)
        from_json = look(tmp_path, known={name: list(entry) for name, entry in first.cache.items()})

    assert second.deliveries == first.deliveries == from_json.deliveries
    assert second.cache == first.cache


def test_a_corrected_file_has_another_fingerprint_and_the_same_file_again_has_not(tmp_path: Path) -> None:
    put(tmp_path, "batch7.dat", "1 1:2\n")
    first = look(tmp_path)
    put(tmp_path, "batch7.dat", "1 1:2\n", age=50)
    again = look(tmp_path, known=first.cache)
    put(tmp_path, "batch7.dat", "1 1:3\n", age=40)
    corrected = look(tmp_path, known=again.cache)

    assert again.deliveries[0].fingerprint == first.deliveries[0].fingerprint
    assert corrected.deliveries[0].fingerprint != first.deliveries[0].fingerprint
    assert corrected.deliveries[0].batch == "7"


def test_a_file_that_went_away_is_forgotten(tmp_path: Path) -> None:
    path = put(tmp_path, "batch7.dat")
    first = look(tmp_path)
    path.unlink()

    assert look(tmp_path, known=first.cache).cache == {}


def test_names_that_do_not_match_are_ignored_with_the_reason(tmp_path: Path) -> None:
    for name in ("notes.txt", "batch.dat", "batch7.dat.part", "xbatch7.dat", "batch7.DAT", "Kopie von batch7.dat"):
        put(tmp_path, name)
    put(tmp_path, ".batch8.dat.123.tmp")
    landing = look(tmp_path)

    assert landing.deliveries == ()
    assert list(reasons(landing)) == sorted(
        ["notes.txt", "batch.dat", "batch7.dat.part", "xbatch7.dat", "batch7.DAT", "Kopie von batch7.dat"]
    )
    assert all("its name does not match" in reason for reason in reasons(landing).values())


def test_a_batch_that_cannot_be_a_partition_is_ignored(tmp_path: Path) -> None:
    for name in ("a b.dat", ".dat", "..dat", "x=1.dat"):
        put(tmp_path, name)
    landing = look(tmp_path, pattern=r"(?P<batch>.*)\.dat")

    assert landing.deliveries == ()
    assert set(reasons(landing)) == {"a b.dat", "x=1.dat"}
    assert "let the pattern's group capture less" in reasons(landing)["a b.dat"]


def test_folders_pipes_and_broken_links_are_no_deliveries(tmp_path: Path) -> None:
    (tmp_path / "batch1.dat").mkdir()
    os.mkfifo(tmp_path / "batch2.dat")
    (tmp_path / "batch3.dat").symlink_to(tmp_path / "nowhere")
    (tmp_path / "batch4.dat").symlink_to(tmp_path / "batch4.dat")
    landing = look(tmp_path)

    assert landing.deliveries == ()
    assert reasons(landing)["batch1.dat"] == "it is no regular file"
    assert reasons(landing)["batch2.dat"] == "it is no regular file"
    assert "leads nowhere" in reasons(landing)["batch3.dat"]
    assert "leads nowhere" in reasons(landing)["batch4.dat"]


def test_a_link_out_of_the_folder_is_refused_and_one_within_is_taken(tmp_path: Path) -> None:
    landing_folder = tmp_path / "landing"
    landing_folder.mkdir()
    secret = put(tmp_path, "secret")
    (landing_folder / "batch7.dat").symlink_to(secret)
    put(landing_folder, ".stored")
    (landing_folder / "batch8.dat").symlink_to(landing_folder / ".stored")
    landing = look(landing_folder)

    assert [delivery.batch for delivery in landing.deliveries] == ["8"]
    assert "a link out of the landing folder" in reasons(landing)["batch7.dat"]
    assert str(secret) in reasons(landing)["batch7.dat"]


def test_a_landing_folder_that_is_itself_a_link_works(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    put(tmp_path / "real", "batch7.dat")
    (tmp_path / "landing").symlink_to(tmp_path / "real")

    assert len(look(tmp_path / "landing").deliveries) == 1


def test_two_files_for_one_batch_are_a_conflict_and_neither_is_taken(tmp_path: Path) -> None:
    for name in ("batch7.dat", "batch07.dat", "batch8.dat"):
        put(tmp_path, name)
    landing = look(tmp_path)

    assert [delivery.batch for delivery in landing.deliveries] == ["8"]
    (conflict,) = landing.duplicates
    assert sorted(path.name for path in conflict.paths) == ["batch07.dat", "batch7.dat"]
    assert "so none is taken: leave only the right one" in conflict.reason


def test_a_file_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "batch7.dat")
    put(tmp_path, "batch8.dat")

    def denied_for_seven(path: Path) -> str:
        if path.name == "batch7.dat":
            raise PermissionError(errno.EACCES, "Permission denied")
        return "print"

    monkeypatch.setattr(landing_module, "fingerprint_file", denied_for_seven)
    landing = look(tmp_path)

    assert [delivery.batch for delivery in landing.deliveries] == ["8"]
    assert reasons(landing) == {"batch7.dat": "it cannot be read (Permission denied): check its permissions"}


@pytest.mark.parametrize(
    ("pattern", "message"),
    [(r"batch(\d+)", r"has no group named 'batch'.*its named groups are: none"), (r"batch(", "no regular expression")],
)
def test_a_pattern_without_a_batch_is_an_error(tmp_path: Path, pattern: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        look(tmp_path, pattern=pattern)
