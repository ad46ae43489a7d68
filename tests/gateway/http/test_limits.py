"""Requests that are too much of something: each is refused by a sentence, over real HTTP."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from tests.gateway.api import FALCON

if TYPE_CHECKING:
    from tests.gateway.api import Api

ONE_TAG = '"' + "0" * 40 + '"'


def body(**more: object) -> bytes:
    return json.dumps({"EndpointName": FALCON, "minutes": 10, **more}).encode()


def test_headers_beyond_api_gateways_limit(quiet_api: Api) -> None:
    answer = quiet_api.extend(headers={"X-Long": "a" * 10_300})
    assert (answer.status, answer.code) == (431, "LH4000")


def test_bodies_beyond_api_gateways_limit(quiet_api: Api) -> None:
    answer = quiet_api.send("POST", b" " * (10 * 1024 * 1024 + 1))
    assert (answer.status, answer.code) == (413, "LH4130")


def test_a_key_of_255_characters_is_the_longest(quiet_api: Api) -> None:
    query = {"dry_run": "true"}
    headers = {"Idempotency-Key": "k" * 255}
    assert quiet_api.send("POST", body(), headers=headers, query=query).status == 200
    answer = quiet_api.extend(headers={"Idempotency-Key": "k" * 256})
    assert (answer.status, answer.code) == (400, "LH4004")


def test_ten_tags_are_the_most_that_if_match_names(quiet_api: Api) -> None:
    answer = quiet_api.extend(headers={"If-Match": ", ".join([ONE_TAG] * 10)})
    assert (answer.status, answer.code) == (412, "LH4112")
    for tags in ([ONE_TAG] * 11, ["x"] * 11, ["*"] * 11, [""] * 200):
        answer = quiet_api.extend(headers={"If-Match": ",".join(tags)})
        assert (answer.status, answer.code) == (400, "LH4340")
        assert "10" in answer.error


@pytest.mark.parametrize("depth", [33, 500, 985, 990, 995, 2000, 100_000])
@pytest.mark.parametrize("kind", ["[", '{"a":'])
def test_a_body_that_is_nested_deeply(quiet_api: Api, depth: int, kind: str) -> None:
    close = "]" if kind == "[" else "}"
    nested = kind * depth + "1" + close * depth
    answer = quiet_api.send("POST", f'{{"EndpointName": {nested}}}'.encode())
    assert (answer.status, answer.code) == (400, "LH4001"), answer.text
    assert "nested too deeply" in answer.error or "bytes" in answer.error


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"a": 1, "a": 1}', "LH4001"),
        ('{"minutes": NaN}', "LH4001"),
        ('{"minutes": 1e999}', "LH4001"),
        ('{"minutes": -1e999}', "LH4001"),
        ('{"minutes": ' + "9" * 5000 + "}", "LH4001"),
        ('{"minutes": ' + "9" * 4301 + "}", "LH4001"),
        ('{"minutes": ' + "9" * 4300 + "}", "LH4002"),
        ('{"reason": "\\ud800"}', "LH4001"),
        ('{"\\udfff": 1}', "LH4001"),
        ('{"reason": "' + "\\u202e" + '"}', "LH4002"),
        ('{"reason": "' + "\\u2066" + '"}', "LH4002"),
    ],
    ids=lambda value: value[:24],
)
def test_a_body_that_python_would_take(quiet_api: Api, text: str, code: str) -> None:
    answer = quiet_api.send("POST", text.encode())
    assert (answer.status, answer.code) == (400, code), answer.text


def test_many_keys_are_counted_once_and_a_few_of_them_named(quiet_api: Api) -> None:
    """A quarter of a megabyte of keys took a quarter of a minute, and all came back."""
    keys = {f"k{number}": 1 for number in range(20_000)}
    content = body(**keys)
    assert 200_000 < len(content) < 256 * 1024
    with socket.create_connection(("127.0.0.1", int(quiet_api.url.rpartition(":")[2]))) as line:
        line.settimeout(10)
        head = (
            "POST /prod/endpoint-expiry HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            f"Authorization: {quiet_api.token}\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        line.sendall(head.encode() + content)
        received = b"".join(iter(lambda: line.recv(65536), b""))
    assert b"LH4002" in received
    assert b"and 19995 more are not known here" in received
    assert len(received) < 2000


def test_an_unknown_key_is_shown_on_one_line(quiet_api: Api) -> None:
    answer = quiet_api.send("POST", body(**{"a\u2028b\x1b\u202e" + "c" * 100: 1}))
    assert answer.code == "LH4002"
    assert answer.error.isprintable()
    assert len(answer.error) < 200


def test_query_parameters_that_are_long(quiet_api: Api) -> None:
    for name in ("EndpointName", "limit", "dry_run"):
        query = {"EndpointName": FALCON, name: "9" * 8000}
        path = "/prod/endpoint-expiry" + ("/history" if name == "limit" else "")
        method = "GET" if name == "limit" else "DELETE"
        answer = quiet_api.send(method, query=query, path=path)
        assert answer.status == 400
        assert len(answer.error) < 200
