"""The API keeps what its description promises: requests made from it, over HTTP, with a token.

Every route gets requests that the description allows and requests that it forbids. The checks are
schemathesis' own: no failure of the server, no status, header or body that is not described, what
is forbidden is refused, what is allowed is not, and without a token there is no answer.

Not checked: that a method which a path does not have is answered with 405. API Gateway says 403
then, and it is not ours to say.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from gateway.http.openapi import EXAMPLE_URL, document
from gateway.http.routes import ANYTHING, METHODS
from gateway.principal import Principal, Scope
from ledger.durations import minutes_from
from ledger.errors import Refused
from ledger.variables import WEBHOOK_SECRET_VALUE
from tests.conftest import staged
from tests.gateway.api import Api, deployed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import Case, HookContext

EXAMPLES = 16
ANYTHING_ALLOWED = Principal("Ana", "ana@example.com", frozenset(Scope))
NAMED = {"EndpointName": "demo-Kept-Endpoint"}  # the examples are about another one
PROMPT = {"inputs": "Write a haiku about leases."}
JSON = {"media_type": "application/json"}
AS_DESCRIBED = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.]\d+)?)?(Z|[+-]\d\d(:?\d\d)?)")
ACCEPTABLE = ["2xx", "401", "403", "404", "409", "412", "422"]
CONFIG = SchemathesisConfig.from_dict(
    {
        # The tokens are the test's own; a query may have more than an operation knows.
        "generation": {"with-security-parameters": False},
        # What is well said may still be unknown, in conflict, or past the ceiling; and long
        # calls are answered with 501 where no state machine is deployed, as here.
        "checks": {
            "positive_data_acceptance": {"expected-statuses": [*ACCEPTABLE, "501"]},
            "not_a_server_error": {"expected-statuses": ["2xx", "4xx", "501"]},
        },
    }
)
DESCRIPTION = schemathesis.openapi.from_dict(document(EXAMPLE_URL), config=CONFIG)
QUIETLY = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def described_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with staged(tmp_path_factory.mktemp("described")) as scene:
        scene.start("Falcon40B")
        scene.start("Kept")
        secret = {WEBHOOK_SECRET_VALUE: "nobody-knows-this-one"}
        server, table = deployed(scene, variables=secret, wake=lambda: None)
        with server:
            token, _ = table.create(ANYTHING_ALLOWED, scene.now)
            yield Api(scene, server.url, table, token)


@DESCRIPTION.hook
def filter_body(_context: HookContext, body: object) -> bool:
    """Leave out what JSON Schema cannot forbid: 10.0 as a whole number, 30 February, "soon"."""
    fields = body if isinstance(body, dict) else {}
    said = fields.get("duration")
    is_length = not isinstance(said, str) or _is_length(said)
    return is_length and not any(map(_is_beyond_a_schema, fields.values()))


def _is_length(text: str) -> bool:
    try:
        return bool(minutes_from(text))
    except Refused:
        return False


def _not_ours(path: str) -> list[Any]:
    """Name the checks whose failure would not be Leasehold's: a model may refuse any prompt."""
    asks_a_model = any(each.resource == path and each.media == ANYTHING for each in METHODS)
    return [unsupported_method, *([positive_data_acceptance] if asks_a_model else [])]


def _is_beyond_a_schema(value: object) -> bool:
    if isinstance(value, str) and INSTANT.fullmatch(value):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            return True
    return isinstance(value, float) and value.is_integer()


@DESCRIPTION.parametrize()
@QUIETLY
def test_the_api_keeps_what_its_description_promises(case: Case[Any], described_api: Api) -> None:
    case.call_and_validate(
        base_url=f"{described_api.url}/prod",
        headers={"Authorization": f"Bearer {described_api.token}"},
        excluded_checks=_not_ours(case.operation.path),
    )


@pytest.mark.parametrize(
    ("method", "path", "request_"),
    [
        ("GET", "/endpoint-expiry", {}),
        ("GET", "/endpoint-expiry", {"query": NAMED}),
        ("POST", "/endpoint-expiry", {"body": {**NAMED, "minutes": 10}, **JSON}),
        ("DELETE", "/endpoint-expiry", {"query": NAMED}),
        ("GET", "/endpoint-expiry/history", {"query": NAMED}),
        ("POST", "/invoke/{EndpointName}", {"path_parameters": NAMED, "body": PROMPT, **JSON}),
        ("GET", "/openapi.json", {}),
    ],
)
def test_an_answer_that_is_no_refusal_is_as_described_too(
    described_api: Api, method: str, path: str, request_: dict[str, Any]
) -> None:
    """Requests at random are mostly refused, so each kind of answer is asked for here."""
    case = DESCRIPTION[path][method].Case(**request_)
    response = case.call(
        base_url=f"{described_api.url}/prod",
        headers={"Authorization": f"Bearer {described_api.token}"},
    )
    assert response.status_code == 200
    case.validate_response(response, checks=AS_DESCRIBED)
