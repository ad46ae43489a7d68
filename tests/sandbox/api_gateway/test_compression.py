"""Answers are compressed as API Gateway does it: for whom, from which size on, and never twice."""

from __future__ import annotations

import gzip
import zlib

import pytest

from sandbox.api_gateway.compression import compressed
from sandbox.api_gateway.http import Answer

TEXT = b"lease " * 500
PLAIN = Answer(200, (("Content-Type", "application/json"),), TEXT)


@pytest.mark.parametrize("accepted", ["gzip", "br, GZIP;q=0.8", "deflate;q=0, gzip"])
def test_who_names_gzip_gets_it(accepted: str) -> None:
    answer = compressed(PLAIN, accepted, 2048)
    assert answer.headers == (*PLAIN.headers, ("Content-Encoding", "gzip"))
    assert isinstance(answer.body, bytes)
    assert gzip.decompress(answer.body) == TEXT


def test_who_names_deflate_gets_that() -> None:
    answer = compressed(PLAIN, "deflate, gzip", 2048)
    assert isinstance(answer.body, bytes)
    assert zlib.decompress(answer.body) == TEXT


@pytest.mark.parametrize(
    ("answer", "accepted", "at_least"),
    [
        (PLAIN, None, 2048),
        (PLAIN, "*", 2048),
        (PLAIN, "gzip;q=0", 2048),
        (PLAIN, "gzip", None),
        (PLAIN, "gzip", len(TEXT) + 1),
        (Answer(200, (("content-encoding", "br"),), TEXT), "gzip", 2048),
        (Answer(200, (), iter([TEXT])), "gzip", 2048),
    ],
    ids=["not asked", "anything", "refused", "never", "short", "already", "a stream"],
)
def test_others_get_it_as_it_is(answer: Answer, accepted: str | None, at_least: int | None) -> None:
    assert compressed(answer, accepted, at_least) is answer
