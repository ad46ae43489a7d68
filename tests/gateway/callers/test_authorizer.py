"""The API's door, asked through the emulated API Gateway and with DynamoDB over HTTP."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest
import requests

from gateway import authorizer_handler
from gateway.callers.authorizer import Authorizer, UnauthorizedError, presented
from gateway.http.routes import METHODS, OWN_PATH
from gateway.principal import Principal, Scope
from ledger.errors import Refused, Unavailable
from sandbox.api_gateway.authorizer import TokenAuthorizer
from sandbox.api_gateway.rest_api import ApiGateway, RestApi, Route
from tests.gateway import door
from tests.gateway.door import NOON, Clock, event
from tests.gateway.issuer import signed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.callers.tokens import TokenTable

HOUR = timedelta(hours=1)
MODEL_USER = Principal("Ida", "ida@example.com", frozenset({Scope.READ, Scope.INVOKE}))
ANA = Principal("Ana Núñez", "ana@example.com", frozenset({Scope.EXTEND, Scope.READ}))


@pytest.fixture
def clock() -> Clock:
    return Clock()


def whoami(event: dict[str, Any], context: object) -> dict[str, Any]:
    caller = Principal.from_context(event["requestContext"]["authorizer"])
    return {"body": json.dumps([caller.name, caller.email, sorted(caller.scopes)])}


def api_with(table: TokenTable, clock: Clock, ttl: timedelta = timedelta(0)) -> ApiGateway:
    authorized = TokenAuthorizer(Authorizer(table, clock), clock=clock, ttl=ttl)
    places = ("GET", "/endpoint-expiry"), ("POST", "/endpoint-expiry"), ("GET", "/{name}")
    routes = tuple(Route(method, resource, whoami) for method, resource in places)
    return ApiGateway(RestApi(routes, authorizer=authorized), clock=clock)


@pytest.fixture
def api(table: TokenTable, clock: Clock) -> Iterator[ApiGateway]:
    with api_with(table, clock) as gateway:
        yield gateway


def ask(api: ApiGateway, authorization: str, path: str = "/endpoint-expiry") -> requests.Response:
    headers = {"Authorization": authorization}
    return requests.get(f"{api.stage_url}{path}", headers=headers, timeout=10)


# -- at the door


def test_a_known_token_brings_its_principal_to_the_handler(
    api: ApiGateway, table: TokenTable
) -> None:
    token, _ = table.create(ANA, NOON)
    answer = ask(api, token)
    assert answer.status_code == 200
    assert answer.json() == ["Ana Núñez", "ana@example.com", ["extend", "read"]]


@pytest.mark.parametrize(
    "form", ["{}", "Bearer {}", "bearer {}", "BEARER   {}", "  {}  ", " Bearer \t{} "]
)
def test_a_token_may_come_bare_or_as_a_bearer_token(
    api: ApiGateway, table: TokenTable, form: str
) -> None:
    token, _ = table.create(ANA, NOON)
    headers = {"Authorization": form.format(token).strip()}
    assert (
        requests.get(f"{api.url}/endpoint-expiry", headers=headers, timeout=10).status_code == 200
    )
    assert presented(form.format(token)) == token


def test_a_pass_code_with_a_blank_inside_is_still_one_token(
    api: ApiGateway, table: TokenTable
) -> None:
    table.put("correct horse battery", ANA, NOON)
    assert ask(api, "correct horse battery").status_code == 200


@pytest.mark.parametrize(
    "authorization",
    ["lh_unknown-token", "Bearer lh_unknown-token", "Bearer", "Basic YW5hOnNlY3JldA==", "x" * 4097],
)
def test_who_is_unknown_gets_401(api: ApiGateway, authorization: str) -> None:
    answer = ask(api, authorization)
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


def test_the_hash_or_the_id_of_a_token_opens_nothing(api: ApiGateway, table: TokenTable) -> None:
    _, record = table.create(ANA, NOON)
    assert ask(api, record.token_id).status_code == 401


def test_an_expired_token_gets_401(api: ApiGateway, table: TokenTable, clock: Clock) -> None:
    token, _ = table.create(ANA, NOON, NOON + HOUR)
    assert ask(api, token).status_code == 200
    clock.now = NOON + HOUR
    assert ask(api, token).status_code == 401


def test_a_revoked_token_gets_401(api: ApiGateway, table: TokenTable) -> None:
    token, record = table.create(ANA, NOON)
    assert ask(api, token).status_code == 200
    table.revoke(record.token_id)
    assert ask(api, token).status_code == 401


def test_a_policy_kept_by_the_gateway_is_right_for_every_method_of_the_stage(
    table: TokenTable, clock: Clock
) -> None:
    token, record = table.create(MODEL_USER, NOON)
    with api_with(table, clock, ttl=timedelta(minutes=5)) as api:
        assert ask(api, token).status_code == 200
        table.revoke(record.token_id)  # from here on only the kept policy can answer
        headers = {"Authorization": token}
        assert (
            requests.post(f"{api.url}/endpoint-expiry", headers=headers, timeout=10).status_code
            == 200
        )
        assert ask(api, token, "/falcon").status_code == 200


def test_a_policy_kept_by_the_gateway_refuses_what_its_caller_may_not_reach(
    table: TokenTable, clock: Clock
) -> None:
    """Whatever was asked first: the scope `invoke` alone opens the paths of definitions."""
    token, _ = table.create(ANA, NOON)
    with api_with(table, clock, ttl=timedelta(minutes=5)) as api:
        assert ask(api, token, "/endpoint-expiry").status_code == 200
        assert ask(api, token, "/falcon").status_code == 403
        assert ask(api, token, "/endpoint-expiry").status_code == 200


def test_a_policy_kept_by_the_gateway_says_when_its_token_ends(
    table: TokenTable, clock: Clock
) -> None:
    """The API refuses what is over, for API Gateway goes on with what it remembers."""
    token, _ = table.create(ANA, NOON, NOON + timedelta(seconds=10))
    with door.api_behind(Authorizer(table, clock), clock, timedelta(seconds=30)) as api:
        assert door.ask(api, token).status_code == 200
        clock.now = NOON + timedelta(seconds=10)
        answer = door.ask(api, token)
    assert (answer.status_code, answer.json()["code"]) == (401, "LH4216")


def test_a_table_out_of_reach_is_500_and_lets_nobody_in(
    table_out_of_reach: TokenTable, clock: Clock
) -> None:
    with api_with(table_out_of_reach, clock) as api:
        answer = ask(api, "lh_some-token")
    assert answer.status_code == 500
    assert answer.headers["x-amzn-ErrorType"] == "AuthorizerConfigurationException"


# -- the answer itself


STAGE = "arn:aws:execute-api:eu-west-1:123456789012:abc123/prod"


def test_the_policy_allows_the_stage_of_the_call_and_names_the_token_by_its_public_id(
    table: TokenTable, clock: Clock
) -> None:
    token, record = table.create(MODEL_USER, NOON)
    answer = Authorizer(table, clock)(event(token), None)
    assert answer["principalId"] == record.token_id
    (statement,) = answer["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Action"] == "execute-api:Invoke"
    assert statement["Resource"] == [f"{STAGE}/*/*"]
    assert Principal.from_context(answer["context"]) == MODEL_USER
    assert token not in repr(answer)


@pytest.mark.parametrize("scope", [scope for scope in Scope if scope not in {"invoke", "admin"}])
def test_without_the_scope_invoke_the_paths_that_ask_for_scopes_are_allowed(
    table: TokenTable, clock: Clock, scope: Scope
) -> None:
    token, _ = table.create(Principal("Ana", "ana@example.com", frozenset({scope})), NOON)
    answer = Authorizer(table, clock)(event(token), None)
    (statement,) = answer["policyDocument"]["Statement"]
    covered = {
        route.key
        for route in METHODS
        for pattern in statement["Resource"]
        if fnmatchcase(f"{STAGE}/{route.method}{route.resource}", pattern)
    }
    assert covered == {route.key for route in METHODS if route.resource != OWN_PATH}
    for own in ("POST/falcon", "POST/invoked", "GET/endpoint-expiry2", "POST/reconcile"):
        assert not any(fnmatchcase(f"{STAGE}/{own}", each) for each in statement["Resource"])


@pytest.mark.parametrize(
    ("method_arn", "stage"),
    [
        ("arn:aws-cn:execute-api:cn-north-1:1:a/dev_1/POST/a/GET/b", "cn-north-1:1:a/dev_1"),
        ("arn:aws:execute-api:r:1:a/prod/GET/", "r:1:a/prod"),
        ("arn:aws:execute-api:r:1:a/prod/HEAD", "r:1:a/prod"),
    ],
)
def test_the_stage_is_read_from_any_methods_arn(
    table: TokenTable, clock: Clock, method_arn: str, stage: str
) -> None:
    token, _ = table.create(MODEL_USER, NOON)
    answer = Authorizer(table, clock)(event(token, method_arn), None)
    partition = method_arn.partition(":execute-api:")[0]
    resources = answer["policyDocument"]["Statement"][0]["Resource"]
    assert resources == [f"{partition}:execute-api:{stage}/*/*"]


@pytest.mark.parametrize(
    "method_arn", ["", "*", "arn:aws:execute-api:r:1:a/*/GET/x", "arn:aws:s3:::bucket/prod/GET/x"]
)
def test_an_arn_that_is_no_methods_arn_is_an_error_and_no_policy(
    table: TokenTable, clock: Clock, method_arn: str
) -> None:
    token, _ = table.create(ANA, NOON)
    with pytest.raises(ValueError, match="not the ARN"):
        Authorizer(table, clock)(event(token, method_arn), None)


@pytest.mark.parametrize(
    "token",
    [
        None,
        7,
        "",
        "  ",
        "Bearer ",
        "Bearer \x00abcdefgh",
        "abc\ndefgh",
        "x" * 4097,
        "x" * 8193,
        "tok\u2028en",
    ],
)
def test_a_malformed_token_is_unauthorized_before_the_table_is_asked(
    table_out_of_reach: TokenTable, clock: Clock, token: object
) -> None:
    with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
        Authorizer(table_out_of_reach, clock)(event(token), None)


def test_the_longest_token_fits_behind_bearer(table: TokenTable, clock: Clock) -> None:
    record = table.put("x" * 4096, ANA, NOON)
    answer = Authorizer(table, clock)(event(f"Bearer {'x' * 4096}"), None)
    assert answer["principalId"] == record.token_id


def test_no_log_and_no_error_ever_shows_a_token(
    table: TokenTable,
    table_out_of_reach: TokenTable,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    token, record = table.create(ANA, NOON)
    Authorizer(table, clock)(event(token), None)
    with pytest.raises(Unavailable) as unavailable:
        Authorizer(table_out_of_reach, clock)(event(token), None)
    table.revoke(record.token_id)
    with pytest.raises(UnauthorizedError) as unauthorized:
        Authorizer(table, clock)(event(token), None)
    said = [caplog.text, repr(unavailable.value), repr(unauthorized.value)]
    assert "GetItem" in caplog.text
    assert not any(token in each for each in said)


# -- the Lambda function


@pytest.fixture
def fresh_function(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A Lambda function that has not been called yet, as after a cold start."""
    authorizer_handler._built.cache_clear()
    yield monkeypatch
    authorizer_handler._built.cache_clear()


def test_the_function_takes_its_table_from_the_environment(
    fresh_function: pytest.MonkeyPatch, table: TokenTable, table_name: str, dynamodb_url: str
) -> None:
    fresh_function.setenv("LEASEHOLD_TOKEN_TABLE", table_name)
    fresh_function.setenv("AWS_ENDPOINT_URL_DYNAMODB", dynamodb_url)
    fresh_function.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    fresh_function.setenv("AWS_ACCESS_KEY_ID", "testing")
    fresh_function.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    token, record = table.create(ANA, NOON)
    assert authorizer_handler.handler(event(token), None)["principalId"] == record.token_id
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    over, _ = table.create(ANA, long_ago, long_ago + HOUR)
    fresh_function.delenv("LEASEHOLD_TOKEN_TABLE")  # read once: the function keeps its client
    assert authorizer_handler.handler(event(token), None)["principalId"] == record.token_id
    with pytest.raises(UnauthorizedError):
        authorizer_handler.handler(event(over), None)


def test_the_function_admits_what_its_environment_names(
    fresh_function: pytest.MonkeyPatch, table: TokenTable, table_name: str
) -> None:
    fresh_function.setenv("LEASEHOLD_TOKEN_TABLE", table_name)
    fresh_function.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    fresh_function.setenv("LEASEHOLD_IDENTITIES", '{"oidc": {}}')
    with pytest.raises(Refused, match=r"LH4215.*/oidc/issuer"):
        authorizer_handler.handler(event("lh_some-token"), None)
    oidc = {"issuer": "http://127.0.0.1:1", "audience": ["a"], "scopes": {"ops": ["admin"]}}
    fresh_function.setenv("LEASEHOLD_IDENTITIES", json.dumps({"oidc": oidc}))
    with pytest.raises(Unavailable, match="LH4212"):
        authorizer_handler.handler(event(signed({"iss": oidc["issuer"]})), None)


def test_a_function_without_its_setting_says_which_one(
    fresh_function: pytest.MonkeyPatch,
) -> None:
    fresh_function.delenv("LEASEHOLD_TOKEN_TABLE", raising=False)
    with pytest.raises(Refused, match=r"LH4208.*LEASEHOLD_TOKEN_TABLE"):
        authorizer_handler.handler(event("lh_some-token"), None)
