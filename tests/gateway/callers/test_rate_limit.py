"""Who sends too many requests is told when to come back, over HTTP; nobody else notices.

The clock is the scene's: it stands still at noon until a test lets time pass. The table that
processes share is DynamoDB's emulation in the sandbox's account.
"""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.callers.counters import MemoryCounters, Minute
from gateway.callers.rate_limit import (
    ATTEMPTS_AT_A_LINK,
    ATTEMPTS_OF_AN_ADDRESS,
    PAUSE,
    FailingOpen,
    LinkLimit,
    TooManyAttempts,
)
from gateway.dependencies import Dependencies
from gateway.handler import build
from gateway.models.streaming import streaming_handler
from gateway.principal import Principal, Scope
from leasehold.local_stack import gateway_variables
from ledger.committers import GATEWAY
from ledger.errors import Refused, Unavailable
from ledger.holdings import read_fleet
from ledger.variables import (
    IDENTITIES,
    INVOCATIONS_PER_MINUTE,
    RATE_TABLE,
    REQUESTS_PER_MINUTE,
    WEBHOOK_SECRET_VALUE,
)
from tests.gateway.api import ANA, FALCON, READER, Api, deployed
from tests.gateway.serving import serving, start_fleet
from tests.scene import NOON, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.handler import Handler
    from tests.gateway.serving import Models
    from tests.scene import Json, Scene

RATES = "dev-rates"
THREE = {REQUESTS_PER_MINUTE: "3"}
SHARED = {**THREE, RATE_TABLE: RATES}
DEPLOYER = "arn:aws:sts::123456789012:assumed-role/Deployer/ana"
SIGNERS = {"iam": {"scopes": {"arn:aws:iam::123456789012:role/Deployer": ["read"]}}}


@contextmanager
def limited(scene: Scene, **variables: str) -> Iterator[Api]:
    """The API with these variables, and Falcon40B leased for an hour."""
    scene.define("Falcon40B", 60)
    server, table = deployed(scene, variables=variables)
    with server:
        yield Api(scene, server.url, table, table.create(ANA, scene.now)[0])


def make_table(scene: Scene) -> None:
    scene.account.client("dynamodb").create_table(
        TableName=RATES,
        AttributeDefinitions=[{"AttributeName": "caller_minute", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "caller_minute", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )


def process(scene: Scene, **variables: str) -> Handler:
    """The handler of a process of its own."""
    ledger = scene.open(GATEWAY)
    return build(
        Dependencies(ledger, "dev", lambda: scene.now, scene.account.client, variables=variables)
    )


def event(context: Json | None = None) -> Json:
    caller = {"name": "Ana", "email": "ana@example.com", "scopes": "read"}
    return {
        "httpMethod": "GET",
        "resource": "/endpoint-expiry",
        "requestContext": {"authorizer": caller} if context is None else context,
    }


def statuses(handle: Handler, number: int, context: Json | None = None) -> list[int]:
    return [handle(event(context), None)["statusCode"] for _ in range(number)]


class TestTooManyRequests:
    @pytest.fixture
    def api(self, scene: Scene) -> Iterator[Api]:
        with limited(scene, **THREE) as running:
            yield running

    def test_are_refused_until_the_seconds_in_retry_after_are_over(self, api: Api) -> None:
        api.scene.let_pass(seconds=17)
        assert [api.read().status for _ in range(3)] == [200] * 3
        answer = api.read()
        assert (answer.status, answer.code) == (429, "LH4033")
        assert answer.headers["Retry-After"] == "43"
        assert "request number 4 of this minute" in answer.error
        assert "limits.requests_per_minute" in answer.error
        assert "environments/dev/environment.json allows 3" in answer.error
        api.scene.let_pass(seconds=42)
        assert api.read().headers["Retry-After"] == "1"
        api.scene.let_pass(seconds=1)
        assert api.read().status == 200

    def test_commit_nothing(self, api: Api) -> None:
        answers = [api.extend().status for _ in range(5)]
        assert answers == [200, 200, 200, 429, 429]
        assert len(api.log()) == 3
        assert api.release().status == 429
        assert len(api.log()) == 3

    def test_count_however_they_end(self, api: Api) -> None:
        assert api.extend("demo-Nobody-Endpoint").status == 404
        assert api.extend(minutes=0).status == 400
        assert api.extend(query={"dry_run": "true"}).status == 200
        assert api.extend(query={"dry_run": "true"}).status == 429

    def test_of_one_person_are_counted_over_all_tokens(self, api: Api) -> None:
        other = api.token_for(ANA)
        assert [api.read(token=token).status for token in (other, "", other)] == [200] * 3
        assert api.read(token=api.token_for(ANA)).status == 429

    def test_that_read_keep_nobody_from_extending_nor_the_other_way_round(self, api: Api) -> None:
        leaked = api.token_for(Principal(ANA.name, ANA.email, frozenset({Scope.READ})))
        assert [api.read(token=leaked).status for _ in range(4)] == [200] * 3 + [429]
        assert [api.extend().status for _ in range(3)] == [200] * 3
        assert api.extend().status == 429
        api.scene.let_pass(minutes=1)
        assert [api.extend().status for _ in range(4)] == [200] * 3 + [429]
        assert api.read().status == 200

    def test_are_nobody_elses(self, api: Api) -> None:
        assert [api.read().status for _ in range(4)] == [200] * 3 + [429]
        rob = api.token_for(READER)
        assert [api.read(token=rob).status for _ in range(3)] == [200] * 3

    def test_are_no_matter_where_there_is_no_caller(self, scene: Scene) -> None:
        with limited(scene, **THREE, **{WEBHOOK_SECRET_VALUE: "the-webhook-secret"}) as api:
            described = [api.send("GET", token=None, path="/prod/openapi.json") for _ in range(5)]
            hooked = [
                api.send("POST", b"{}", token=None, path="/prod/webhooks/git") for _ in range(5)
            ]
        assert {answer.status for answer in described} == {200}
        assert {answer.status for answer in hooked} == {401}

    def test_of_many_threads_are_as_few_as_of_one(self, api: Api) -> None:
        with ThreadPoolExecutor(16) as threads:
            told = list(threads.map(lambda _: api.read().status, range(16)))
        assert sorted(told) == [200] * 3 + [429] * 13


def test_without_the_variables_nobody_is_counted(api: Api) -> None:
    api.scene.account.calls()
    assert {api.read().status for _ in range(130)} == {200}
    assert set(api.scene.account.calls()) == {"GetItem"}


def test_callers_that_sign_with_awss_keys_are_counted_too(scene: Scene) -> None:
    scene.define("Falcon40B", 60)
    handle = process(scene, **THREE, **{IDENTITIES: json.dumps(SIGNERS)})
    assert statuses(handle, 4, {"identity": {"userArn": DEPLOYER}}) == [200] * 3 + [429]
    ben = {"identity": {"userArn": DEPLOYER.replace("/ana", "/ben")}}
    assert statuses(handle, 1, ben) == [200]


def test_a_request_that_came_past_the_authorizer_is_refused_and_not_counted(scene: Scene) -> None:
    scene.define("Falcon40B", 60)
    handle = process(scene, **THREE)
    assert statuses(handle, 5, {}) == [500] * 5


@pytest.mark.parametrize("make", [build, streaming_handler])
def test_a_function_with_a_malformed_variable_says_so_at_its_start(
    scene: Scene,
    make: Any,  # noqa: ANN401
) -> None:
    ledger, variables = scene.repository, {REQUESTS_PER_MINUTE: "lots"}
    with pytest.raises(Refused, match=f"LH4220: {REQUESTS_PER_MINUTE} is 'lots'"):
        make(
            Dependencies(
                ledger, "dev", lambda: scene.now, scene.account.client, variables=variables
            )
        )


class TestProcessesWithOneTable:
    def test_admit_together_what_one_would(self, scene: Scene) -> None:
        make_table(scene)
        scene.define("Falcon40B", 60)
        one, other = process(scene, **SHARED), process(scene, **SHARED)
        assert statuses(one, 2) == [200, 200]
        assert statuses(other, 2) == [200, 429]
        assert statuses(one, 1) == [429]
        scene.let_pass(seconds=60)
        assert statuses(other, 3) == [200] * 3
        assert statuses(one, 1) == [429]

    def test_ask_it_once_for_each_request(self, scene: Scene) -> None:
        make_table(scene)
        with limited(scene, **SHARED) as api:
            scene.account.calls()
            assert [api.read().status for _ in range(4)] == [200] * 3 + [429]
            assert scene.account.calls() == {"GetItem": 4, "UpdateItem": 4}
            rows = scene.account.client("dynamodb").scan(TableName=RATES)["Items"]
        assert len(rows) == 1
        assert "example.com" not in repr(rows)

    def test_let_everybody_pass_while_it_is_missing_and_say_so_once(
        self, scene: Scene, caplog: pytest.LogCaptureFixture
    ) -> None:
        with limited(scene, **SHARED) as api:
            with caplog.at_level(logging.WARNING, "leasehold.gateway"):
                assert [api.extend().status for _ in range(6)] == [200] * 6
                (warning,) = caplog.records
                assert "LH4221" in warning.getMessage()
                assert "example.com" not in warning.getMessage()
            make_table(scene)
            scene.let_pass(seconds=PAUSE.total_seconds() - 1)
            assert [api.read().status for _ in range(4)] == [200] * 4, "it is not asked yet"
            scene.let_pass(seconds=1)
            assert [api.read().status for _ in range(4)] == [200] * 3 + [429]

    def test_let_everybody_pass_while_it_does_not_answer(self, scene: Scene) -> None:
        make_table(scene)
        with limited(scene, **SHARED) as api:
            scene.account.order_fault("unavailable", operation="UpdateItem", times=1)
            assert [api.extend().status for _ in range(4)] == [200] * 4
            scene.let_pass(seconds=PAUSE.total_seconds())
            assert [api.extend().status for _ in range(4)] == [200] * 3 + [429]

    def test_lose_no_limit_when_a_clock_is_set_back(self, scene: Scene) -> None:
        """A silence that seems to begin in the future is no reason to wait for it."""
        scene.define("Falcon40B", 60)
        handle = process(scene, **SHARED)
        assert statuses(handle, 1) == [200]
        make_table(scene)
        scene.let_pass(seconds=-60)
        assert statuses(handle, 4) == [200] * 3 + [429]


def test_threads_that_meet_a_silent_table_together_say_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    together = threading.Barrier(8)

    class Silent:
        def add(self, key: str, minute: Minute) -> int:  # noqa: ARG002  (as all counts have it)
            together.wait()
            raise Unavailable("LH4221", "requests cannot be counted in dev-rates: no answer")

    counts, minute = FailingOpen(Silent()), Minute.at(NOON)
    with caplog.at_level(logging.WARNING, "leasehold.gateway"), ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda _: counts.add("ana", minute, NOON), range(8)))
    assert told == [0] * 8
    assert len(caplog.records) == 1


class TestCallsOfModels:
    @pytest.fixture
    def models(self, scene: Scene) -> Iterator[Models]:
        start_fleet(scene)
        with serving(scene, **{REQUESTS_PER_MINUTE: "2", INVOCATIONS_PER_MINUTE: "4"}) as running:
            yield running

    def test_are_counted_together_however_a_model_is_asked(self, models: Models) -> None:
        ways = ("/invoke/{}", "/invoke/{}/stream", "/falcon", "/invoke/{}/stream")
        assert [models.ask(way.format(FALCON)).status for way in ways] == [200] * 4
        for way in {*ways, "/startexecution", "/describeexecution"}:
            answer = models.ask(way.format(FALCON))
            assert (answer.status, answer.code) == (429, "LH4033"), way
            assert "limits.invocations_per_minute" in answer.error
            assert 0 < int(answer.headers["Retry-After"]) <= 60
        models.scene.let_pass(seconds=60)
        assert models.ask(ways[1].format(FALCON)).status == 200

    def test_are_counted_apart_from_requests(self, models: Models) -> None:
        assert [models.read().status for _ in range(3)] == [200, 200, 429]
        assert [models.ask("/falcon").status for _ in range(5)] == [200] * 4 + [429]

    def test_are_not_counted_where_a_definition_is_public(self, models: Models) -> None:
        assert {models.ask("/open", token=None).status for _ in range(6)} == {200}


class TestLeaseholdUp:
    def given(self, scene: Scene, variables: Mapping[str, str]) -> dict[str, str]:
        return gateway_variables(
            read_fleet(scene.repository.read().files, "dev").environment, variables
        )

    def test_allows_what_the_settings_say_as_it_starts(self, scene: Scene) -> None:
        limits = {"requests_per_minute": 7, "invocations_per_minute": 5}
        scene.push({"environments/dev/environment.json": environment(limits=limits)})
        found = self.given(scene, {"LEASEHOLD_X": "x"})
        assert found == {REQUESTS_PER_MINUTE: "7", INVOCATIONS_PER_MINUTE: "5", "LEASEHOLD_X": "x"}

    def test_takes_what_its_shell_says_before_the_settings(self, scene: Scene) -> None:
        assert self.given(scene, {}) == {REQUESTS_PER_MINUTE: "120"}
        assert self.given(scene, {REQUESTS_PER_MINUTE: ""}) == {REQUESTS_PER_MINUTE: ""}

    def test_has_no_limit_while_the_settings_cannot_be_read(self, scene: Scene) -> None:
        scene.push({"environments/dev/environment.json": "{"})
        assert self.given(scene, {}) == {}


class TestAttemptsAtLinks:
    """They come without a caller, so they are counted by link and by address."""

    @staticmethod
    def spend(limit: LinkLimit, address: str, times: int = ATTEMPTS_OF_AN_ADDRESS) -> None:
        for _ in range(times):
            limit.of_address(address, NOON)

    @pytest.mark.parametrize(
        ("address", "same", "other"),
        [
            ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
            ("2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"),
            ("", "", "192.0.2.1"),
            ("unknown", "unknown", "else"),
        ],
    )
    def test_an_address_of_ipv6_counts_with_its_network(
        self, address: str, same: str, other: str
    ) -> None:
        limit = LinkLimit("dev", MemoryCounters())
        self.spend(limit, address)
        limit.of_address(other, NOON)
        with pytest.raises(TooManyAttempts) as refused:
            limit.of_address(same, NOON)
        assert (refused.value.code, refused.value.retry_after_seconds) == ("LH4278", 60)

    def test_a_link_counts_by_itself_and_for_a_minute(self) -> None:
        limit = LinkLimit("dev", MemoryCounters())
        for _ in range(ATTEMPTS_AT_A_LINK):
            limit.of_link("a", NOON)
        limit.of_link("b", NOON)
        with pytest.raises(TooManyAttempts):
            limit.of_link("a", NOON)
        limit.of_link("a", NOON + timedelta(minutes=1))
