"""Who may ask: tokens, names, and what a service that is open to a network needs before it starts."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from driftwatch_assets.serving.environment import ServiceSettings, is_loopback
from driftwatch_assets.settings import SettingError
from driftwatch_assets_tests.serving.conftest import iris_service
from driftwatch_assets_tests.serving.garden import FLOWER, PREDICT
from driftwatch_assets_tests.serving.house import running
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftwatch_assets.steps import Watched

pytestmark = DAGSTERS_OWN_WARNINGS
TOKEN = "a-token-of-these-tests-0"  # noqa: S105 - made up
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is refused
NEXT = "a-token-of-these-tests-1"


@pytest.fixture(scope="module")
def guarded(garden: Watched, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(iris_service(garden, tmp_path_factory.mktemp("spool"), tokens=(TOKEN, NEXT))) as address:
        yield address


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", ["/", "/v1/models", "/metrics", "/openapi.json", "/iris/reports/summary.html", "/no"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer("wrong"),
        bearer(TOKEN[:-1]),
        bearer(TOKEN + "x"),
        {"authorization": "Bearer"},
        {"authorization": TOKEN},
        {"authorization": "Basic not-base64!"},
        {"authorization": f"Basic {base64.b64encode(b'anybody').decode()}"},
        {"authorization": f"Digest {TOKEN}"},
    ],
)
def test_a_missing_or_wrong_token_opens_nothing(guarded: str, path: str, headers: dict[str, str]) -> None:
    answer = httpx.get(guarded + path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers.get_list("www-authenticate") == ['Bearer realm="driftwatch"', 'Basic realm="driftwatch"']
    assert TOKEN not in answer.text


def test_a_wrong_token_gets_no_prediction(guarded: str) -> None:
    assert httpx.post(guarded + PREDICT, json={"records": [FLOWER]}, headers=bearer("wrong")).status_code == 401


def test_the_token_opens_as_bearer_and_as_a_browsers_password(guarded: str) -> None:
    assert httpx.post(guarded + PREDICT, json={"records": [FLOWER]}, headers=bearer(TOKEN)).status_code == 200
    assert httpx.get(f"{guarded}/", auth=("anybody", TOKEN)).status_code == 200


def test_while_one_token_replaces_another_both_open(guarded: str) -> None:
    assert httpx.get(f"{guarded}/v1/models", headers=bearer(NEXT)).status_code == 200


def test_a_token_that_was_replaced_opens_nothing_when_it_is_sent_again(garden: Watched, tmp_path: Path) -> None:
    """Until then it opens as often as it is sent: it is no ticket. What is sent over a network goes through TLS."""
    with running(iris_service(garden, tmp_path, tokens=(TOKEN,))) as address:
        sent = [httpx.post(address + PREDICT, json={"records": [FLOWER]}, headers=bearer(TOKEN)) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [200, 200]
    assert sent[0].json() == sent[1].json()
    assert sent[0].headers["x-request-id"] != sent[1].headers["x-request-id"], "the log tells one from the other"
    with running(iris_service(garden, tmp_path, tokens=(NEXT,))) as address:
        again = httpx.post(address + PREDICT, json={"records": [FLOWER]}, headers=bearer(TOKEN))
    assert again.status_code == 401


def test_whether_it_runs_is_told_to_everybody(guarded: str) -> None:
    assert httpx.get(f"{guarded}/ping").json() == {"status": "ok"}


def test_without_a_token_a_page_that_made_its_name_lead_here_is_refused(client: httpx.Client) -> None:
    answer = client.get("/v1/models", headers={"host": "evil.example:3070"})
    assert answer.status_code == 421
    assert "answers only as 127.0.0.1, not as 'evil.example'" in answer.json()["detail"]


def test_every_answer_has_an_id_and_headers_that_keep_it_to_itself(client: httpx.Client) -> None:
    for path in ("/ping", "/no", "/"):
        headers = client.get(path).headers
        assert len(headers["x-request-id"]) == 16
        assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")
        assert "server" not in headers or "uvicorn" in headers["server"]


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "192.0.2.1", "example.org", ""])
def test_an_address_that_others_reach_needs_a_token(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(SettingError, match="DRIFTWATCH_TOKEN is not set: set it to a secret"):
        ServiceSettings.from_environment(host, {})
    assert ServiceSettings.from_environment(host, {"DRIFTWATCH_TOKEN": f"{TOKEN} {NEXT}"}).tokens == (TOKEN, NEXT)


def test_a_short_token_is_refused() -> None:
    with pytest.raises(SettingError, match="less than 16 characters"):
        ServiceSettings.from_environment(EVERYWHERE, {"DRIFTWATCH_TOKEN": "short"})


def test_the_command_does_not_start_on_an_open_address_without_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DRIFTWATCH_TOKEN", raising=False)
    monkeypatch.setenv("DRIFTWATCH_LAKE", str(tmp_path / "lake"))
    command = [Path(sys.executable).parent / "driftwatch", "serve", "--host", EVERYWHERE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert "0.0.0.0 is open to a network, and DRIFTWATCH_TOKEN is not set" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
