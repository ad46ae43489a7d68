"""Stories of what AWS refuses for good: it is said, remembered, and not hammered."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from controller.reconcile import State, look
from controller.telemetry import emf
from gateway.known import seen
from gateway.models.not_running import not_running
from leasehold.fleet_rows import rows_of
from ledger.holdings import fleet_of
from ledger.names import EndpointName
from tests.controller.cases import subjects
from tests.scene import environment, outcome, told

if TYPE_CHECKING:
    from controller.reconcile import Tick
    from tests.scene import Scene

TOPIC = "arn:aws:sns:us-east-1:123456789012:people"
OPERATIONS = ["CreateModel", "CreateEndpointConfig", "CreateEndpoint"]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("fault", ["invalid", "denied"])
def test_nine_ticks_ask_once(scene: Scene, operation: str, fault: str) -> None:
    endpoint = scene.define("A", 600)
    scene.account.order_fault(fault, operation=operation, times=99)
    refused = outcome(scene.tick(), endpoint)
    assert refused.state is State.REFUSED
    for minute in range(8):
        scene.at(scene.now + timedelta(seconds=30))
        if minute == 4:
            scene.restart()
        assert told(scene.tick(), endpoint).startswith("report: leased until")
        assert refused.detail in told(scene.tick(), endpoint)
    assert scene.account.calls()[operation] == 1
    scene.account.ask("DELETE", "/faults")
    scene.let_pass(minutes=10)
    scene.tick()
    assert scene.account.status(endpoint) == "Creating"


def test_a_renewed_lease_and_a_mended_definition_ask_at_once(scene: Scene) -> None:
    endpoint = scene.define("A", 600)
    scene.account.order_fault("invalid", operation="CreateModel", times=4)
    scene.tick()
    scene.lease("A", 700)
    assert outcome(scene.tick(), endpoint).code == "LH3028"
    scene.define("A", tags={"team": "search"})
    assert outcome(scene.tick(), endpoint).code == "LH3028"
    assert scene.tick().outcomes == ()
    scene.define("A", inference_instance_type="ml.g5.2xlarge")
    assert outcome(scene.tick(), endpoint).code == "LH3028"
    scene.define("A")
    assert outcome(scene.tick(), endpoint).state is State.DONE


def test_it_is_said_once_by_a_notice_and_wherever_people_look(scene: Scene) -> None:
    scene.account.client("sns").create_topic(Name=TOPIC.rpartition(":")[2])
    scene.push(
        {"environments/dev/environment.json": environment(notifications={"topic_arn": TOPIC})}
    )
    endpoint = EndpointName(scene.define("A", 600))
    scene.account.order_fault("invalid", operation="CreateModel", times=99)
    said: list[str] = []
    for minutes in (0, 1, 1, 10, 1, 30, 60):
        scene.let_pass(minutes=minutes)
        tick = scene.tick()
        said += subjects(tick)
        assert emf(tick)["Refusals"] == 1
    assert said == ["[dev] A: AWS refuses what it needs"]
    (row,) = rows_of(look(scene.dependencies, "dev", scene.now), {})
    assert (row.sagemaker, row.state) == ("absent", "on")
    assert "CreateModel: 1 validation error detected" in row.reason
    there = seen(scene.open_status(), "dev").noted[endpoint]
    assert there is not None
    assert there.status == "absent"
    assert "CreateModel: 1 validation error detected" in str(there.reason)
    item = fleet_of(scene.repository.read(), "dev").get("A")
    answer = not_running(item, there, scene.now, "https://api")
    assert "is not in service (absent), though leased until" in str(answer.body)
    assert "CreateModel: 1 validation error detected" in str(answer.body)


def test_a_refused_end_is_tried_at_each_tick(scene: Scene) -> None:
    endpoint = scene.start("A", 10)
    scene.account.order_fault("denied", operation="DeleteEndpoint", times=3)
    for _ in range(3):
        scene.let_pass(minutes=10)
        tick = scene.tick()
        assert outcome(tick, endpoint).state is State.REFUSED
        assert emf(tick)["OverdueDeletions"] == 1
    scene.tick()
    assert scene.account.status(endpoint) == "Deleting"


def test_an_update_that_is_refused_leaves_it_serving(scene: Scene) -> None:
    endpoint = scene.start("A", 6000)
    scene.account.order_fault("invalid", operation="UpdateEndpoint", times=99)
    scene.define("A", model={"image": "registry/model:2"})
    for _ in range(5):
        tick = scene.tick()
        scene.let_pass(seconds=30)
    assert scene.account.calls()["UpdateEndpoint"] == 1
    assert "UpdateEndpoint: 1 validation error" in told(tick, endpoint)
    assert scene.account.status(endpoint) == "InService"


class TestOfWhatServes:
    """Its tags, its scaling, and that it becomes ours: asked once, and again after a pause."""

    @staticmethod
    def nine_ticks(scene: Scene, endpoint: str) -> Tick:
        for _ in range(9):
            tick = scene.tick()
            scene.let_pass(seconds=30)
        assert "report:" in told(tick, endpoint)
        assert emf(tick)["Refusals"] == 1
        return tick

    @pytest.mark.parametrize("fault", ["invalid", "denied"])
    def test_tags(self, scene: Scene, fault: str) -> None:
        endpoint = scene.start("A", 600)
        scene.tick()
        scene.define("A", tags={"team": "search"})
        scene.account.order_fault(fault, operation="AddTags", times=99)
        scene.account.calls()
        tick = self.nine_ticks(scene, endpoint)
        assert scene.account.calls()["AddTags"] == 1
        assert "its tags changed: team; but there is no tag" in told(tick, endpoint)
        there = seen(scene.open_status(), "dev").noted[EndpointName(endpoint)]
        assert "AddTags" in str(there and there.reason)
        scene.account.ask("DELETE", "/faults")
        scene.let_pass(minutes=15)
        assert outcome(scene.tick(), endpoint).state is State.DONE
        scene.tick()
        there = seen(scene.open_status(), "dev").noted[EndpointName(endpoint)]
        assert (there and there.reason) is None

    def test_tags_that_go(self, scene: Scene) -> None:
        endpoint = scene.start("A", 600, tags={"team": "search"})
        scene.tick()
        scene.define("A")
        scene.account.order_fault("denied", operation="DeleteTags", times=99)
        scene.account.calls()
        self.nine_ticks(scene, endpoint)
        assert scene.account.calls()["DeleteTags"] == 1
        scene.define("A", tags={"team": "ads"})
        assert outcome(scene.tick(), endpoint).state is State.DONE

    @pytest.mark.parametrize("operation", ["RegisterScalableTarget", "PutScalingPolicy"])
    def test_scaling(self, scene: Scene, operation: str) -> None:
        endpoint = scene.start("A", 600)
        scene.tick()
        scene.define("A", autoscaling={"min_instances": 1, "max_instances": 4})
        scene.account.order_fault("denied", operation=operation, times=99)
        scene.account.calls()
        tick = self.nine_ticks(scene, endpoint)
        assert scene.account.calls()[operation] == 1
        assert "it scales from 1 to 4 instances; but there is no scale" in told(tick, endpoint)
        scene.define("A", autoscaling={"min_instances": 1, "max_instances": 3})
        assert outcome(scene.tick(), endpoint).state is State.REFUSED

    def test_capacity(self, scene: Scene) -> None:
        endpoint = scene.start("A", 600)
        scene.tick()
        scene.define("A", inference_instance_count=2)
        operation = "UpdateEndpointWeightsAndCapacities"
        scene.account.order_fault("denied", operation=operation, times=99)
        scene.account.calls()
        self.nine_ticks(scene, endpoint)
        assert scene.account.calls()[operation] == 1

    def test_adoption(self, scene: Scene) -> None:
        config = scene.account.make_config("by-hand")
        scene.account.sagemaker.create_endpoint(EndpointName="theirs", EndpointConfigName=config)
        scene.let_pass(minutes=2)
        scene.account.offer("theirs")
        scene.define("A", 600, endpoint_name="theirs", endpoint_config_name=config, adopt=True)
        scene.account.order_fault("denied", operation="AddTags", times=99)
        scene.account.calls()
        self.nine_ticks(scene, "theirs")
        assert scene.account.calls()["AddTags"] == 1
        scene.account.ask("DELETE", "/faults")
        scene.lease("A", 700)
        assert outcome(scene.tick(), "theirs").state is State.DONE

    def test_its_lease_follows_its_use_all_the_same(self, scene: Scene) -> None:
        endpoint = scene.start("A", 600, schedule={"idle_minutes": 10})
        scene.tick()
        scene.define("A", tags={"team": "search"}, schedule={"idle_minutes": 10})
        scene.account.order_fault("denied", operation="AddTags", times=99)
        for minutes in (0, 1):
            scene.let_pass(minutes=minutes)
            scene.tick()
        scene.account.calls()
        scene.let_pass(minutes=3)
        assert "but there is no tag" in told(scene.tick(), endpoint)
        for _ in range(20):
            scene.let_pass(minutes=1)
            tick = scene.tick()
            if told(tick, endpoint).startswith("idle"):
                return
        raise AssertionError(told(tick, endpoint))

    def test_nothing_else_is_asked_meanwhile(self, scene: Scene) -> None:
        endpoint = scene.start("A", 600)
        scene.tick()
        scaling = {"min_instances": 1, "max_instances": 4}
        scene.define("A", autoscaling=scaling, tags={"team": "search"})
        scene.account.order_fault("denied", operation="AddTags", times=99)
        scene.account.order_fault("denied", operation="PutScalingPolicy", times=99)
        scene.account.calls()
        self.nine_ticks(scene, endpoint)
        calls = scene.account.calls()
        assert (calls["AddTags"], calls.get("PutScalingPolicy", 0)) == (1, 0)
