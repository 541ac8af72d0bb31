"""A fetch whose address is changed for once: the secrets of the declared one stay at home."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from driftwatch_assets.components.models import monitored_model
from driftwatch_assets.definitions import places_of
from driftwatch_assets.settings import Settings
from driftwatch_assets.sources import HttpFetch
from driftwatch_assets.steps import fetch_batch
from driftwatch_assets_tests.components.small import environment
from driftwatch_assets_tests.iris.flowers import published
from driftwatch_assets_tests.sources.data_server import Site, serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from driftwatch_assets.steps import Watched

SENT = "Bearer tulip-4711"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def site() -> Iterator[Site]:
    with serve(Site(published().encode())) as served:
        yield served


@pytest.fixture
def watched(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Give iris with an address on this machine, which wants a token."""
    monkeypatch.setenv("IRIS_TOKEN", SENT)
    iris = monitored_model("iris").watch(places_of(Settings.from_environment(environment(tmp_path))))
    fetch = HttpFetch(url=site.url, attempts=1, headers_from_environment={"Authorization": "IRIS_TOKEN"})
    source = iris.declaration.source.model_copy(update={"fetch": fetch})
    return replace(iris, declaration=iris.declaration.model_copy(update={"source": source}))


def test_the_declared_origin_is_told_the_secret_on_whatever_path(watched: Watched, site: Site) -> None:
    fetch_batch(watched)
    fetch_batch(watched, {"url": site.url.replace("iris.data", "other.data"), "timeout_seconds": 5.0})
    assert [request["Authorization"] for request in site.requests] == [SENT, SENT]


def test_another_origin_is_not_told_the_secret(watched: Watched, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(Site(published().encode())) as other:
        fetch_batch(watched, {"url": other.url})
        fetch_batch(watched, {"url": other.url.replace("127.0.0.1", "localhost")})
        monkeypatch.delenv("IRIS_TOKEN")
        fetch_batch(watched, {"url": other.url})
    assert site.requests == []
    assert len(other.requests) == 3
    assert not [request for request in other.requests if "Authorization" in request or SENT in str(request)]
