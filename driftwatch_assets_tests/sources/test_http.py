"""Fetching a table again and again, over a real connection with every fault."""

from __future__ import annotations

import datetime as dt
import pickle
import socket
import threading
import time
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from driftwatch_assets.sources import (
    AnswerRefused,
    CsvSource,
    FetchUnconfigured,
    FetchUnderWay,
    HttpFetch,
    LandingOccupied,
    SourceUnanswered,
    fetch_once,
)
from driftwatch_assets.sources import http_get as get_module
from driftwatch_assets_tests.sources.data_server import Site, serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ONE = b"5.1,setosa\n4.9,setosa\n"
TWO = b"6.3,virginica\n"
READER = CsvSource(columns=("length", "species"), header=False, types={"length": "number"})


@pytest.fixture
def site() -> Iterator[Site]:
    with serve(Site(ONE)) as served:
        yield served


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def declared(site: Site, **changes: object) -> HttpFetch:
    quick = {"backoff_seconds": 0.01, "attempts": 3, "timeout_seconds": 5}
    return HttpFetch.model_validate({"url": site.url, **quick, **changes})


def landed(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if not path.name.startswith(".")}


def assert_nothing_half_stored(folder: Path) -> None:
    hidden = {path.name for path in folder.iterdir() if path.name.startswith(".")}
    assert hidden <= {".fetch.lock", ".fetch.json"}


@pytest.mark.parametrize("versioned", [{}, {"etag": '"1"'}, {"last_modified": "Thu, 16 Apr 2015 10:00:00 GMT"}])
def test_a_fetch_that_is_unchanged_adds_nothing(site: Site, tmp_path: Path, versioned: dict[str, str]) -> None:
    for name, value in versioned.items():
        setattr(site, name, value)
    first = fetch_once(declared(site), tmp_path, check=READER.read)
    assert (first.path, first.changed) == (tmp_path / "fetch-000001.csv", True)

    again = fetch_once(declared(site), tmp_path, check=READER.read)
    assert (again.path, again.changed) == (first.path, False)
    assert site.sent == len(ONE) * (1 if versioned else 2)
    assert landed(tmp_path) == {"fetch-000001.csv": ONE}
    assert_nothing_half_stored(tmp_path)


def test_new_content_lands_as_the_next_file(site: Site, tmp_path: Path) -> None:
    site.etag = '"1"'
    fetch_once(declared(site), tmp_path)
    site.content, site.etag = TWO, '"2"'
    assert fetch_once(declared(site), tmp_path).reason == "new content landed as fetch-000002.csv"
    site.content, site.etag = ONE, '"3"'
    assert fetch_once(declared(site), tmp_path).path == tmp_path / "fetch-000003.csv"
    assert landed(tmp_path) == {"fetch-000001.csv": ONE, "fetch-000002.csv": TWO, "fetch-000003.csv": ONE}


def test_a_lost_receipt_costs_a_download_and_no_batch(site: Site, tmp_path: Path) -> None:
    site.etag = '"1"'
    fetch_once(declared(site), tmp_path)
    for content in (None, "{", '{"url": 1}', '{"url": "", "number": "7", "name": "", "fingerprint": ""}'):
        receipt = tmp_path / ".fetch.json"
        receipt.unlink() if content is None else receipt.write_text(content)
        assert not fetch_once(declared(site), tmp_path).changed
    assert landed(tmp_path) == {"fetch-000001.csv": ONE}
    assert fetch_once(declared(site), tmp_path).reason == "the server says that nothing changed"


def test_a_file_that_was_taken_away_or_changed_is_fetched_again(site: Site, tmp_path: Path) -> None:
    site.etag = '"1"'
    first = fetch_once(declared(site), tmp_path).path
    assert first is not None
    first.unlink()
    assert fetch_once(declared(site), tmp_path).path == first
    first.write_bytes(b"changed by hand\n")
    assert fetch_once(declared(site), tmp_path).path == tmp_path / "fetch-000002.csv"


def test_a_number_is_never_given_to_other_content(site: Site, tmp_path: Path) -> None:
    fetch_once(declared(site), tmp_path)
    site.content = TWO
    fetch_once(declared(site), tmp_path)
    (tmp_path / "fetch-000002.csv").unlink()
    site.content = ONE
    assert not fetch_once(declared(site), tmp_path).changed
    site.content = b"7.0,versicolor\n"
    assert fetch_once(declared(site), tmp_path).path == tmp_path / "fetch-000003.csv"


def test_another_address_is_not_asked_for_the_old_ones_version(site: Site, tmp_path: Path) -> None:
    site.etag = '"1"'
    fetch_once(declared(site), tmp_path)
    fetch_once(declared(site, url=f"{site.url}?other"), tmp_path)
    assert "If-None-Match" not in site.requests[-1]


@pytest.mark.parametrize("fault", ["statuses", "drops", "truncate"])
def test_a_server_that_stumbles_is_tried_again(site: Site, tmp_path: Path, fault: str) -> None:
    setattr(site, fault, {"statuses": [500, 503], "drops": 2, "truncate": [3, 5]}[fault])
    assert fetch_once(declared(site), tmp_path).changed
    assert len(site.requests) == 3
    assert landed(tmp_path) == {"fetch-000001.csv": ONE}


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_a_server_that_keeps_failing_gave_no_answer(site: Site, tmp_path: Path, status: int) -> None:
    site.statuses = [status] * 9
    with pytest.raises(SourceUnanswered, match=f"in 3 attempts .*{status}.* not the same as no new data") as caught:
        fetch_once(declared(site), tmp_path)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - made here
    assert len(site.requests) == 3
    assert landed(tmp_path) == {}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 204, 206, 304])
def test_an_answer_that_does_not_pass_by_itself_is_not_asked_for_twice(site: Site, tmp_path: Path, status: int) -> None:
    site.statuses = [status]
    with pytest.raises(AnswerRefused, match=f"the server answered {status}"):
        fetch_once(declared(site), tmp_path)
    assert len(site.requests) == 1
    assert landed(tmp_path) == {}


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_the_pause_that_a_server_asks_for_is_made(site: Site, tmp_path: Path, form: str) -> None:
    until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)
    site.statuses, site.retry_after = [503], "1" if form == "seconds" else format_datetime(until, usegmt=True)
    began = time.monotonic()
    assert fetch_once(declared(site), tmp_path).changed
    assert time.monotonic() - began > 0.7


@pytest.mark.parametrize(
    "said",
    ["²", "", "soon", "-1", "9" * 5000, "Thu, 01 Jan 1970 00:00:00 +99999999999", "Fri, 31 Dec 99999 00:00:00 GMT"],
)
def test_a_pause_that_cannot_be_read_is_none_that_was_asked_for(site: Site, tmp_path: Path, said: str) -> None:
    site.statuses, site.retry_after = [503], said
    assert fetch_once(declared(site), tmp_path).changed


@pytest.mark.parametrize("kind", ["binary/octet-stream", "Text/CSV; charset=utf-8"])
@pytest.mark.parametrize("coding", ["", " ", "identity", "Identity, identity"])
def test_an_answer_as_object_stores_give_it_is_data(site: Site, tmp_path: Path, kind: str, coding: str) -> None:
    site.kind, site.headers = kind, {"Content-Encoding": coding}
    assert fetch_once(declared(site), tmp_path, check=READER.read).changed


def test_a_server_that_asks_for_a_long_pause_is_left_alone(site: Site, tmp_path: Path) -> None:
    site.statuses, site.retry_after = [503], "86400"
    with pytest.raises(SourceUnanswered, match="asks for a pause of 86,400 s"):
        fetch_once(declared(site), tmp_path)
    assert len(site.requests) == 1


def test_the_pause_doubles_with_each_attempt(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(get_module.time, "sleep", pauses.append)
    site.statuses = [500] * 4
    fetch_once(declared(site, attempts=5, backoff_seconds=8, timeout_seconds=5), tmp_path)
    ranges = [(4, 8), (8, 16), (16, 32), (32, 60)]
    assert len([at for at in pauses if at]) >= 4
    for pause, (low, high) in zip([at for at in pauses if at >= 1], ranges, strict=True):
        assert low <= pause <= high


def test_a_server_that_is_silent_or_slow_ran_out_of_time(site: Site, tmp_path: Path) -> None:
    site.silent_seconds = 1
    with pytest.raises(SourceUnanswered, match=r"did not answer within 0\.3 s"):
        fetch_once(declared(site, timeout_seconds=0.3, attempts=2), tmp_path)
    site.silent_seconds, site.dribbles = 0, True
    with pytest.raises(SourceUnanswered, match=r"bytes within 0\.3 s and was not done"):
        fetch_once(declared(site, timeout_seconds=0.3, attempts=2), tmp_path)
    assert landed(tmp_path) == {}
    assert_nothing_half_stored(tmp_path)


def test_nobody_at_the_address_is_unreachable(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = Site(port=closed.getsockname()[1])
        with pytest.raises(SourceUnanswered, match="refused"):
            fetch_once(declared(nobody), tmp_path)


@pytest.mark.parametrize("says_length", [True, False])
def test_a_truncated_body_is_refused(site: Site, tmp_path: Path, says_length: bool) -> None:
    site.truncate, site.says_length = [len(ONE) - 1 - len("setosa")] * 3, says_length
    if says_length:
        with pytest.raises(AnswerRefused, match="in 3 attempts, the body is truncated"):
            fetch_once(declared(site), tmp_path)
    else:
        # Where the server does not say how long the body is, the reader sees that it ends within a line.
        site.content, site.truncate = ONE, [len(b"5.1,setosa\n4.9")]
        with pytest.raises(AnswerRefused, match=r"line 2: .* so it is truncated"):
            fetch_once(declared(site), tmp_path, check=READER.read)
    assert landed(tmp_path) == {}
    assert_nothing_half_stored(tmp_path)


@pytest.mark.parametrize("says_length", [True, False])
def test_a_gigabyte_is_not_downloaded(site: Site, tmp_path: Path, says_length: bool) -> None:
    site.content, site.endless = b"5.1,setosa\n" * 10_000, True
    if says_length:
        site.headers = {"Content-Length": str(2**30)}
    with pytest.raises(AnswerRefused, match="which is over max_bytes: 1,000,000"):
        fetch_once(declared(site, max_bytes=10**6), tmp_path)
    assert site.sent < 2**24
    assert len(site.requests) == 1
    assert landed(tmp_path) == {}
    assert_nothing_half_stored(tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "text/html"}, r"web page \(text/html\)"),
        ({"content": b"\n <!DOCTYPE html><p>maintenance"}, "web page, not with data"),
        ({"kind": None, "content": b"<html>"}, "web page, not with data"),
        ({"kind": "application/json"}, "its content type is application/json, expected one of text/csv"),
        ({"headers": {"Content-Encoding": "gzip"}}, "encoded as gzip"),
        ({"content": b""}, "the body is empty"),
        ({"content": b"\x89PNG\xff\xff"}, "its content cannot be read: line 1: byte 1 of the line"),
        ({"content": b"long,setosa\n"}, "line 1: none of its 1 rows can be read"),
    ],
)
def test_what_is_no_data_never_lands(site: Site, tmp_path: Path, changes: dict[str, object], said: str) -> None:
    fetch_once(declared(site), tmp_path, check=READER.read)
    for name, value in changes.items():
        setattr(site, name, value)
    with pytest.raises(AnswerRefused, match=said):
        fetch_once(declared(site), tmp_path, check=READER.read)
    assert landed(tmp_path) == {"fetch-000001.csv": ONE}
    assert_nothing_half_stored(tmp_path)


def test_a_reader_that_crashes_is_no_verdict_and_leaves_nothing(site: Site, tmp_path: Path) -> None:
    def crash(_: Path) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fetch_once(declared(site), tmp_path, check=crash)
    assert landed(tmp_path) == {}
    assert_nothing_half_stored(tmp_path)


def test_redirects_stay_with_the_declared_hosts(site: Site, tmp_path: Path) -> None:
    site.redirect = "/moved"
    assert fetch_once(declared(site), tmp_path).changed

    site.redirect = f"http://localhost:{site.port}/moved"
    with pytest.raises(AnswerRefused, match="redirects to the host localhost: name it in follow"):
        fetch_once(declared(site), tmp_path)
    assert fetch_once(declared(site, follow=("localhost",)), tmp_path).path is not None
    for target in ("file:///etc/passwd", f"http://127.0.0.1:{site.port}/iris.data"):
        site.redirect = target
        with pytest.raises(AnswerRefused, match="redirects"):
            fetch_once(declared(site), tmp_path)


def test_a_secret_goes_to_its_own_host_only_and_is_in_no_message(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = declared(site, headers_from_environment={"Authorization": "IRIS_TOKEN"}, follow=("localhost",))
    with pytest.raises(FetchUnconfigured, match="environment variable IRIS_TOKEN, which is not set"):
        fetch_once(fetch, tmp_path)
    monkeypatch.setenv("IRIS_TOKEN", "geheim\nX-Other: 1")
    with pytest.raises(FetchUnconfigured) as caught:
        fetch_once(fetch, tmp_path)
    assert "geheim" not in str(caught.value)

    monkeypatch.setenv("IRIS_TOKEN", "Bearer geheim\n")
    site.redirect = f"http://localhost:{site.port}/moved"
    fetch_once(fetch, tmp_path)
    assert [request.get("Authorization") for request in site.requests] == ["Bearer geheim", None]
    assert not any("geheim" in path.read_text() for path in tmp_path.iterdir())


def test_two_fetches_at_once_do_not_mix(site: Site, tmp_path: Path) -> None:
    site.silent_seconds = 0.5
    first = threading.Thread(target=fetch_once, args=(declared(site), tmp_path))
    first.start()
    while not site.requests:
        time.sleep(0.01)
    with pytest.raises(FetchUnderWay):
        fetch_once(declared(site), tmp_path)
    first.join()
    assert landed(tmp_path) == {"fetch-000001.csv": ONE}


def test_a_killed_fetch_leaves_nothing_that_stays(site: Site, tmp_path: Path) -> None:
    left = tmp_path / ".fetch-abc"
    left.mkdir()
    (left / "fetch-000000.csv").write_bytes(b"half")
    fetch_once(declared(site), tmp_path)
    assert_nothing_half_stored(tmp_path)


def test_a_folder_in_the_files_place_is_not_overwritten(site: Site, tmp_path: Path) -> None:
    (tmp_path / "fetch-000001.csv").mkdir()
    with pytest.raises(LandingOccupied):
        fetch_once(declared(site), tmp_path)


def test_names_are_patterns_with_a_number(site: Site, tmp_path: Path) -> None:
    assert fetch_once(declared(site), tmp_path, name="iris-{number:03d}.data").path == tmp_path / "iris-001.data"
    for name in ("iris.data", "{number}/iris", "../{number}", "{n}", "{number}{number}", ".{number}", "{number:x"):
        with pytest.raises(ValueError, match="is no pattern of a file name"):
            fetch_once(declared(site), tmp_path, name=name)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "ftp://host/x"}, "is no address to fetch from"),
        ({"url": "file:///etc/passwd"}, "is no address to fetch from"),
        ({"url": "http://"}, "is no address to fetch from"),
        ({"url": "http://host/a b"}, "is no address to fetch from"),
        ({"url": "http://host:port/"}, "cannot be read"),
        ({"url": "https://user:geheim@host/x"}, "user or a password"),
        ({"url": "https://user@host/x"}, "user or a password"),
        ({"attempts": 0}, "greater than or equal to 1"),
        ({"max_bytes": 0}, "greater than or equal to 1"),
        ({"headers_from_environment": {"Host": "X"}}, "header 'Host' cannot be declared"),
        ({"headers_from_environment": {"A\nB": "X"}}, "cannot be declared"),
        ({"content_types": ()}, "at least 1 item"),
    ],
)
def test_a_declaration_that_cannot_be_meant_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said) as caught:
        HttpFetch.model_validate({"url": "http://host/x", **changes})
    assert "geheim" not in str(caught.value)
