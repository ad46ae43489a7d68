"""What a look at the account costs and what it must not miss, with fleets of real size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from controller.reconcile import State
from ledger.errors import Failure, Refused, Unavailable
from tests.scene import SETTLE, definition, path

if TYPE_CHECKING:
    from tests.scene import Scene


def fill(scene: Scene, count: int) -> None:
    """Define `count` endpoints that are always on, and let them come into service."""
    always = {"always_on": True}
    names = [f"Model{number:03}" for number in range(count)]
    scene.push({path(name): definition(name, schedule=always) for name in names}, "a fleet")
    tick = scene.tick()
    assert [item.state for item in tick.outcomes] == [State.DONE] * count
    scene.let_pass(seconds=SETTLE)
    scene.account.calls()


class TestALook:
    @pytest.mark.parametrize(("count", "pages"), [(25, 1), (120, 2)])
    def test_at_a_quiet_fleet_costs_a_page_for_each_hundred(
        self, scene: Scene, count: int, pages: int
    ) -> None:
        fill(scene, count)
        first = scene.tick()
        assert len(first.observed) == count
        assert first.plan.changes == ()
        quiet = {"ListEndpoints": pages, "GetResources": pages}
        once = pages + math.ceil(2 * count / 100)  # for configs and models that are left over
        assert scene.account.calls() == {
            **quiet,
            "GetResources": once,
            "DescribeEndpoint": count,
        }
        assert scene.tick().observed == first.observed
        assert scene.account.calls() == quiet

    def test_describes_again_only_what_moved(self, scene: Scene) -> None:
        fill(scene, 3)
        scene.tick()
        scene.account.ask("POST", "/endpoints/demo-Model001-Endpoint", {"status": "OutOfService"})
        scene.account.calls()
        scene.tick()
        assert scene.account.calls()["DescribeEndpoint"] == 1

    def test_of_a_fresh_process_sees_the_same(self, scene: Scene) -> None:
        fill(scene, 3)
        seen = scene.tick().observed
        scene.cloud = scene.account.cloud()
        assert scene.tick().observed == seen

    def test_knows_an_endpoint_of_ours_again_whose_name_changed_its_case(
        self, scene: Scene
    ) -> None:
        scene.start("Falcon", minutes=60, endpoint_name="demo-Falcon")
        scene.define("Falcon", 60, endpoint_name="DEMO-FALCON")
        tick = scene.tick()
        assert [str(action.verb) for action in tick.plan.actions] == ["update"]

    def test_ignores_what_is_neither_tagged_nor_named_by_us(self, scene: Scene) -> None:
        config = scene.account.make_config("by-hand")
        for number in range(3):
            scene.account.sagemaker.create_endpoint(
                EndpointName=f"theirs-{number}", EndpointConfigName=config
            )
        scene.tick()
        scene.tick()
        scene.account.calls()
        assert scene.tick().observed == ()
        assert scene.account.calls() == {"ListEndpoints": 1, "GetResources": 1}

    def test_does_not_stumble_over_an_endpoint_that_vanishes_meanwhile(self, scene: Scene) -> None:
        fill(scene, 2)
        scene.account.sagemaker.delete_endpoint(EndpointName="demo-Model000-Endpoint")
        scene.tick()
        scene.let_pass(seconds=10)
        tick = scene.tick()
        assert [item.endpoint_name for item in tick.observed] == ["demo-Model001-Endpoint"]


class TestAnswersThatAreNotUnderstood:
    def test_an_account_out_of_reach_is_a_failure_with_a_sentence(self, scene: Scene) -> None:
        scene.define("A", 60)
        unreachable = type(scene.account)("http://127.0.0.1:9")
        scene.cloud = unreachable.cloud()
        with pytest.raises(Unavailable) as caught:
            scene.tick()
        assert caught.value.code == "LH3001"
        assert caught.value.message.startswith("AWS could not be reached: ")

    def test_a_missing_permission_names_itself(self, scene: Scene) -> None:
        scene.account.order_fault("denied", operation="ListEndpoints")
        with pytest.raises(Refused) as caught:
            scene.tick()
        assert caught.value.code == "LH3006"
        assert "sagemaker:ListEndpoints" in caught.value.message

    def test_an_unknown_refusal_is_never_read_as_absent(self, scene: Scene) -> None:
        scene.start("A")
        scene.cloud = scene.account.cloud()
        scene.account.order_fault("unavailable", operation="DescribeEndpoint")
        with pytest.raises(Failure) as caught:
            scene.tick()
        assert caught.value.code == "LH3007"
        assert "CreateEndpoint" not in scene.account.calls()


def test_making_an_endpoint_again_after_a_tick_that_was_cut_short(scene: Scene) -> None:
    """The model was made, and then the process ended."""
    scene.define("A", 60)
    scene.account.order_fault("throttle", operation="CreateEndpointConfig")
    assert [item.state for item in scene.tick().outcomes] == [State.FAILED]
    assert [item.state for item in scene.tick().outcomes] == [State.DONE]
