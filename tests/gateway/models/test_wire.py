"""What a container answers in place of a result reaches the caller, whatever it is."""

from __future__ import annotations

import json

import pytest

from gateway.models.not_running import observed_status
from gateway.models.wire import model_error

PLAIN = "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ('{"error": "too long"}', "application/json"),
        ("CUDA out of memory", PLAIN),
        ("", PLAIN),
        ("[" * 5000, PLAIN),
        ("9" * 5000, PLAIN),
        ("half of a pair \ud800", PLAIN),
    ],
    ids=lambda value: ascii(value[:20]),
)
def test_a_containers_refusal_is_json_only_where_it_can_be_read_as_such(
    said: str, kind: str
) -> None:
    answer = model_error({"OriginalStatusCode": 422, "OriginalMessage": said}).as_proxy()
    assert (answer["statusCode"], answer["headers"]) == (422, {"Content-Type": kind})
    assert answer["body"] == said.replace("\ud800", "?")


@pytest.mark.parametrize("status", [0, 200, 302, 600, -1])
def test_a_status_that_is_no_errors_becomes_bad_gateway(status: int) -> None:
    assert model_error({"OriginalStatusCode": status}).status == 502


@pytest.mark.parametrize("content", [b"", b"[]", b"[" * 5000, b"\xff", b'{"endpoints": []}'])
def test_an_observed_history_that_cannot_be_read_says_absent(content: bytes) -> None:
    assert observed_status({"dev.json": content}, "dev", "x") == "absent"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("Creating", "Creating"),
        ("InService", "absent"),
        ("", "absent"),
        (1, "absent"),
        ("a\r\nSet-Cookie: b", "absent"),
        ("\u202e", "absent"),
    ],
    ids=ascii,
)
def test_an_observed_status_is_a_word_that_may_stand_in_a_header(status: object, said: str) -> None:
    noted = {"endpoints": {"x": {"status": status}}}
    assert observed_status({"dev.json": json.dumps(noted).encode()}, "dev", "x") == said
