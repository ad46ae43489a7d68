"""The emulated API Gateway passes on what a function streams, part by part."""

from __future__ import annotations

import http.client
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import requests

from sandbox.api_gateway.rest_api import ApiGateway, RestApi, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 120.0  # seconds: a busy machine makes a test slower, and not red
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PRELUDE = b'{"statusCode": 201, "headers": {"Content-Type": "text/plain"}}' + bytes(8)


def streaming(parts: Callable[[], Iterator[bytes]]) -> ApiGateway:
    route = Route("POST", "/jobs", lambda _event, _context: parts(), streams=True)
    return ApiGateway(RestApi((route,)), clock=lambda: NOON)


def test_a_part_arrives_while_the_function_still_works() -> None:
    """The function goes on only after its first part was read."""
    read = threading.Event()

    def parts() -> Iterator[bytes]:
        yield PRELUDE + b"first"
        assert read.wait(PATIENCE)
        yield b"second"

    with streaming(parts) as api:
        connection = http.client.HTTPConnection(api.url.removeprefix("http://"), timeout=PATIENCE)
        connection.request("POST", "/jobs")
        response = connection.getresponse()
        assert response.read(5) == b"first"
        read.set()
        assert response.read() == b"second"
        assert (response.status, response.headers["Content-Type"]) == (201, "text/plain")
        connection.close()


def test_the_prelude_may_come_in_pieces() -> None:
    with streaming(lambda: iter([PRELUDE[:9], PRELUDE[9:-3], PRELUDE[-3:], b"body"])) as api:
        assert requests.post(f"{api.url}/jobs", timeout=PATIENCE).text == "body"


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [b'{"statusCode": 200}'],
        [b"no JSON" + bytes(8)],
        [b'{"statusCode": 99}' + bytes(8)],
        [b" " * 20_000, PRELUDE],
    ],
)
def test_a_stream_that_does_not_begin_right_is_a_bad_gateway(parts: list[bytes]) -> None:
    with streaming(lambda: iter(parts)) as api:
        assert requests.post(f"{api.url}/jobs", timeout=PATIENCE).status_code == 502


def test_a_stream_that_breaks_off_is_no_whole_answer() -> None:
    def parts() -> Iterator[bytes]:
        yield PRELUDE + b"first"
        raise OSError

    with (
        streaming(parts) as api,
        pytest.raises(requests.exceptions.ChunkedEncodingError),
    ):
        requests.post(f"{api.url}/jobs", timeout=PATIENCE)


def test_a_deployed_route_is_served_beside_the_fixed_ones_and_never_instead_of_them() -> None:
    def named(name: str) -> Route:
        return Route("GET", "/jobs", lambda _event, _context: {"body": name})

    later: list[Route] = []
    api = RestApi((named("fixed"), Route("GET", "/{any}", named("any").handler)))
    api = RestApi(api.routes, deployed=lambda: tuple(later))
    with ApiGateway(api, clock=lambda: NOON) as served:
        assert requests.get(f"{served.url}/new", timeout=PATIENCE).text == "any"
        later += [named("hijack"), Route("GET", "/new", named("new").handler)]
        assert requests.get(f"{served.url}/new", timeout=PATIENCE).text == "new"
        assert requests.get(f"{served.url}/jobs", timeout=PATIENCE).text == "fixed"
