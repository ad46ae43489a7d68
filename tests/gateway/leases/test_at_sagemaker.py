"""`GET /endpoint-expiry` says what SageMaker does beside what the lease says."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.leases.answers import at_sagemaker
from ledger.observed import Noted
from tests.gateway.api import ANA, FALCON, Api, deployed
from tests.scene import NOON

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS = ("EndpointStatus", "EndpointStatusSince", "Reason", "ObservedAt")
NOTHING = dict.fromkeys(KEYS)


def seen(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: body[key] for key in KEYS}


def test_nothing_is_noted_before_the_first_tick(api: Api) -> None:
    assert seen(api.read(FALCON).body) == NOTHING
    assert [seen(each) for each in api.read().body] == [NOTHING]


def test_one_and_all_have_what_the_last_tick_noted(api: Api) -> None:
    api.scene.tick()
    starts = {
        "EndpointStatus": "Creating",
        "EndpointStatusSince": "2026-11-23T12:00:00Z",
        "Reason": None,
        "ObservedAt": "2026-11-23T12:00:00Z",
    }
    assert seen(api.read(FALCON).body) == starts
    assert [seen(each) for each in api.read().body] == [starts]
    api.scene.let_pass(minutes=2)
    api.scene.tick()
    serves = seen(api.read(FALCON).body)
    assert (serves["EndpointStatus"], serves["Reason"]) == ("InService", None)
    assert serves["ObservedAt"] == "2026-11-23T12:02:00Z"


def test_what_failed_has_sagemakers_own_words(api: Api) -> None:
    api.scene.account.order_fault("crash", endpoint=FALCON)
    api.scene.tick()
    api.scene.let_pass(minutes=10)
    api.scene.tick()
    body = api.read(FALCON).body
    assert (body["Status"], body["EndpointStatus"]) == ("live", "Failed")
    assert "ping health check" in body["Reason"]


def test_a_branch_that_cannot_be_read_hides_no_lease(api: Api) -> None:
    api.scene.tick()
    api.scene.overwrite_record("{")
    assert seen(api.read(FALCON).body) == NOTHING
    gateway, table = deployed(api.scene, without_status=True)
    with gateway:
        blind = Api(api.scene, gateway.url, table, table.create(ANA, NOON)[0])
        assert seen(blind.read(FALCON).body) == NOTHING


def test_one_broken_entry_hides_no_other(api: Api) -> None:
    api.scene.tick()
    api.scene.overwrite_record(
        '{"endpoints": {"demo-B": 5, "demo-Falcon40B-Endpoint": {"status": "Failed",'
        ' "since": "yesterday", "cause": 5, "update_failure": "no such bucket"}}}'
    )
    body = seen(api.read(FALCON).body)
    failed = {"EndpointStatus": "Failed", "Reason": "no such bucket"}
    assert body == {**NOTHING, **failed, "ObservedAt": "2026-11-23T12:00:00Z"}


@pytest.mark.parametrize("at", [None, NOON])
def test_an_endpoint_of_somebody_else_is_said_to_be_so(at: Any) -> None:  # noqa: ANN401
    told = at_sagemaker(
        Noted("InService", foreign=True, since=NOON - timedelta(hours=1), reason="theirs"), at
    )
    assert told["Reason"].startswith("The endpoint of this name at SageMaker is not")
    assert told["EndpointStatusSince"] == "2026-11-23T11:00:00Z"
    assert told["ObservedAt"] == ("2026-11-23T12:00:00Z" if at else None)
