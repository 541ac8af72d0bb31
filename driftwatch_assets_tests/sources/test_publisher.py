"""Fetching from a publisher, over a real connection that breaks in every way."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import socket
import stat
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from pydantic import ValidationError

import driftwatch_assets
from driftwatch_assets.sources import (
    FetchUnderWay,
    LandingOccupied,
    PublicationRefused,
    Publisher,
    PublisherUnreachable,
    fetch,
    list_landing,
    read_checksums,
)
from driftwatch_assets.sources import download as download_module
from driftwatch_assets_tests.sources.archive_server import Publication, archive_of, serve

MEMBERS = {f"Dataset/batch{at}.dat": random.Random(at).randbytes(200_000) for at in (1, 2)}  # noqa: S311 - no secret
ARCHIVE = archive_of({**MEMBERS, "Dataset/README.txt": b"about"})
MEMBER_NAMES = r"batch\d+\.dat"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_module, "FIRST_PAUSE_SECONDS", 0.01)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def publisher(publication: Publication, **changes: object) -> Publisher:
    return Publisher.model_validate({"url": publication.url, "members": MEMBER_NAMES, **changes})


def assert_landed(folder: Path) -> None:
    for name, content in MEMBERS.items():
        assert (folder / Path(name).name).read_bytes() == content


def assert_nothing_landed(folder: Path) -> None:
    assert [path for path in folder.iterdir() if not path.name.startswith(".")] == []


def test_the_wanted_members_land_and_nothing_else(tmp_path: Path) -> None:
    told = []
    with serve(Publication(ARCHIVE)) as publication:
        paths = fetch(publisher(publication), tmp_path / "new" / "landing", progress=told.append)

    folder = tmp_path / "new" / "landing"
    assert paths == [folder / "batch1.dat", folder / "batch2.dat"]
    assert_landed(folder)
    assert (told[-1].done, told[-1].total) == (len(ARCHIVE), len(ARCHIVE))
    landing = list_landing(folder, r"batch(?P<batch>\d+)\.dat", time.time() + 60, 30)
    assert [delivery.batch for delivery in landing.deliveries] == ["1", "2"]
    assert landing.ignored == ()


def test_a_second_fetch_downloads_nothing_until_a_file_is_gone(tmp_path: Path) -> None:
    with serve(Publication(ARCHIVE)) as publication:
        first = fetch(publisher(publication), tmp_path)
        before = [path.stat().st_mtime_ns for path in first]
        assert fetch(publisher(publication), tmp_path) == first
        assert len(publication.requests) == 1
        assert [path.stat().st_mtime_ns for path in first] == before

        first[0].unlink()
        assert fetch(publisher(publication), tmp_path) == first
    assert len(publication.requests) == 2
    assert_landed(tmp_path)


@pytest.mark.parametrize("etag", ['"one"', None])
def test_a_connection_that_breaks_is_continued_where_it_broke(tmp_path: Path, etag: str | None) -> None:
    with serve(Publication(ARCHIVE, etag=etag, breaks_after=[100_000, 50_000])) as publication:
        fetch(publisher(publication), tmp_path)

    assert publication.requests == [None, "bytes=100000-", "bytes=150000-"]
    assert publication.sent == len(ARCHIVE)
    assert_landed(tmp_path)


def test_a_server_without_ranges_is_asked_for_the_whole_again(tmp_path: Path) -> None:
    with serve(Publication(ARCHIVE, ranges=False, breaks_after=[100_000])) as publication:
        fetch(publisher(publication), tmp_path)

    assert publication.requests == [None, "bytes=100000-"]
    assert publication.sent == len(ARCHIVE) + 100_000
    assert_landed(tmp_path)


def test_a_server_that_does_not_say_the_length_is_believed_when_the_archive_is_whole(tmp_path: Path) -> None:
    with serve(Publication(ARCHIVE, says_length=False)) as publication:
        fetch(publisher(publication), tmp_path)

    assert_landed(tmp_path)


def test_an_archive_that_changed_in_between_is_begun_anew(tmp_path: Path) -> None:
    with serve(Publication(ARCHIVE, breaks_after=[100_000, 0, 0, 0, 0])) as publication:
        with pytest.raises(PublisherUnreachable, match="100,000 bytes are here and are kept"):
            fetch(publisher(publication), tmp_path)
        publication.breaks_after.clear()
        publication.content = archive_of(MEMBERS, zipfile.ZIP_DEFLATED)
        publication.etag = '"two"'
        fetch(publisher(publication), tmp_path)

    assert publication.requests[-1] == "bytes=100000-"
    assert_landed(tmp_path)


def test_without_any_tag_an_archive_of_another_size_is_begun_anew(tmp_path: Path) -> None:
    with serve(Publication(ARCHIVE, etag=None, breaks_after=[100_000, 0, 0, 0, 0])) as publication:
        with pytest.raises(PublisherUnreachable):
            fetch(publisher(publication), tmp_path)
        publication.breaks_after.clear()
        publication.content = archive_of(MEMBERS)
        fetch(publisher(publication), tmp_path)

    assert publication.requests[-2:] == ["bytes=100000-", None]
    assert_landed(tmp_path)


def test_an_archive_that_shrank_below_what_is_here_is_begun_anew(tmp_path: Path) -> None:
    with serve(Publication(ARCHIVE, breaks_after=[400_200, 0, 0, 0, 0])) as publication:
        with pytest.raises(PublisherUnreachable):
            fetch(publisher(publication), tmp_path)
        publication.breaks_after.clear()
        publication.content = archive_of({"batch1.dat": b"1 1:2\n"})
        paths = fetch(publisher(publication), tmp_path)

    assert [path.read_bytes() for path in paths] == [b"1 1:2\n"]


def test_a_fetch_of_a_killed_process_is_continued(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom driftwatch_assets.sources import Publisher, fetch\n"
        "def stop(progress):\n"
        "    if progress.done >= 200_000: os.kill(os.getpid(), signal.SIGKILL)\n"
        "fetch(Publisher(url=sys.argv[1], members=r'batch\\d+\\.dat'), Path(sys.argv[2]), progress=stop)\n"
    )
    with serve(Publication(ARCHIVE)) as publication:
        killed = subprocess.run([sys.executable, "-c", script, publication.url, str(tmp_path)], check=False)
        assert killed.returncode == -signal.SIGKILL
        assert_nothing_landed(tmp_path)
        fetch(publisher(publication), tmp_path)

    assert (publication.requests[-1] or "").startswith("bytes=")
    assert_landed(tmp_path)


def test_a_busy_server_is_asked_again(tmp_path: Path) -> None:
    with serve(Publication(ARCHIVE, busy=2)) as publication:
        fetch(publisher(publication), tmp_path)

    assert_landed(tmp_path)


def test_without_a_network_it_says_the_address_the_cause_and_the_way_on(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/set.zip"
        with pytest.raises(PublisherUnreachable) as caught:
            fetch(Publisher(url=url, members=".*"), tmp_path)

    assert caught.value.url == url
    for part in (url, "Connection refused", "driftwatch simulate MODEL --to DIR"):
        assert part in str(caught.value)
    assert_nothing_landed(tmp_path)


def test_an_unknown_name_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(PublisherUnreachable, match=r"http://publisher\.invalid/set\.zip cannot be reached"):
        fetch(Publisher(url="http://publisher.invalid/set.zip", members=".*"), tmp_path)


@pytest.mark.parametrize(("status", "said"), [(404, "404 Not Found"), (403, "403 Forbidden"), (410, "410 Gone")])
def test_an_address_without_the_archive_is_refused_at_once(tmp_path: Path, status: int, said: str) -> None:
    with (
        serve(Publication(ARCHIVE, status=status)) as publication,
        pytest.raises(PublicationRefused, match=f"the server answered {said}: check the address"),
    ):
        fetch(publisher(publication), tmp_path)

    assert len(publication.requests) == 1
    assert_nothing_landed(tmp_path)


def test_a_web_page_instead_of_the_archive_is_refused(tmp_path: Path) -> None:
    page = b"<!doctype html><title>We moved</title>"
    with serve(Publication(page, kind="text/html; charset=utf-8")) as publication:
        with pytest.raises(PublicationRefused, match="answered with a web page"):
            fetch(publisher(publication), tmp_path)
        publication.kind = "application/zip"
        with pytest.raises(PublicationRefused, match="no whole ZIP archive"):
            fetch(publisher(publication), tmp_path)

    assert_nothing_landed(tmp_path)


def test_a_wrong_checksum_of_the_archive_is_refused_and_not_continued(tmp_path: Path) -> None:
    right = hashlib.sha256(ARCHIVE).hexdigest()
    with serve(Publication(ARCHIVE[:-100] + bytes(100))) as publication:
        with pytest.raises(PublicationRefused, match=f"its SHA-256 is [0-9a-f]{{64}}, declared is {right}"):
            fetch(publisher(publication, sha256=right), tmp_path)
        assert_nothing_landed(tmp_path)
        publication.content = ARCHIVE
        fetch(publisher(publication, sha256=right), tmp_path)

    assert publication.requests == [None, None]
    assert_landed(tmp_path)


def checksums(folder: Path, members: dict[str, bytes]) -> None:
    rows = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in members.items()]
    (folder / "checksums.txt").write_text("".join(rows))


def test_members_have_to_agree_with_their_checksums(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    checksums(tmp_path, {"batch1.dat": MEMBERS["Dataset/batch1.dat"], "batch2.dat": b"other"})
    with serve(Publication(ARCHIVE)) as publication:
        declared = publisher(publication, checksums="checksums.txt")
        with pytest.raises(PublicationRefused, match=r"SHA-256 of its member batch2\.dat is .*, declared is"):
            fetch(declared, landing, declared_in=tmp_path)
        assert_nothing_landed(landing)

        checksums(tmp_path, {"batch1.dat": MEMBERS["Dataset/batch1.dat"]})
        fetch(declared, landing, declared_in=tmp_path)
        assert_landed(landing)

        checksums(tmp_path, {"batch3.dat": b"that is missing"})
        with pytest.raises(PublicationRefused, match=r"it lacks batch3\.dat"):
            fetch(declared, landing, declared_in=tmp_path)
    assert_landed(landing)


def test_members_have_to_have_their_number_of_lines(tmp_path: Path) -> None:
    with serve(Publication(archive_of({"batch7.dat": b"1\n2\n3\n"}))) as publication:
        with pytest.raises(PublicationRefused, match=r"its member batch7\.dat has 3 lines, declared are 3,613"):
            fetch(publisher(publication, lines={"batch7.dat": 3613}), tmp_path)
        with pytest.raises(PublicationRefused, match=r"it lacks batch8\.dat"):
            fetch(publisher(publication, lines={"batch8.dat": 3}), tmp_path)
        assert_nothing_landed(tmp_path)
        assert fetch(publisher(publication, lines={"batch7.dat": 3}), tmp_path) == [tmp_path / "batch7.dat"]


def test_files_of_another_origin_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "batch2.dat").write_text("mine\n")
    with (
        serve(Publication(ARCHIVE)) as publication,
        pytest.raises(LandingOccupied, match=r"already has batch2\.dat with other content.*move those files away"),
    ):
        fetch(publisher(publication), tmp_path)

    assert (tmp_path / "batch2.dat").read_text() == "mine\n"
    assert not (tmp_path / "batch1.dat").exists()


def link() -> bytes:
    target = Path("link.zip")
    info = zipfile.ZipInfo("batch1.dat")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(target, "w") as opened:
        opened.writestr(info, "/etc/passwd")
    return target.read_bytes()


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"../batch1.dat": b"x"}, r"'\.\./batch1\.dat' leads out of the folder"),
        ({"/etc/batch1.dat": b"x"}, r"'/etc/batch1\.dat' leads out of the folder"),
        ({"a\\..\\batch1.dat": b"x"}, "leads out of the folder"),
        ({"a/batch1.dat": b"x", "b/batch1.dat": b"y"}, r"'b/batch1\.dat' comes twice"),
        ({"README": b"x"}, r"none of its members is named like .*; it has README"),
        ({}, "none of its members is named like .*; it has nothing"),
    ],
)
def test_a_hostile_or_empty_archive_is_refused(tmp_path: Path, members: dict[str, bytes], message: str) -> None:
    landing = tmp_path / "landing"
    with serve(Publication(archive_of(members))) as publication, pytest.raises(PublicationRefused, match=message):
        fetch(publisher(publication), landing)

    assert_nothing_landed(landing)
    assert [path.name for path in tmp_path.rglob("*") if not path.name.startswith(".")] == ["landing"]


def test_a_link_in_an_archive_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with serve(Publication(link())) as publication, pytest.raises(PublicationRefused, match="is a link"):
        fetch(publisher(publication), tmp_path / "landing")


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    bomb = archive_of({"batch1.dat": bytes(50_000_000)}, zipfile.ZIP_DEFLATED)
    with (
        serve(Publication(bomb)) as publication,
        pytest.raises(PublicationRefused, match=r"unpacks to more than max_bytes: 1,000,000 \(at member batch1\.dat\)"),
    ):
        fetch(publisher(publication, max_bytes=1_000_000), tmp_path)

    assert_nothing_landed(tmp_path)


@pytest.mark.parametrize("says_length", [True, False])
def test_a_download_above_the_limit_is_refused(tmp_path: Path, says_length: bool) -> None:
    with (
        serve(Publication(ARCHIVE, says_length=says_length)) as publication,
        pytest.raises(PublicationRefused, match="over max_bytes: 1,000"),
    ):
        fetch(publisher(publication, max_bytes=1000), tmp_path)

    assert_nothing_landed(tmp_path)


def test_a_damaged_member_is_refused(tmp_path: Path) -> None:
    damaged = ARCHIVE[:5000] + b"\0" * 10 + ARCHIVE[5010:]
    with serve(Publication(damaged)) as publication, pytest.raises(PublicationRefused, match="no whole ZIP archive"):
        fetch(publisher(publication), tmp_path)

    assert_nothing_landed(tmp_path)


def test_two_fetches_into_one_folder_do_not_mix(tmp_path: Path) -> None:
    script = (
        "import fcntl, sys, time\n"
        "lock = open(sys.argv[1], 'a')\nfcntl.flock(lock, fcntl.LOCK_EX)\nprint('held', flush=True)\ntime.sleep(60)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / ".fetch.lock")], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with (
            serve(Publication(ARCHIVE)) as publication,
            pytest.raises(FetchUnderWay, match="another process fetches into"),
        ):
            fetch(publisher(publication), tmp_path)
    finally:
        holder.kill()
        holder.communicate()
    with serve(Publication(ARCHIVE)) as publication:
        fetch(publisher(publication), tmp_path)
    assert_landed(tmp_path)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": "https://"}, "url"),
        ({"members": "batch("}, "members 'batch\\(' is no regular expression"),
        ({"sha256": "abc"}, "sha256"),
        ({"sha1": "abc"}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_declaration_is_refused(declared: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Publisher.model_validate({"url": "https://example.org/set.zip", "members": ".*", **declared})


def test_a_line_that_is_no_checksum_is_named(tmp_path: Path) -> None:
    (tmp_path / "checksums.txt").write_text(f"{'a' * 64}  batch1.dat\n\nbatch2.dat {'b' * 64}\n")

    with pytest.raises(ValueError, match=r"checksums\.txt, line 3: found 'batch2\.dat b+.*expected <64 hex digits>"):
        read_checksums(tmp_path / "checksums.txt")


def test_the_declared_checksums_are_those_of_the_real_batches(real_gas_sensors: Path) -> None:
    declared = read_checksums(Path(driftwatch_assets.__file__).parent / "defs" / "gas_sensors" / "checksums.txt")

    assert sorted(declared) == sorted(f"batch{at}.dat" for at in (1, 2, 3, 4, 5, 6, 8, 9))
    for name, expected in declared.items():
        assert hashlib.sha256((real_gas_sensors / name).read_bytes()).hexdigest() == expected


def test_landed_files_can_be_read_by_others(tmp_path: Path) -> None:
    umask = os.umask(0o022)
    try:
        with serve(Publication(ARCHIVE)) as publication:
            paths = fetch(publisher(publication), tmp_path)
    finally:
        os.umask(umask)

    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o644}
