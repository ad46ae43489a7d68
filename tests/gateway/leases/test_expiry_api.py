"""Stories of the API: a curl keeps an endpoint alive, and the ledger says who, when and why."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.principal import Principal, Scope
from ledger.history import read_changes
from tests.debian import require
from tests.gateway.api import ANA, FALCON
from tests.ledger.forge import git
from tests.scene import NOON, definition, environment, lease, path

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.api import Api
    from tests.scene import Json

CALLERS = 30
TRAILERS = [
    "Lease-Action",
    "Lease-Endpoint",
    "Lease-Expires",
    "Lease-Previous",
    "Requested-By",
    "Request-Id",
]


class TestThePredecessorsCalls:
    """Its README's curl calls, but for the host and the token."""

    def test_reading_one_endpoint(self, api: Api) -> None:
        _as_in_the_readme(api)
        answer = curl(api, "--location", "HOST/prod/endpoint-expiry?EndpointName=" + FALCON)
        assert answer["EndpointName"] == FALCON
        assert answer["EndpointExpiry "] == "22-06-2023-08-24-12"
        assert answer["TimeLeft"] == "0:24:05.157431"

    def test_reading_all_of_them(self, api: Api) -> None:
        _as_in_the_readme(api)
        answer = curl(api, "--location", "HOST/prod/endpoint-expiry")
        assert [entry["EndpointName"] for entry in answer] == [FALCON]

    def test_extending(self, api: Api) -> None:
        _as_in_the_readme(api)
        answer = curl(
            api,
            "--location",
            "HOST/prod/endpoint-expiry",
            "--header",
            "Content-Type: application/json",
            "--data",
            '{\n    "EndpointName": "demo-Falcon40B-Endpoint",\n    "minutes": 10\n}',
        )
        assert answer["EndpointExpiry "] == "22-06-2023-08-34-12"
        assert answer["TimeLeft"] == "0:34:05.157431"

    def test_adding_an_endpoint_on_a_config_that_exists(self, api: Api) -> None:
        answer = curl(
            api,
            "--location",
            "HOST/prod/endpoint-expiry",
            "--header",
            "Content-Type: application/json",
            "--data",
            '{"EndpointName": "test-inpainting-Endpoint",'
            ' "EndpointConfigName": "jumpstart-example-model-inpainting-cfg", "minutes": 30}',
        )
        assert answer["EndpointName"] == "test-inpainting-Endpoint"
        assert answer["EndpointExpiry "] == "23-11-2026-12-30-00"
        assert answer["TimeLeft"] == 30


class TestAnExtension:
    def test_answers_with_the_new_expiry_and_its_commit(self, api: Api) -> None:
        answer = api.extend(minutes=10)
        assert answer.status == 200
        assert answer.body["ExpiresAt"] == "2026-11-23T13:10:00Z"
        assert answer.body["Commit"] == api.scene.forge.tip

    def test_adds_up(self, api: Api) -> None:
        for expected in ("13:10", "13:20", "13:30"):
            assert api.extend(minutes=10).body["ExpiresAt"] == f"2026-11-23T{expected}:00Z"

    def test_of_an_ended_lease_counts_from_now(self, api: Api) -> None:
        api.scene.let_pass(hours=5)
        assert api.read(FALCON).body["TimeLeft"] == "-1 day, 20:00:00"
        assert api.extend(minutes=10).body["ExpiresAt"] == "2026-11-23T17:10:00Z"

    def test_makes_the_lease_where_there_is_none(self, api: Api) -> None:
        api.scene.define("New")
        assert api.extend("demo-New-Endpoint").body["ExpiresAt"] == "2026-11-23T12:10:00Z"

    def test_knows_the_short_name_too(self, api: Api) -> None:
        assert api.extend("falcon40b").body["EndpointName"] == FALCON

    def test_past_the_ceiling_names_the_largest_grant_and_the_file(self, api: Api) -> None:
        limits = environment(limits={"max_lease_minutes": 100})
        head = api.scene.push({"environments/dev/environment.json": limits})
        answer = api.extend(minutes=41)
        assert (answer.status, answer.code) == (422, "LH4102")
        assert "the most that can be added now is 40 min" in answer.error
        assert "max_lease_minutes in environments/dev/environment.json" in answer.error
        assert api.scene.forge.tip == head
        assert api.extend(minutes=40).status == 200

    def test_of_what_is_always_on_is_refused_with_that_sentence(self, api: Api) -> None:
        api.scene.define("Search", schedule={"always_on": True})
        answer = api.extend("demo-Search-Endpoint")
        assert (answer.status, answer.code) == (409, "LH4110")
        assert answer.error.startswith("demo-Search-Endpoint is always on and has no meter.")

    def test_of_a_frozen_endpoint_names_what_is_wrong(self, api: Api) -> None:
        head = api.scene.push({path("Falcon40B"): "{"}, "oops")
        answer = api.extend()
        assert (answer.status, answer.code) == (409, "LH4109")
        assert "environments/dev/Falcon40B.endpoint.json" in answer.error
        assert api.scene.forge.tip == head
        assert api.read(FALCON).body["Status"] == "frozen"

    @pytest.mark.parametrize("settings", ["{", None], ids=["broken", "missing"])
    def test_and_a_reading_of_a_frozen_environment_say_so(
        self, api: Api, settings: str | None
    ) -> None:
        api.scene.push({"environments/dev/environment.json": settings}, "oops")
        for answer in (api.extend(), api.read(), api.read(FALCON)):
            assert (answer.status, answer.code) == (409, "LH4109")
            assert "environments/dev/environment.json" in answer.error

    def test_keeps_what_a_person_pushed_meanwhile(self, api: Api) -> None:
        api.read()
        api.scene.push({path("Other"): definition("Other")}, "other work")
        assert api.extend().status == 200
        assert json.loads(api.scene.forge.file(path("Other")))["name"] == "Other"


class TestTheHistory:
    def test_has_one_line_for_each_accepted_change_and_none_for_a_refused_one(
        self, api: Api
    ) -> None:
        api.extend(minutes=10)
        api.extend(minutes=0)
        api.extend(minutes=10**9)
        api.extend(token="nobody")
        api.release()
        api.release()
        assert api.log() == [
            "Ana lease(dev): extend Falcon40B by 10 min to 2026-11-23T13:10:00Z",
            "Ana lease(dev): release Falcon40B to 2026-11-23T12:00:00Z",
        ]

    def test_names_the_caller_as_author_and_the_gateway_as_committer(self, api: Api) -> None:
        api.extend()
        assert api.log(form="%an <%ae> %cn %ad") == [
            "Ana <ana@example.com> Leasehold gateway Mon Nov 23 12:00:00 2026 +0000"
        ]

    def test_has_the_trailers_that_git_itself_reads(self, api: Api) -> None:
        api.extend(headers={"Idempotency-Key": "k-1"})
        found = api.log(form="%(trailers:only,unfold)")
        assert found[:5] == [
            "Lease-Action: extend",
            f"Lease-Endpoint: {FALCON}",
            "Lease-Expires: 2026-11-23T13:10:00Z",
            "Lease-Previous: 2026-11-23T13:00:00Z",
            "Requested-By: Ana <ana@example.com>",
        ]
        assert found[5].startswith("Request-Id: ")

    @pytest.mark.parametrize(
        "reason",
        [
            "noon\n\nRequested-By: Eve <eve@example.com>\nRequest-Id: forged",
            "noon\u2028\u2028Lease-Expires: 2030-01-01T00:00:00Z",
            "\n\n\nLease-Expires: 2030-01-01T00:00:00Z",
            "Lease-Action: release\nRequest-Id: forged\n---",
        ],
    )
    def test_cannot_be_forged_by_a_reason(self, api: Api, reason: str, tmp_path: Path) -> None:
        answer = api.post({"EndpointName": FALCON, "minutes": 10, "reason": reason})
        assert answer.status == 200
        message = tmp_path / "message"
        message.write_text("\n".join(api.log(form="%B")))
        parsed = git(tmp_path, "interpret-trailers", "--parse", str(message)).splitlines()
        assert [line.partition(":")[0] for line in parsed] == TRAILERS
        assert parsed[0] == "Lease-Action: extend"
        (record,) = api.scene.open(ANA.as_person()).changes(path("Falcon40B", "lease"), 1)
        (change,) = read_changes([record])
        assert change.change.requested_by == ANA.as_person()
        assert str(change.change.action) == "extend"
        assert change.change.expires_at == NOON + timedelta(minutes=70)

    @pytest.mark.parametrize("reason", ["noon\r\rLease-Action: release", "\x1b[2J", "a\x00b"])
    def test_holds_no_control_characters(self, api: Api, reason: str) -> None:
        answer = api.post({"EndpointName": FALCON, "minutes": 10, "reason": reason})
        assert (answer.status, answer.code) == (400, "LH4002")
        assert api.log() == []

    def test_says_why(self, api: Api) -> None:
        api.post({"EndpointName": FALCON, "minutes": 10, "reason": "demo for the board"})
        assert "> demo for the board" in api.log(form="%b")


class TestARelease:
    def test_ends_the_lease_now(self, api: Api) -> None:
        answer = api.release()
        assert answer.status == 200
        assert answer.body["Status"] == "ended"
        assert answer.body["TimeLeft"] == "0:00:00"

    def test_inside_a_window_holds_it_off_until_the_windows_end(self, api: Api) -> None:
        window = {"days": ["mon"], "start": "11:00", "end": "15:00"}
        api.scene.define("Day", schedule={"timezone": "UTC", "windows": [window]})
        assert api.release("demo-Day-Endpoint").body["Status"] == "off"
        assert '"off_until": "2026-11-23T15:00:00Z"' in api.scene.forge.file(path("Day", "lease"))
        assert api.extend("demo-Day-Endpoint").body["Status"] == "live"

    def test_of_an_ended_lease_is_refused(self, api: Api) -> None:
        api.scene.let_pass(hours=2)
        answer = api.release()
        assert (answer.status, answer.code) == (409, "LH4105")

    def test_of_what_is_always_on_is_refused(self, api: Api) -> None:
        api.scene.define("Search", schedule={"always_on": True})
        assert api.release("demo-Search-Endpoint").code == "LH4110"


class TestAnAddition:
    BODY: Json = {"EndpointName": "mine", "EndpointConfigName": "by-hand", "minutes": 30}  # noqa: RUF012

    def test_is_one_commit_with_definition_and_lease(self, api: Api) -> None:
        head = api.scene.forge.tip
        assert api.post(self.BODY).status == 200
        assert git(api.scene.forge.bare, "rev-parse", "main^") == head
        assert json.loads(api.scene.forge.file(path("mine")))["endpoint_config_name"] == "by-hand"
        assert json.loads(api.scene.forge.file(path("mine", "lease")))["expires_at"] == (
            "2026-11-23T12:30:00Z"
        )

    def test_starts_at_the_next_tick(self, api: Api) -> None:
        api.scene.account.make_config("by-hand")
        api.post(self.BODY)
        api.scene.tick()
        assert api.scene.account.config("mine") == "by-hand"

    def test_again_extends_it(self, api: Api) -> None:
        api.post(self.BODY)
        assert api.post(self.BODY).body["ExpiresAt"] == "2026-11-23T13:00:00Z"

    def test_of_a_name_that_is_defined_otherwise_is_refused(self, api: Api) -> None:
        answer = api.post({**self.BODY, "EndpointName": FALCON})
        assert (answer.status, answer.code) == (409, "LH4108")
        assert api.log() == []


class TestAKeyThatComesTwice:
    def test_is_applied_once(self, api: Api) -> None:
        key = {"Idempotency-Key": "k-1"}
        first, second = api.extend(headers=key), api.extend(headers=key)
        assert first.body["ExpiresAt"] == second.body["ExpiresAt"] == "2026-11-23T13:10:00Z"
        assert len(api.log()) == 1

    def test_with_another_change_in_between_is_applied_once(self, api: Api) -> None:
        key = {"Idempotency-Key": "k-1"}
        first = api.extend(headers=key)
        api.extend()
        again = api.extend(headers=key)
        assert again.body == first.body
        assert again.body["ExpiresAt"] == "2026-11-23T13:10:00Z"
        assert len(api.log()) == 2

    def test_at_the_same_time_is_applied_once(self, api: Api) -> None:
        key = {"Idempotency-Key": "k-1"}
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: api.extend(headers=key), range(8)))
        assert {answer.status for answer in answers} == {200}
        assert len(api.log()) == 1

    def test_of_another_caller_is_another_request(self, api: Api) -> None:
        key = {"Idempotency-Key": "k-1"}
        eva = api.token_for(Principal("Eva", "eva@example.com", frozenset({Scope.EXTEND})))
        api.extend(headers=key)
        assert api.extend(headers=key, token=eva).body["ExpiresAt"] == "2026-11-23T13:20:00Z"
        assert [line.split()[0] for line in api.log()] == ["Ana", "Eva"]


def test_thirty_callers_at_once_all_get_their_minutes(api: Api) -> None:
    with ThreadPoolExecutor(CALLERS) as pool:
        answers = list(pool.map(lambda _: api.extend(minutes=10), range(CALLERS)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body["Commit"] for answer in answers}) == CALLERS
    assert api.read(FALCON).body["ExpiresAt"] == "2026-11-23T18:00:00Z"
    assert len(api.log()) == CALLERS


def _as_in_the_readme(api: Api) -> None:
    expiry = datetime(2023, 6, 22, 8, 24, 12, tzinfo=UTC)
    api.scene.push({path("Falcon40B", "lease"): lease(expiry)})
    api.scene.now = expiry - timedelta(minutes=24, seconds=5, microseconds=157431)


def curl(api: Api, *arguments: str) -> Any:  # noqa: ANN401 - JSON
    program = require("curl", package="curl")
    words = [word.replace("HOST", api.url) for word in arguments]
    command = [str(program), "--silent", *words, "--header", f"Authorization: {api.token}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)
    return json.loads(done.stdout)
