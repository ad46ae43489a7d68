"""Requests that are refused: each by a sentence and a code, without a trace in the ledger."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gateway.http.call import Call, read_call
from gateway.leases.etags import if_match
from gateway.principal import Principal, Scope
from ledger.errors import Refused
from tests.gateway.api import FALCON, READER

if TYPE_CHECKING:
    from tests.gateway.api import Answer, Api

FIVE = "2026-11-23T17:00:00Z"
NAMES = {
    "slash": "a/b",
    "climb": "../prod/Falcon40B",
    "line": "a\nb",
    "control": "a\x00b",
    "escape": "\x1b[31m",
    "long": "a" * 64,
    "empty": "",
    "blank": " ",
    "dash": "-a",
    "letters": "Fälcon",
    "tag": "<script>",
}


def refused_without_a_trace(api: Api, answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.code) == (status, code), answer.text
    assert answer.error.endswith((".", "]"))
    assert "Traceback" not in answer.text
    assert api.log() == []


@pytest.mark.parametrize(
    "minutes",
    ["0", "-1", "1.5", "10.0", '"10"', "true", "null", "[10]", "{}", "1e1"],
)
def test_minutes_that_are_no_whole_number_from_one(quiet_api: Api, minutes: str) -> None:
    body = f'{{"EndpointName": "{FALCON}", "minutes": {minutes}}}'
    answer = quiet_api.send("POST", body.encode())
    refused_without_a_trace(quiet_api, answer, 400, "LH4002")
    assert "/minutes" in answer.error


@pytest.mark.parametrize("minutes", ["NaN", "Infinity", "-Infinity", "1" * 5000, "010", "+1"])
def test_minutes_that_are_no_json(quiet_api: Api, minutes: str) -> None:
    body = f'{{"EndpointName": "{FALCON}", "minutes": {minutes}}}'
    refused_without_a_trace(quiet_api, quiet_api.send("POST", body.encode()), 400, "LH4001")


@pytest.mark.parametrize(
    ("minutes", "status", "code"),
    [(10**6, 422, "LH4102"), (10**30, 400, "LH4101"), (10**400, 400, "LH4101")],
    ids=["years", "aeons", "beyond"],
)
def test_minutes_past_every_ceiling(quiet_api: Api, minutes: int, status: int, code: str) -> None:
    answer = quiet_api.extend(minutes=minutes)
    refused_without_a_trace(quiet_api, answer, status, code)
    assert len(answer.error) < 400


@pytest.mark.parametrize("field", ["EndpointName", "EndpointConfigName"])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_in_a_body_that_no_endpoint_can_have(quiet_api: Api, name: str, field: str) -> None:
    answer = quiet_api.post({"EndpointName": FALCON, "minutes": 10} | {field: name})
    refused_without_a_trace(quiet_api, answer, 400, "LH4002")
    assert f"/{field}" in answer.error


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_in_a_query_that_no_endpoint_can_have(quiet_api: Api, name: str, method: str) -> None:
    answer = quiet_api.send(method, query={"EndpointName": name})
    refused_without_a_trace(quiet_api, answer, 400, "LH4003")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "LH4001"),
        (b"minutes=10", "LH4001"),
        (b"[]", "LH4002"),
        (b'"text"', "LH4002"),
        (b"null", "LH4002"),
        (b"{}", "LH4002"),
        (b'{"EndpointName": "a"}', "LH4002"),
        (b'{"minutes": 10}', "LH4002"),
        (b'{"EndpointName": "a", "minutes": 10, "minutes": 99}', "LH4001"),
        (b'{"EndpointName": "a", "minutes": 10, "owner": "me"}', "LH4002"),
        (b'{"EndpointName": "a", "minutes": 10}}', "LH4001"),
        (b'{"EndpointName": "\xff", "minutes": 10}', "LH4001"),
        (b"[" * 100_000, "LH4001"),
        (b'{"EndpointName": "a", "minutes": 10, "reason": "' + b"x" * 2**20 + b'"}', "LH4001"),
    ],
    ids=[
        "empty",
        "form",
        "array",
        "text",
        "null",
        "object",
        "no-minutes",
        "no-name",
        "duplicate",
        "unknown",
        "trailing",
        "latin-1",
        "deep",
        "megabyte",
    ],
)
def test_bodies_that_are_not_as_expected(quiet_api: Api, body: bytes, code: str) -> None:
    answer = quiet_api.send("POST", body)
    refused_without_a_trace(quiet_api, answer, 400, code)
    assert len(answer.error) < 400


@pytest.mark.parametrize("reason", ["", "x" * 501, 7, None])
def test_reasons_that_are_no_text_or_too_long(quiet_api: Api, reason: object) -> None:
    answer = quiet_api.post({"EndpointName": FALCON, "minutes": 10, "reason": reason})
    refused_without_a_trace(quiet_api, answer, 400, "LH4002")


@pytest.mark.parametrize("key", ["a b", "x" * 256, "é"])
def test_an_idempotency_key_that_is_none(quiet_api: Api, key: str) -> None:
    answer = quiet_api.extend(headers={"Idempotency-Key": key})
    refused_without_a_trace(quiet_api, answer, 400, "LH4004")


def test_an_endpoint_that_is_not_there(quiet_api: Api) -> None:
    refused_without_a_trace(quiet_api, quiet_api.extend("Nobody"), 404, "LH4106")
    refused_without_a_trace(quiet_api, quiet_api.read("Nobody"), 404, "LH4106")
    refused_without_a_trace(quiet_api, quiet_api.release("Nobody"), 404, "LH4106")


def test_a_release_of_nothing_in_particular(quiet_api: Api) -> None:
    refused_without_a_trace(quiet_api, quiet_api.send("DELETE"), 400, "LH4003")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_method_that_is_not_offered(quiet_api: Api, method: str) -> None:
    answer = quiet_api.send(method, b"{}")
    assert (answer.status, answer.code) == (403, "LH4040")


class TestWhoMay:
    @pytest.mark.parametrize(
        "token", [None, "wrong", "Bearer wrong", "Bearer", "lh_" + "x" * 43, "x" * 5000]
    )
    def test_a_stranger_learns_nothing(self, quiet_api: Api, token: str | None) -> None:
        for answer in (
            quiet_api.read(token=token),
            quiet_api.read(FALCON, token=token),
            quiet_api.extend(token=token),
            quiet_api.release(token=token),
        ):
            assert (answer.status, answer.code) == (401, "LH4010")
            assert "Falcon" not in answer.text
            assert set(answer.body) == {"error", "code"}
        assert quiet_api.log() == []

    def test_a_token_that_was_revoked_is_refused_at_once(self, quiet_api: Api) -> None:
        token, record = quiet_api.table.create(READER, quiet_api.scene.now)
        assert quiet_api.read(token=token).status == 200
        quiet_api.table.revoke(record.token_id)
        assert quiet_api.read(token=token).status == 401

    def test_a_reader_reads_and_changes_nothing(self, quiet_api: Api) -> None:
        token = quiet_api.token_for(READER)
        assert quiet_api.read(token=token).status == 200
        refused_without_a_trace(quiet_api, quiet_api.extend(token=token), 403, "LH4031")
        refused_without_a_trace(quiet_api, quiet_api.release(token=token), 403, "LH4031")

    def test_who_may_extend_may_not_add(self, quiet_api: Api) -> None:
        extender = Principal("Eva", "eva@example.com", frozenset({Scope.EXTEND}))
        body = {"EndpointName": "new", "EndpointConfigName": "by-hand", "minutes": 10}
        answer = quiet_api.post(body, token=quiet_api.token_for(extender))
        refused_without_a_trace(quiet_api, answer, 403, "LH4031")
        assert "add" in answer.error

    @pytest.mark.parametrize("form", ["{}", "Bearer {}", "bearer {}", "BEARER  {}"])
    def test_a_token_may_come_bare_or_as_bearer(self, quiet_api: Api, form: str) -> None:
        assert quiet_api.read(token=form.format(quiet_api.token)).status == 200


class TestALeaseUntilAnInstant:
    @pytest.mark.parametrize(
        ("wish", "said"),
        [
            ({}, "exactly one of minutes, duration or until"),
            ({"minutes": 5, "until": FIVE}, "exactly one of minutes, duration or until"),
            ({"minutes": 5, "shorten": True}, "shorten"),
            ({"until": FIVE, "EndpointConfigName": "by-hand"}, "EndpointConfigName"),
            ({"until": "2026-02-30T00:00:00Z"}, "/until: 2026-02-30T00:00:00Z is no date"),
            ({"until": "2026-11-23T17:00:00"}, "/until"),
            ({"until": "2026-11-23T17:00:00+1"}, "/until"),
            ({"until": "2026-11-23T17:00:00+25:00"}, "/until"),
            ({"minutes": "2h"}, "/minutes"),
            ({"minutes": 5, "duration": "2h"}, "exactly one of minutes, duration or until"),
            ({"duration": 120}, "/duration"),
            ({"duration": ""}, "/duration"),
            ({"until": "tomorrow"}, "/until"),
            ({"until": 1795435200}, "/until"),
            ({"until": FIVE, "shorten": "yes"}, "/shorten"),
        ],
    )
    def test_that_cannot_be_understood_is_refused(
        self, quiet_api: Api, wish: dict[str, Any], said: str
    ) -> None:
        answer = quiet_api.post({"EndpointName": FALCON, **wish})
        assert (answer.status, answer.code) == (400, "LH4002")
        assert said in answer.error
        assert quiet_api.log() == []


class TestALengthOfTime:
    @pytest.mark.parametrize("said", ["soon", "30s", "P1M", "-2h", "2:30", "0"])
    def test_that_is_none_is_refused_with_an_example(self, quiet_api: Api, said: str) -> None:
        answer = quiet_api.post({"EndpointName": FALCON, "duration": said})
        assert (answer.status, answer.code) == (400, "LH4101")
        assert "Write 2h30m" in answer.error
        assert quiet_api.log() == []


class TestADryRun:
    @pytest.mark.parametrize(
        "body",
        [
            {"EndpointName": FALCON, "minutes": 10**6},
            {"EndpointName": FALCON, "until": "2026-11-23T12:30:00Z"},
            {"EndpointName": FALCON, "until": "2036-11-23T12:30:00Z"},
            {"EndpointName": FALCON, "minutes": 0},
            {"EndpointName": "nobody", "minutes": 10},
            {"EndpointName": FALCON, "EndpointConfigName": "by-hand", "minutes": 10},
        ],
        ids=["ceiling", "shorter", "decade", "zero", "unknown", "defined"],
    )
    def test_refuses_to_the_letter_what_the_change_would_refuse(
        self, quiet_api: Api, body: dict[str, Any]
    ) -> None:
        real, dry = quiet_api.post(body), quiet_api.post(body, query={"dry_run": "true"})
        assert real.status >= 400
        assert (dry.status, dry.body) == (real.status, real.body)

    def test_needs_the_scope_of_the_change(self, quiet_api: Api) -> None:
        token = quiet_api.token_for(READER)
        assert quiet_api.extend(token=token, query={"dry_run": "true"}).code == "LH4031"

    @pytest.mark.parametrize("word", ["yes", "1", "True", "TRUE "])
    def test_is_asked_for_in_one_way_only_and_no_change_is_made_by_mistake(
        self, quiet_api: Api, word: str
    ) -> None:
        answer = quiet_api.extend(query={"dry_run": word})
        assert (answer.status, answer.code) == (400, "LH4114")
        assert quiet_api.log() == []


class TestIfMatch:
    @pytest.mark.parametrize("name", ['"' + "0" * 40 + '"', "nonsense", 'W/"abc"', "HEAD", ""])
    def test_of_a_commit_that_is_none_is_refused(self, quiet_api: Api, name: str) -> None:
        answer = quiet_api.extend(headers={"If-Match": name})
        assert (answer.status, answer.code) == (412, "LH4112")
        assert quiet_api.log() == []

    def test_is_read_with_and_without_quotes_and_as_a_list(self) -> None:
        one, two = "a" * 40, "b" * 40
        for header, found in {
            f'"{one}"': (one,),
            one: (one,),
            f'"{one}", "{two}"': (one, two),
            "*": ("*",),
            f'W/"{one}"': (),
            f"{one[:12]}": (),
        }.items():
            assert if_match(header) == found


class TestAHistory:
    QUERY = {"EndpointName": FALCON}  # noqa: RUF012

    def ask(self, api: Api, query: dict[str, str], token: str = "") -> Answer:
        return api.send("GET", query=query, token=token, path="/prod/endpoint-expiry/history")

    def test_an_endpoint_that_is_not_there(self, quiet_api: Api) -> None:
        answer = self.ask(quiet_api, {"EndpointName": "nobody"})
        assert (answer.status, answer.code) == (404, "LH4106")

    def test_nothing_in_particular(self, quiet_api: Api) -> None:
        answer = self.ask(quiet_api, {})
        assert (answer.status, answer.code) == (400, "LH4003")

    @pytest.mark.parametrize("limit", ["0", "101", "-1", "1.5", "ten", "", "1e1", "٣", "0x1"])
    def test_a_limit_that_is_none(self, quiet_api: Api, limit: str) -> None:
        answer = self.ask(quiet_api, {"EndpointName": FALCON, "limit": limit})
        assert (answer.status, answer.code) == (400, "LH4114")

    def test_a_caller_who_may_not_read(self, quiet_api: Api) -> None:
        eva = Principal("Eva", "eva@example.com", frozenset({Scope.EXTEND}))
        answer = self.ask(quiet_api, self.QUERY, quiet_api.token_for(eva))
        assert (answer.status, answer.code) == (403, "LH4031")
        assert self.ask(quiet_api, self.QUERY, quiet_api.token_for(READER)).status == 200

    def test_a_stranger(self, quiet_api: Api) -> None:
        assert self.ask(quiet_api, self.QUERY, "nobody").status == 401


class TestABodyAsApiGatewayHandsItOver:
    BODY = json.dumps({"EndpointName": FALCON, "minutes": 10}).encode()

    def test_may_be_base64(self) -> None:
        event = {"body": base64.b64encode(self.BODY).decode(), "isBase64Encoded": True}
        assert read_call(event).body == self.BODY

    @pytest.mark.parametrize(("body", "encoded"), [("%%%", True), ("é", True), ("\ud800", False)])
    def test_that_is_no_text_and_no_base64_is_refused(self, body: str, encoded: bool) -> None:  # noqa: FBT001
        with pytest.raises(Refused) as caught:
            read_call({"body": body, "isBase64Encoded": encoded})
        assert caught.value.code == "LH4001"


class TestARequestId:
    def test_is_the_same_for_the_same_key_of_the_same_caller_only(self) -> None:
        event = {"headers": {"IDEMPOTENCY-KEY": "k-1"}}
        ana = replace(read_call(event), caller=READER).request_id
        assert ana == replace(read_call(event), caller=READER).request_id
        other = Principal("Rob", "rob@example.org", READER.scopes)
        assert ana != replace(read_call(event), caller=other).request_id

    def test_is_api_gateways_own_without_a_key(self) -> None:
        event = {"requestContext": {"requestId": "c6af9ac6-7b61"}}
        assert replace(read_call(event), caller=READER).request_id == "c6af9ac6-7b61"

    def test_never_carries_a_line_of_its_own(self) -> None:
        call = Call(method="POST", resource="/", id="x\nRequest-Id: forged")
        assert "\n" not in call.request_id


class TestACall:
    def test_has_headers_without_case_and_several_lines_of_one_as_a_list(self) -> None:
        event = {
            "headers": {"If-Match": "b"},
            "multiValueHeaders": {"If-Match": ["a", "b"], "ACCEPT": ["*/*"]},
        }
        assert read_call(event).headers == {"if-match": "a, b", "accept": "*/*"}

    def test_has_every_value_of_a_query(self) -> None:
        once = {"queryStringParameters": {"a": "2"}}
        twice = {**once, "multiValueQueryStringParameters": {"a": ["1", "2"]}}
        assert read_call(twice).query == {"a": ("1", "2")}
        assert read_call(once).query == {"a": ("2",)}

    def test_without_a_caller_has_no_principal(self) -> None:
        with pytest.raises(Refused, match="LH4202"):
            _ = read_call({}).principal
