"""An account in the sandbox: what a tick asks AWS, what it leaves alone, what a failure costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.reconcile import State
from tests.scene import SETTLE, outcome, told

if TYPE_CHECKING:
    from tests.scene import Scene

A = "demo-A-Endpoint"
SCALING = {"min_instances": 1, "max_instances": 4}


def scaled(scene: Scene) -> bool:
    client = scene.account.client("application-autoscaling")
    return bool(client.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"])


class TestAQuietTick:
    def test_costs_two_lists_whatever_the_definition_asks_for(self, scene: Scene) -> None:
        """The first ticks look at scaling and leftovers; then nothing moves any more."""
        scene.start("A", autoscaling=SCALING, schedule={"idle_minutes": 60}, owner="ana")
        for _ in range(3):
            scene.tick()
        scene.account.calls()
        scene.let_pass(minutes=1)
        assert scene.tick().plan.changes == ()
        assert scene.account.calls() == {"ListEndpoints": 1, "GetResources": 1}

    def test_of_a_process_that_has_just_started_describes_each_endpoint_once(
        self, scene: Scene
    ) -> None:
        scene.start("A", 600)
        scene.tick()
        scene.restart()
        scene.tick()
        scene.account.calls()
        scene.tick()
        assert "DescribeEndpoint" not in scene.account.calls()


class TestScaling:
    def test_is_looked_at_only_where_there_is_some(self, scene: Scene) -> None:
        scene.start("A")
        scene.tick()
        assert "DescribeScalableTargets" not in scene.account.calls()

    def test_is_set_up_once_it_serves_and_then_left_alone(self, scene: Scene) -> None:
        scene.start("A", autoscaling=SCALING)
        assert told(scene.tick(), A) == "scale: it scales from 1 to 4 instances"
        assert scaled(scene)
        assert told(scene.tick(), A).startswith("keep")

    def test_is_taken_away_with_its_field(self, scene: Scene) -> None:
        scene.start("A", autoscaling=SCALING)
        scene.tick()
        scene.define("A", 60)
        assert told(scene.tick(), A) == "scale: its definition has no autoscaling any more"
        assert not scaled(scene)
        assert told(scene.tick(), A).startswith("keep")

    def test_is_taken_away_with_its_field_by_the_next_process_too(self, scene: Scene) -> None:
        scene.start("A", autoscaling=SCALING)
        scene.tick()
        scene.restart()
        scene.define("A", 60)
        scene.tick()
        assert not scaled(scene)

    def test_goes_with_the_endpoint(self, scene: Scene) -> None:
        scene.start("A", 10, autoscaling=SCALING)
        scene.tick()
        scene.let_pass(minutes=10)
        assert outcome(scene.tick(), A).state is State.DONE
        assert not scaled(scene)

    def test_that_cannot_be_taken_away_keeps_no_endpoint_running(self, scene: Scene) -> None:
        scene.start("A", 10, autoscaling=SCALING)
        scene.tick()
        scene.let_pass(minutes=10)
        scene.account.order_fault("denied", operation="DeregisterScalableTarget")
        left = outcome(scene.tick(), A)
        assert (left.state, left.code) == (State.FAILED, "LH3013")
        assert left.detail.startswith("The endpoint is deleted, but its scaling ")
        assert scene.account.status(A) == "Deleting"

    def test_that_cannot_be_read_is_a_sentence_and_stops_nothing(self, scene: Scene) -> None:
        scene.start("A", 30, autoscaling=SCALING)
        other = scene.define("B", 60)
        scene.account.order_fault("throttle", operation="DescribeScalableTargets", times=2)
        tick = scene.tick()
        [trouble] = tick.troubles
        assert trouble.startswith("LH3001: ")
        assert told(tick, A).startswith("keep")
        assert outcome(tick, other).state is State.DONE
        scene.let_pass(minutes=30)
        assert told(scene.tick(), A).startswith("delete")


class TestUse:
    def test_is_asked_only_of_what_serves(self, scene: Scene) -> None:
        scene.define("A", 600, schedule={"idle_minutes": 5})
        scene.account.order_fault("slow-start", seconds=1200)
        scene.tick()
        scene.let_pass(minutes=15)
        scene.tick()
        assert "GetMetricData" not in scene.account.calls()

    def test_is_asked_once_for_all(self, scene: Scene) -> None:
        for name in "ABC":
            scene.define(name, 600, schedule={"idle_minutes": 30})
        scene.tick()
        scene.let_pass(seconds=SETTLE)
        scene.let_pass(minutes=60)
        scene.account.calls()
        scene.tick()
        assert scene.account.calls()["GetMetricData"] == 1

    def test_of_a_while_ago_saves_questions_until_it_could_be_idle(self, scene: Scene) -> None:
        scene.start("A", 600, schedule={"idle_minutes": 30})
        scene.let_pass(minutes=40)
        scene.account.ask("POST", f"/endpoints/{A}/invocations", {"count": 1})
        scene.tick()
        scene.account.calls()
        for _ in range(5):
            scene.let_pass(minutes=5)
            scene.tick()
        assert "GetMetricData" not in scene.account.calls()
        scene.let_pass(minutes=10)
        assert told(scene.tick(), A).startswith("idle")

    def test_by_what_is_always_on_is_nobodys_question(self, scene: Scene) -> None:
        scene.define("A", inference_type="async")
        scene.tick()
        scene.let_pass(minutes=600)
        scene.tick()
        assert "GetMetricData" not in scene.account.calls()


class TestLeftovers:
    def test_are_not_listed_again_while_nothing_moves(self, scene: Scene) -> None:
        scene.start("A", 600)
        scene.tick()
        scene.tick()
        scene.account.calls()
        for _ in range(3):
            scene.let_pass(minutes=1)
            scene.tick()
        assert scene.account.calls()["GetResources"] == 3
