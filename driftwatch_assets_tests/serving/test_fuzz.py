"""The service called with what its OpenAPI document allows and forbids: it never fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from driftwatch_assets_tests.serving.garden import FLOWER, PREDICT
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

if TYPE_CHECKING:
    import httpx

pytestmark = [*DAGSTERS_OWN_WARNINGS, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


def called(address: str, client: httpx.Client, examples: int) -> dict[int, int]:
    """Call every operation with made-up requests, and count the answers by status."""
    document: dict[str, Any] = client.get("/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=address)
    statuses: dict[int, int] = {}
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def calls(case: Any) -> None:
            answer = case.call()
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
            case.validate_response(answer, checks=list(CHECKS))

        taking = [*operation.iter_parameters(), *operation.body]
        modes = [schemathesis.GenerationMode.POSITIVE]
        # What takes nothing cannot be asked wrongly.
        modes += [schemathesis.GenerationMode.NEGATIVE] if taking else []
        for mode in modes:
            given(case=operation.as_strategy(generation_mode=mode))(calls)()
    assert client.post(PREDICT, json={"records": [FLOWER]}).status_code == 200
    return statuses


@pytest.mark.parametrize("examples", [10, pytest.param(200, marks=pytest.mark.soak)])
def test_made_up_requests_are_never_answered_with_a_failure(address: str, client: httpx.Client, examples: int) -> None:
    assert set(called(address, client, examples)) >= {200, 404, 422}
