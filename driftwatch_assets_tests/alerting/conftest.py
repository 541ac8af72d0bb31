"""Receivers of alerts, and an alert to tell them of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from driftwatch_assets.alerting import DriftedFeature, Notice
from driftwatch_assets_tests.alerting.authority import Authority
from driftwatch_assets_tests.alerting.mail_server import Mailbox, mail_server
from driftwatch_assets_tests.alerting.webhook_server import Receiver, receiving

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTICE = Notice(
    "loan_default",
    "auc_low",
    "high",
    "opened",
    batch="2024-10",
    metric="auc",
    condition="<",
    threshold=0.7,
    value=0.6312,
    features=(DriftedFeature("fe_10_mean", 1.0, 8.2), DriftedFeature("DTI", -0.31), DriftedFeature("Age", 0.2)),
    retrained=True,
    promoted=False,
    version=4,
    decision="the challenger's AUC of 0.641 is not above the champion's 0.639 by more than noise",
    run_url="http://127.0.0.1:3000/runs/5f0c",
    report_url="http://127.0.0.1:3070/loan_default/reports/2024-10.html",
    at=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
    row=7,
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as served:
        yield served


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    return authority


@pytest.fixture
def mailbox(trusted: Authority) -> Iterator[Mailbox]:
    with mail_server(Mailbox(), trusted) as served:
        yield served
