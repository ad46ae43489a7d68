"""The API and what documents alone leave open: who was first, and a lease whose file is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ledger.lease import stamp
from tests.gateway.api import ANA, Api, deployed
from tests.scene import definition, path, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scene import Scene

ENDPOINT = "demo-A-Endpoint"


@pytest.fixture
def api(scene: Scene) -> Iterator[Api]:
    """The API of a fleet in which A is in service, with a lease of an hour."""
    scene.start("A")
    scene.tick()
    gateway, table = deployed(scene)
    with gateway:
        yield Api(scene, gateway.url, table, table.create(ANA, scene.now)[0])


class TestTheFirst:
    @pytest.fixture(autouse=True)
    def _claimed(self, api: Api) -> None:
        """B claims the endpoint too, and has the longer lease."""
        api.scene.define("B", 600, endpoint_name=ENDPOINT)
        api.scene.push({path("A", "lease"): None, path("A"): definition("A")})
        api.scene.lease("A", 60)

    @pytest.mark.parametrize("name", [ENDPOINT, "A"])
    def test_is_extended(self, api: Api, name: str) -> None:
        answer = api.extend(name, 10)
        assert answer.status == 200, answer.text
        assert answer.body["ExpiresAt"] == stamp(api.scene.now + timedelta(minutes=70))
        assert api.log("A") == ["Ana lease(dev): extend A by 10 min to 2026-11-23T13:11:30Z"]

    def test_is_shown_and_the_other_is_frozen(self, api: Api) -> None:
        assert api.read(ENDPOINT).body["Status"] == "live"
        told_of = {each["EndpointName"]: each["Status"] for each in api.read().body}
        assert told_of == {ENDPOINT: "live", "B": "frozen"}

    def test_is_released(self, api: Api) -> None:
        assert api.release(ENDPOINT).body["Status"] == "ended"
        api.scene.tick()
        assert api.scene.account.status(ENDPOINT) == "Deleting"

    def test_has_its_own_history(self, api: Api) -> None:
        api.extend(ENDPOINT, 10)
        told_of = api.read(ENDPOINT, path="/prod/endpoint-expiry/history").body
        assert [each["Action"] for each in told_of] == ["extend"]

    def test_is_asked_once_by_one_key(self, api: Api) -> None:
        key = {"Idempotency-Key": "once"}
        first, again = (api.extend(ENDPOINT, 10, headers=key) for _ in range(2))
        assert (again.status, again.body) == (200, first.body)
        assert len(api.log("A")) == 1

    def test_is_not_the_newcomer(self, api: Api) -> None:
        for answer in (api.extend("B", 10), api.release("B")):
            assert (answer.status, answer.code) == (409, "LH4109")
            assert "is the endpoint of A.endpoint.json already" in answer.error

    def test_is_told_by_the_lease_where_no_record_is(self, api: Api) -> None:
        api.scene.push({path("A", "lease"): None})
        gateway, table = deployed(api.scene, without_status=True)
        with gateway:
            alone = Api(api.scene, gateway.url, table, api.token)
            assert alone.read("B").body["Status"] == "live"


class TestALostLease:
    @pytest.fixture(autouse=True)
    def _lost(self, api: Api) -> None:
        api.scene.push({path("A", "lease"): None})

    def test_is_shown_with_its_end(self, api: Api) -> None:
        for told_of in (api.read(ENDPOINT).body, *api.read().body):
            assert told_of["Status"] == "lease_lost"
            assert told_of["Why"].startswith(
                "A.lease.json is missing, and it was leased until 2026-11-23T13:00:00Z"
            )

    def test_goes_on_from_its_end_when_it_is_extended(self, api: Api) -> None:
        assert api.extend(ENDPOINT, 10).body["ExpiresAt"] == "2026-11-23T13:10:00Z"
        assert told(api.scene.tick(), ENDPOINT) == "keep: leased until 2026-11-23T13:10:00Z"

    def test_is_not_shortened_by_chance(self, api: Api) -> None:
        sooner = {"EndpointName": ENDPOINT, "until": "2026-11-23T12:30:00Z"}
        assert api.post(sooner).code == "LH4103"
        assert api.post({**sooner, "shorten": True}).status == 200

    def test_ends_by_a_release(self, api: Api) -> None:
        assert api.release(ENDPOINT).body["Status"] == "ended"
        api.scene.tick()
        assert api.scene.account.status(ENDPOINT) == "Deleting"

    def test_is_no_more_after_its_end(self, api: Api) -> None:
        api.scene.let_pass(minutes=61)
        assert api.read(ENDPOINT).body["Status"] == "never_leased"
        assert api.release(ENDPOINT).code == "LH4105"

    def test_is_shown_without_the_record_as_what_is_there(self, api: Api) -> None:
        gateway, table = deployed(api.scene, without_status=True)
        with gateway:
            alone = Api(api.scene, gateway.url, table, api.token)
            assert alone.read(ENDPOINT).body["Status"] == "never_leased"
