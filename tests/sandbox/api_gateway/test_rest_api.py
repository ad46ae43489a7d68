"""The emulated API Gateway, asked over real HTTP: routing, events, answers, refusals."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests

from sandbox.api_gateway.rest_api import ApiGateway, RestApi, Route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.lambda_functions.invocation import InvocationContext

PATIENCE = 120.0  # seconds: a busy machine makes a test slower, and not red
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def echo(event: dict[str, Any], context: object) -> dict[str, Any]:
    return {"statusCode": 200, "body": json.dumps(event)}


def named(name: str) -> Route:
    return Route("GET", name, lambda _event, _context: {"body": name})


def served(*routes: Route, **settings: Any) -> ApiGateway:  # noqa: ANN401 - RestApi's own settings
    return ApiGateway(RestApi(routes, **settings), clock=lambda: NOON)


def test_headers_of_more_than_ten_kilobytes_are_refused_as_api_gateway_does() -> None:
    bodies = {"DEFAULT_4XX": {"error": "odd"}}
    with served(named("/x"), gateway_responses=bodies) as api:
        fits = requests.get(f"{api.url}/x", headers={"X-Long": "a" * 10_000}, timeout=PATIENCE)
        assert (fits.status_code, fits.text) == (200, "/x")
        answer = requests.get(f"{api.url}/x", headers={"X-Long": "a" * 10_241}, timeout=PATIENCE)
        assert (answer.status_code, answer.json()) == (431, {"error": "odd"})
        assert answer.headers["x-amzn-ErrorType"] == "BadRequestException"


@pytest.fixture(scope="module")
def mirror() -> Iterator[ApiGateway]:
    """An API whose only handler answers with the event it was given."""
    everything = Route("ANY", "/mirror/{name}", echo), Route("ANY", "/files/{path+}", echo)
    with served(*everything, stage_variables={"colour": "blue"}) as api:
        yield api


def raw(api: ApiGateway, method: str, target: str, *headers: tuple[str, str]) -> dict[str, Any]:
    """Ask without a client library that tidies the request."""
    connection = http.client.HTTPConnection(api.url.removeprefix("http://"))
    connection.putrequest(method, target)
    for name, value in headers:
        connection.putheader(name, value.encode("utf-8"))
    connection.endheaders()
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return answer


# -- the event


def test_the_event_has_every_field_of_payload_format_1_0(mirror: ApiGateway) -> None:
    answer = requests.post(
        f"{mirror.stage_url}/mirror/Falcon?minutes=10", data="{}", timeout=PATIENCE
    )
    event = answer.json()
    assert event["resource"] == "/mirror/{name}"
    assert event["path"] == "/mirror/Falcon"
    assert event["httpMethod"] == "POST"
    assert event["pathParameters"] == {"name": "Falcon"}
    assert event["queryStringParameters"] == {"minutes": "10"}
    assert event["multiValueQueryStringParameters"] == {"minutes": ["10"]}
    assert event["stageVariables"] == {"colour": "blue"}
    assert event["body"] == "{}"
    assert event["isBase64Encoded"] is False
    context = event["requestContext"]
    assert (context["stage"], context["resourcePath"]) == ("prod", "/mirror/{name}")
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["requestTimeEpoch"] == NOON.timestamp() * 1000
    assert context["requestTime"] == "23/Nov/2026:12:00:00 +0000"
    assert context["requestId"] == answer.headers["x-amzn-RequestId"]
    assert "authorizer" not in context


def test_what_is_empty_is_null(mirror: ApiGateway) -> None:
    event = requests.get(f"{mirror.url}/mirror/Falcon", timeout=PATIENCE).json()
    assert event["body"] is None
    assert event["queryStringParameters"] is None
    assert event["multiValueQueryStringParameters"] is None


def test_the_api_answers_below_its_stage_and_at_the_root(mirror: ApiGateway) -> None:
    below, at_root = (
        requests.get(f"{base}/mirror/Falcon", timeout=PATIENCE).json()
        for base in (mirror.stage_url, mirror.url)
    )
    assert below["path"] == at_root["path"] == "/mirror/Falcon"
    assert below["requestContext"]["path"] == "/prod/mirror/Falcon"
    assert at_root["requestContext"]["path"] == "/mirror/Falcon"


def test_path_and_parameters_keep_the_encoding_the_client_sent(mirror: ApiGateway) -> None:
    event = raw(mirror, "GET", "/mirror/a%2Fb%20c+d%C3%A9")
    assert event["path"] == "/mirror/a%2Fb%20c+d%C3%A9"
    assert event["pathParameters"] == {"name": "a%2Fb%20c+d%C3%A9"}


def test_the_query_is_decoded_and_the_last_of_several_values_is_the_single_one(
    mirror: ApiGateway,
) -> None:
    event = raw(mirror, "GET", "/mirror/x?tag=%C3%A9t%C3%A9+1&tag=two&empty=&Tag=other")
    assert event["queryStringParameters"] == {"tag": "two", "empty": "", "Tag": "other"}
    assert event["multiValueQueryStringParameters"]["tag"] == ["été 1", "two"]


def test_headers_keep_their_case_and_their_repetitions(mirror: ApiGateway) -> None:
    event = raw(
        mirror,
        "GET",
        "/mirror/x",
        ("iDempotency-Key", "k1"),
        ("X-Tag", "one, two"),
        ("x-tag", "three"),
        ("X-Forwarded-For", "203.0.113.9"),
    )
    assert event["headers"]["iDempotency-Key"] == "k1"
    assert event["multiValueHeaders"]["X-Tag"] == ["one, two", "three"]
    assert event["headers"]["X-Tag"] == "three"
    assert event["headers"]["X-Forwarded-For"] == "203.0.113.9, 127.0.0.1"


def test_a_body_in_unicode_arrives_as_text(mirror: ApiGateway) -> None:
    body = json.dumps({"reason": "Vorführung für Zoë 🙂"}, ensure_ascii=False)
    event = requests.post(f"{mirror.url}/mirror/x", data=body.encode(), timeout=PATIENCE).json()
    assert event["body"] == body


def test_a_body_that_is_no_text_arrives_as_base64(mirror: ApiGateway) -> None:
    event = requests.post(f"{mirror.url}/mirror/x", data=b"\xff\x00\xfe", timeout=PATIENCE).json()
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"\xff\x00\xfe"


def test_a_chunked_body_arrives_whole(mirror: ApiGateway) -> None:
    pieces = iter([b"one ", b"two"])
    assert requests.post(f"{mirror.url}/mirror/x", data=pieces, timeout=PATIENCE).json()[
        "body"
    ] == ("one two")


def test_head_gives_the_headers_and_no_body(mirror: ApiGateway) -> None:
    answer = requests.head(f"{mirror.url}/mirror/x", timeout=PATIENCE)
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) > 100
    assert answer.content == b""


def test_options_is_a_method_like_any_other(mirror: ApiGateway) -> None:
    assert (
        requests.options(f"{mirror.url}/mirror/x", timeout=PATIENCE).json()["httpMethod"]
        == "OPTIONS"
    )


def test_the_context_is_what_a_lambda_handler_expects() -> None:
    seen: list[InvocationContext] = []

    def handler(event: dict[str, Any], context: InvocationContext) -> dict[str, Any]:
        seen.append(context)
        return {}

    with served(Route("GET", "/", handler)) as api:
        requests.get(api.url, timeout=PATIENCE)
    (context,) = seen
    assert context.function_name in context.invoked_function_arn
    assert context.aws_request_id
    assert context.memory_limit_in_mb > 0
    assert context.get_remaining_time_in_millis() == 29_000


# -- routing


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("/", "/"),
        ("/endpoints", "/endpoints"),
        ("/endpoints/", "/endpoints"),
        ("/endpoints/Falcon", "/endpoints/{name}"),
        ("/endpoints/health", "/endpoints/health"),
        ("/endpoints/Falcon/lease", "/endpoints/{name}/lease"),
        ("/endpoints/Falcon/anything/at/all", "/endpoints/{rest+}"),
        ("/endpoints/prod", "/endpoints/{name}"),
    ],
)
def test_the_most_literal_resource_wins(path: str, resource: str) -> None:
    resources = (
        "/endpoints/{rest+}",
        "/endpoints/{name}",
        "/endpoints/health",
        "/endpoints/{name}/lease",
        "/endpoints",
        "/",
    )
    with served(*map(named, resources)) as api:
        assert requests.get(f"{api.url}{path}", timeout=PATIENCE).text == resource
        assert requests.get(f"{api.stage_url}{path}", timeout=PATIENCE).text == resource


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("POST", "/endpoints"),
        ("GET", "/endpoints/Falcon"),
        ("GET", "/other-stage/endpoints"),
        ("GET", "//"),
    ],
)
def test_an_unknown_resource_or_method_is_403_missing_authentication_token(
    method: str, path: str
) -> None:
    with served(named("/endpoints")) as api:
        answer = requests.request(method, f"{api.url}{path}", timeout=PATIENCE)
    assert answer.status_code == 403
    assert answer.json() == {"message": "Missing Authentication Token"}
    assert answer.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"


def test_a_greedy_parameter_takes_the_whole_rest(mirror: ApiGateway) -> None:
    event = requests.get(f"{mirror.url}/files/a/b/c", timeout=PATIENCE).json()
    assert event["pathParameters"] == {"path": "a/b/c"}


# -- the answer


def answered(answer: object) -> requests.Response:
    with served(Route("GET", "/", lambda _event, _context: answer)) as api:
        return requests.get(api.url, timeout=PATIENCE)


def test_headers_of_both_kinds_are_merged_and_the_list_wins() -> None:
    answer = answered(
        {
            "statusCode": 201,
            "headers": {"Location": "/a", "set-cookie": "lost"},
            "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]},
            "body": "made",
        }
    )
    assert (answer.status_code, answer.text) == (201, "made")
    assert answer.headers["Location"] == "/a"
    assert answer.headers["Set-Cookie"] == "a=1, b=2"
    assert answer.headers["Content-Type"] == "application/json"


def test_a_base64_body_is_sent_as_bytes() -> None:
    body = base64.b64encode(b"\x00\xff").decode()
    assert answered({"body": body, "isBase64Encoded": True}).content == b"\x00\xff"


def test_no_content_has_no_body_and_no_length() -> None:
    answer = answered({"statusCode": 204, "body": None})
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Content-Length" not in answer.headers


def test_a_header_that_the_gateway_keeps_for_itself_is_renamed() -> None:
    answer = answered({"headers": {"WWW-Authenticate": "Bearer"}})
    assert answer.headers["x-amzn-Remapped-WWW-Authenticate"] == "Bearer"
    assert "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize(
    "malformed",
    [
        None,
        "text",
        [],
        {"message": "a field too many"},
        {"statusCode": "many"},
        {"statusCode": True},
        {"statusCode": 99},
        {"statusCode": 200, "body": {"not": "text"}},
        {"statusCode": 200, "body": "%%%", "isBase64Encoded": True},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"a": None}},
        {"statusCode": 200, "headers": {"a": "one\r\nSet-Cookie: forged=1"}},
        {"statusCode": 200, "headers": {"a": "日本"}},
        {"statusCode": 200, "multiValueHeaders": {"a": "no array"}},
        {"statusCode": 200, "body": b"no JSON"},
    ],
)
def test_a_malformed_answer_is_502(malformed: object) -> None:
    answer = answered(malformed)
    assert answer.status_code == 502
    assert answer.json() == {"message": "Internal server error"}
    assert "Set-Cookie" not in answer.headers


def test_a_handler_that_raises_is_502_and_tells_nothing_of_the_error() -> None:
    def handler(event: dict[str, Any], context: object) -> None:
        raise RuntimeError("the secret detail")

    with served(Route("GET", "/", handler)) as api:
        answer = requests.get(api.url, timeout=PATIENCE)
    assert answer.status_code == 502
    assert "secret" not in answer.text


def test_a_body_over_the_limit_is_413_and_never_reaches_the_handler() -> None:
    calls: list[int] = []

    def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
        calls.append(len(event["body"]))
        return {}

    with served(Route("POST", "/", handler), body_limit=1000) as api:
        assert requests.post(api.url, data=b"x" * 1000, timeout=PATIENCE).status_code == 200
        refused = requests.post(api.url, data=b"x" * 1001, timeout=PATIENCE)
    assert refused.status_code == 413
    assert refused.json() == {"message": "Request Too Long"}
    assert calls == [1000]


def test_gateway_responses_have_the_bodies_that_were_configured() -> None:
    bodies = {
        "MISSING_AUTHENTICATION_TOKEN": {"error": {"code": "LH4404", "message": "no such route"}},
        "DEFAULT_4XX": {"error": "any other refusal"},
        "DEFAULT_5XX": {"error": "wir haben ein Problem: ü"},
    }
    broken = Route("GET", "/broken", lambda _event, _context: "no answer")
    with served(broken, gateway_responses=bodies, body_limit=1) as api:
        unknown = requests.get(f"{api.url}/unknown", timeout=PATIENCE)
        failed = requests.get(f"{api.url}/broken", timeout=PATIENCE)
        too_long = requests.get(f"{api.url}/broken", data=b"xx", timeout=PATIENCE)
    assert (unknown.status_code, unknown.json()) == (403, bodies["MISSING_AUTHENTICATION_TOKEN"])
    assert (failed.status_code, failed.json()) == (502, bodies["DEFAULT_5XX"])
    assert (too_long.status_code, too_long.json()) == (413, bodies["DEFAULT_4XX"])


def test_gateway_responses_have_fixed_headers_and_those_of_the_request() -> None:
    headers = {"Vary": "'Origin'", "Access-Control-Allow-Origin": "method.request.header.Origin"}
    with served(named("/x"), gateway_response_headers=headers) as api:
        page = {"Origin": "https://a.example"}
        asked = requests.get(f"{api.url}/unknown", headers=page, timeout=PATIENCE)
        plain = requests.get(f"{api.url}/unknown", timeout=PATIENCE)
    assert asked.headers["Access-Control-Allow-Origin"] == "https://a.example"
    assert asked.headers["Vary"] == plain.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Origin" not in plain.headers


# -- the server


def test_forty_slow_calls_run_at_the_same_time() -> None:
    """Each handler waits for all forty: run one after another, none would ever finish."""
    together = threading.Barrier(40)

    def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
        together.wait(timeout=PATIENCE)
        return {"body": event["path"]}

    with served(Route("GET", "/calls/{number}", handler)) as api, ThreadPoolExecutor(40) as pool:
        urls = [f"{api.url}/calls/{number}" for number in range(40)]
        answers = list(pool.map(lambda url: requests.get(url, timeout=PATIENCE), urls))
    assert [answer.status_code for answer in answers] == [200] * 40
    assert [answer.text for answer in answers] == [f"/calls/{number}" for number in range(40)]


def test_a_handler_cannot_change_the_gateway_through_its_event() -> None:
    variables = {"colour": "blue"}

    def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
        event["stageVariables"]["colour"] = "red"
        return {}

    with served(Route("GET", "/", handler), stage_variables=variables) as api:
        requests.get(api.url, timeout=PATIENCE)
    assert variables == {"colour": "blue"}


def test_stop_lets_a_running_call_finish_and_frees_the_port() -> None:
    entered, proceed = threading.Event(), threading.Event()

    def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
        entered.set()
        proceed.wait(timeout=PATIENCE)
        return {"body": "finished"}

    api = served(Route("GET", "/", handler)).start()
    with ThreadPoolExecutor(2) as pool:
        call = pool.submit(requests.get, api.url, timeout=PATIENCE)
        assert entered.wait(timeout=PATIENCE)
        stopped = pool.submit(api.stop)
        proceed.set()
        stopped.result(timeout=PATIENCE)
        assert call.result(timeout=PATIENCE).text == "finished"
    with pytest.raises(requests.ConnectionError):
        requests.get(api.url, timeout=PATIENCE)
