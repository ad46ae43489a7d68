"""What another process reads of a change that waits, and of what became of it."""

from __future__ import annotations

import json

import pytest

from gateway.group_commit.intent import ALONE, Intent, read_answer, write_answer
from gateway.http.answer import Answer
from gateway.http.call import Call
from gateway.principal import Principal, Scope

ANA = Principal(
    "Ana Ł", "ana@example.com", frozenset({Scope.EXTEND, Scope.ADD}), frozenset({"demo-*"})
)
CALL = Call(
    method="POST",
    resource="/endpoint-expiry",
    headers={"if-match": '"abc"', "idempotency-key": "k-1", "authorization": "s3cret"},
    query={"dry_run": ("false",)},
    caller=ANA,
    id="r-1",
    document={"EndpointName": "demo-Falcon40B-Endpoint", "minutes": 10, "reason": "naïve\n"},
)
WRITTEN = json.loads(Intent("extend", CALL, 1.5).write())


def test_an_intent_reads_the_same() -> None:
    read = Intent.read(Intent("extend", CALL, 1.5).write())
    assert (read.operation, read.deadline) == ("extend", 1.5)
    assert (read.call.method, read.call.resource) == (CALL.method, CALL.resource)
    assert (read.call.caller, read.call.document) == (ANA, CALL.document)
    assert (read.call.query, read.call.request_id) == (CALL.query, CALL.request_id)
    assert read.call.headers == {"if-match": '"abc"', "idempotency-key": "k-1"}
    assert read.call.is_relayed


def test_an_intent_has_no_token_in_it() -> None:
    assert "s3cret" not in Intent("extend", CALL, 1.5).write()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        json.dumps(WRITTEN | {"version": 2}),
        json.dumps(WRITTEN | {"caller": {"name": "", "email": "x", "scopes": "extend"}}),
        json.dumps(WRITTEN | {"caller": None}),
        json.dumps(WRITTEN | {"query": []}),
        json.dumps(WRITTEN | {"deadline": None}),
        json.dumps(WRITTEN | {"document": 1}),
    ],
    ids=lambda text: text[-30:],
)
def test_what_is_no_intent_is_not_understood(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Intent.read(text)


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"EndpointExpiry ": "1", "TimeLeft": None}, 200, {"ETag": '"abc"'}),
        Answer({"error": "no", "code": "LH4112"}, 412),
    ],
)
def test_an_answer_reads_the_same(answer: Answer) -> None:
    assert read_answer(write_answer(answer)) == answer


def test_who_is_to_go_on_alone_reads_no_answer() -> None:
    assert read_answer(ALONE) is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 2}', '{"version": 1, "status": 200}']
)
def test_what_is_no_answer_is_not_understood(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_answer(text)
