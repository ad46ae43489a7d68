"""What a look at the account costs and what it must not miss, with fleets of real size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from controller.planning.action import Verb
from controller.reconcile import State
from ledger.deadline import within
from ledger.errors import Refused, Unavailable
from ledger.holdings import fleet_of
from ledger.names import EndpointName
from tests.scene import SETTLE, definition, outcome, path

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
        scene.tick()
        scene.cloud = scene.account.cloud()
        scene.account.order_fault("unavailable", operation="DescribeEndpoint")
        tick = scene.tick()
        (action,) = tick.plan.actions
        assert action.verb is Verb.WAIT
        assert [each for each in tick.troubles if "demo-A-Endpoint: it cannot be read" in each]
        assert action.reason.startswith("it cannot be read now: AWS refused. DescribeEndpoint")
        assert action.reason.endswith("[LH3007]")
        assert "CreateEndpoint" not in scene.account.calls()


class TestOneThatCannotBeRead:
    """It is on the list, so it is there; what else is to be known of it, is not."""

    def test_keeps_no_other_from_being_looked_at(self, scene: Scene) -> None:
        scene.start("A")
        scene.start("B")
        scene.tick()
        scene.cloud = scene.account.cloud()
        scene.account.order_fault("throttle", operation="DescribeEndpoint")
        reported = {each.name: each.verb for each in scene.tick().plan.actions}
        assert sorted(reported.values()) == [Verb.KEEP, Verb.WAIT]
        assert {each.verb for each in scene.tick().plan.actions} == {Verb.KEEP}

    def test_ends_all_the_same_by_what_its_last_look_says(self, scene: Scene) -> None:
        ending = scene.start("A", minutes=10)
        scene.tick()
        scene.let_pass(minutes=30)
        scene.cloud = scene.account.cloud()
        scene.account.order_fault("throttle", operation="DescribeEndpoint")
        assert outcome(scene.tick(), ending).state is State.DONE
        assert scene.account.status(ending) in ("Deleting", "absent")

    def test_counts_as_a_user_of_its_config(self, scene: Scene) -> None:
        running = scene.start("A")
        scene.push({path("A"): definition("A", model={"image": "registry/model:2"})})
        before = scene.account.config(running)
        scene.cloud = scene.account.cloud()
        scene.account.order_fault("throttle", operation="DescribeEndpoint")
        scene.tick()
        assert before in scene.account.configs()

    def test_stays_in_the_record_as_it_was(self, scene: Scene) -> None:
        name = EndpointName(scene.start("A"))
        scene.tick()
        before = scene.logbook.read("dev").entry(name)
        scene.cloud = scene.account.cloud()
        scene.account.order_fault("throttle", operation="DescribeEndpoint")
        scene.tick()
        assert scene.logbook.read("dev").entry(name) == before

    def test_waits_for_the_next_tick_where_there_is_no_time(self, scene: Scene) -> None:
        scene.start("A")
        fleet = fleet_of(scene.repository.read(), "dev")
        with within(0):
            (seen,) = scene.account.cloud().observe(fleet, scene.owner).observed
        assert "[LH3030]" in str(seen.unread)


def test_making_an_endpoint_again_after_a_tick_that_was_cut_short(scene: Scene) -> None:
    """The model was made, and then the process ended."""
    scene.define("A", 60)
    scene.account.order_fault("throttle", operation="CreateEndpointConfig")
    assert [item.state for item in scene.tick().outcomes] == [State.FAILED]
    assert [item.state for item in scene.tick().outcomes] == [State.DONE]
