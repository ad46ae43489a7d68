"""What somebody changes in SageMaker, or a definition sets no more, comes back to the definition.

Each story is told with a git server and the sandbox; a controller that starts anew knows what its
record says.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from controller.planning.desired import VARIANT
from controller.reconcile import State
from tests.controller.cases import done
from tests.scene import SETTLE, definition, outcome, path, told

if TYPE_CHECKING:
    from tests.scene import Json, Scene

A = "demo-A-Endpoint"
NEW_MODEL = {"image": "registry/m:2"}
SCALING = {"min_instances": 1, "max_instances": 4}
RESCALE = "UpdateEndpointWeightsAndCapacities"
ASIDE = {"collect", "credit"}
MAKING = {"CreateModel", "CreateEndpointConfig", "CreateEndpoint", "UpdateEndpoint"}


def rescale(scene: Scene, count: int) -> None:
    """Have somebody change the number of instances by hand."""
    scene.account.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=A,
        DesiredWeightsAndCapacities=[{"VariantName": VARIANT, "DesiredInstanceCount": count}],
    )
    scene.let_pass(seconds=SETTLE)


def redefine(scene: Scene, **fields: object) -> None:
    scene.push({path("A"): definition("A", **fields)})


def settle(scene: Scene) -> list[str]:
    """Tick until nothing is left to do; the changes of the endpoint that were made."""
    made: list[str] = []
    for _ in range(9):
        tick = scene.tick()
        if not tick.outcomes:
            return made
        made += [f"{verb} {state}" for verb, state in done(tick) if verb not in ASIDE]
        scene.let_pass(seconds=SETTLE)
    raise AssertionError(f"it comes to no rest: {made}")


def running(scene: Scene) -> Json:
    """The variant of the config that it runs on."""
    name = scene.account.config(A)
    config = scene.account.sagemaker.describe_endpoint_config(EndpointConfigName=name)
    [variant] = config["ProductionVariants"]
    return dict(variant)


class TestTheNumberOfInstances:
    def test_changes_in_place_and_needs_no_second_fleet(self, scene: Scene) -> None:
        scene.account.ask("POST", "/quotas", {"ml.g5.xlarge": 2})
        scene.start("A", 600)
        config = scene.account.config(A)
        redefine(scene, inference_instance_count=2)
        tick = scene.tick()
        assert told(tick, A) == "resize: it has 1 instance, and its definition says 2"
        assert done(tick) == [("resize", "done")]
        assert told(scene.tick(), A).startswith("wait: SageMaker says Updating")
        scene.let_pass(seconds=SETTLE)
        assert told(scene.tick(), A).startswith("keep")
        assert (scene.account.instances(A), scene.account.config(A)) == (2, config)
        assert not MAKING & scene.account.calls().keys()

        redefine(scene, inference_instance_count=1)
        assert settle(scene) == ["resize done"]
        assert (scene.account.instances(A), scene.account.config(A)) == (1, config)

    def test_that_somebody_changed_is_said_and_corrected(self, scene: Scene) -> None:
        scene.start("A", 600)
        scene.tick()
        rescale(scene, 5)
        tick = scene.tick()
        assert told(tick, A) == "resize: it has 5 instances, and its definition says 1"
        scene.let_pass(seconds=SETTLE)
        assert settle(scene) == []
        assert scene.account.instances(A) == 1

    def test_is_that_of_the_definition_after_the_next_start(self, scene: Scene) -> None:
        """Its config is made for that number, so a start gets no more and no less."""
        scene.start("A", 600)
        redefine(scene, inference_instance_count=3)
        settle(scene)
        scene.lease("A", -1)
        assert settle(scene) == ["delete done"]
        scene.lease("A", 60)
        assert settle(scene) == ["create done"]
        assert (scene.account.instances(A), running(scene)["InitialInstanceCount"]) == (3, 3)

    def test_stays_through_an_update_and_back(self, scene: Scene) -> None:
        scene.start("A", 600)
        redefine(scene, inference_instance_count=2)
        settle(scene)
        for model in (NEW_MODEL, {"image": "registry/model:1"}):
            redefine(scene, model=model, inference_instance_count=2)
            assert settle(scene) == ["update done"]
            assert scene.account.instances(A) == 2

    def test_that_is_over_the_quota_is_reported_and_not_hammered(self, scene: Scene) -> None:
        scene.account.ask("POST", "/quotas", {"ml.g5.xlarge": 2})
        scene.start("A", 600)
        redefine(scene, inference_instance_count=4)
        refused = outcome(scene.tick(), A)
        assert (refused.state, refused.code) == (State.REFUSED, "LH3002")
        for minute in range(3):
            scene.let_pass(minutes=1)
            assert "ResourceLimitExceeded" in told(scene.tick(), A), minute
        assert scene.account.calls()[RESCALE] == 1
        redefine(scene, inference_instance_count=2)
        assert settle(scene) == ["resize done"]
        assert scene.account.instances(A) == 2

    def test_that_does_not_arrive_is_tried_again_ever_more_rarely(self, scene: Scene) -> None:
        scene.start("A", 6000)
        redefine(scene, inference_instance_count=2)
        minutes = []
        for _ in range(4):
            scene.account.order_fault("capacity", operation=RESCALE)
            minutes.append(_minutes_until_it_is_tried(scene))
            scene.let_pass(seconds=2 * SETTLE)
            assert scene.account.status(A) == "InService"
            waiting = told(scene.tick(), A)
            assert waiting.startswith("wait: SageMaker did not bring it to 2 instances: it has 1 (")
            assert "InsufficientInstanceCapacity" in waiting
            scene.restart()  # the next process knows of it too
        assert minutes[0] == 0
        for at_least, tried in zip((4, 9, 19), minutes[1:], strict=True):
            assert at_least <= tried <= 2 * at_least + 3
        _minutes_until_it_is_tried(scene)
        scene.let_pass(seconds=SETTLE)
        assert settle(scene) == []
        assert scene.account.instances(A) == 2
        entry = scene.logbook.read("dev").entries
        assert [(each.attempted_count, each.failures) for each in entry.values()] == [(0, 0)]

    def test_of_what_failed_is_a_change_of_its_definition(self, scene: Scene) -> None:
        """Where there is no capacity for four, one may be had at once."""
        scene.account.order_fault("capacity")
        scene.define("A", 600, inference_instance_count=4)
        scene.tick()
        scene.let_pass(seconds=SETTLE)
        assert told(scene.tick(), A).startswith("wait: no capacity")
        redefine(scene)
        assert settle(scene) == ["delete done", "create done"]
        assert scene.account.instances(A) == 1

    def test_of_pools_changes_in_place_too(self, scene: Scene) -> None:
        pools: Json = {"instance_pools": [{"instance_type": "ml.g5.2xlarge"}]}
        scene.start("A", 600, **pools)
        redefine(scene, inference_instance_count=2, **pools)
        assert settle(scene) == ["resize done"]
        assert scene.account.instances(A) == 2

    def test_of_somebody_elses_config_is_not_ours(self, scene: Scene) -> None:
        config = scene.account.make_config("by-hand")
        scene.start("A", 600, endpoint_config_name=config)
        scene.account.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=A,
            DesiredWeightsAndCapacities=[{"VariantName": "main", "DesiredInstanceCount": 3}],
        )
        scene.let_pass(seconds=SETTLE)
        assert settle(scene) == []
        assert scene.account.instances(A) == 3

    def test_is_left_alone_where_somebody_else_scales_it(self, scene: Scene) -> None:
        """To take instances away from somebody's own autoscaling would go on for ever."""
        scene.start("A", 600)
        scene.tick()
        scaling = scene.account.client("application-autoscaling")
        resource = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{A}/variant/{VARIANT}",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        }
        scaling.register_scalable_target(**resource, MinCapacity=3, MaxCapacity=5)
        scene.let_pass(minutes=5)
        assert scene.account.instances(A) == 3
        for _ in range(2):
            assert told(scene.tick(), A).startswith(
                "report: its definition says 1 instance, and a scalable target that is not"
                " Leasehold's keeps it at 3 to 5"
            )
            scene.let_pass(minutes=1)
        assert _targets(scene) == 1
        scaling.deregister_scalable_target(**resource)
        scene.restart()
        assert settle(scene) == ["resize done"]

    def test_is_left_alone_where_nobody_can_say_whether_it_scales(self, scene: Scene) -> None:
        scene.start("A", 600)
        scene.tick()
        rescale(scene, 3)
        scene.account.order_fault("denied", operation="DescribeScalableTargets")
        tick = scene.tick()
        assert told(tick, A).startswith("keep")
        assert any("LH3006" in trouble for trouble in tick.troubles)
        assert settle(scene) == ["resize done"]


def _minutes_until_it_is_tried(scene: Scene) -> int:
    for minute in range(200):
        tick = scene.tick()
        if tick.outcomes:
            assert done(tick) == [("resize", "done")]
            return minute
        scene.let_pass(minutes=1)
    raise AssertionError("it is not tried again")


class TestAutoscalingThatIsTakenOut:
    def scaled_to_four(self, scene: Scene) -> None:
        scene.start("A", 600, autoscaling=SCALING, inference_instance_count=2)
        assert settle(scene) == ["scale done"]
        rescale(scene, 4)

    def test_goes_first_and_then_the_number_is_the_definitions(self, scene: Scene) -> None:
        self.scaled_to_four(scene)
        redefine(scene, inference_instance_count=2)
        assert settle(scene) == ["scale done", "resize done"]
        assert scene.account.instances(A) == 2
        assert _targets(scene) == 0

    def test_is_found_by_a_controller_that_knows_nothing_of_it(self, scene: Scene) -> None:
        self.scaled_to_four(scene)
        redefine(scene, inference_instance_count=2)
        scene.overwrite_record(json.dumps({"id": scene.owner.record_id}))
        scene.restart()
        assert settle(scene) == ["scale done", "resize done"]
        assert (scene.account.instances(A), _targets(scene)) == (2, 0)

    @pytest.mark.parametrize("cold", [False, True])
    def test_with_another_change_leaves_no_count_behind(self, scene: Scene, *, cold: bool) -> None:
        self.scaled_to_four(scene)
        redefine(scene, inference_instance_count=2, model=NEW_MODEL)
        if cold:
            scene.restart()
        made = settle(scene)
        assert made[0] == "update done"
        assert (scene.account.instances(A), _targets(scene)) == (2, 0)


def _targets(scene: Scene) -> int:
    client = scene.account.client("application-autoscaling")
    found = client.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    return len(found)


class TestWhatIsTakenOutOfADefinition:
    @pytest.mark.parametrize(
        ("fields", "was"),
        [
            ({"instance_pools": [{"instance_type": "ml.g5.2xlarge"}]}, "InstancePools"),
            (
                {"instance_provision_timeout_seconds": 900},
                "VariantInstanceProvisionTimeoutInSeconds",
            ),
            (
                {
                    "model": {
                        "image": "registry/model:1",
                        "container_startup_health_check_timeout_seconds": 600,
                        "model_data_download_timeout_seconds": 900,
                    }
                },
                "ContainerStartupHealthCheckTimeoutInSeconds",
            ),
        ],
    )
    def test_is_not_in_the_config_it_runs_on(self, scene: Scene, fields: Json, was: str) -> None:
        scene.start("A", 600, **fields)
        assert was in running(scene)
        redefine(scene)
        assert settle(scene) == ["update done"]
        plain = {"VariantName", "ModelName", "InstanceType", "InitialInstanceCount"}
        assert running(scene).keys() == plain | {"InitialVariantWeight"}

    def test_is_no_variable_of_the_model_any_more(self, scene: Scene) -> None:
        scene.start("A", 600, model={"image": "registry/model:1", "environment": {"A": "1"}})
        redefine(scene)
        assert settle(scene) == ["update done"]
        model = scene.account.sagemaker.describe_model(ModelName=running(scene)["ModelName"])
        assert "Environment" not in model["PrimaryContainer"]


class TestATagThatIsTakenOut:
    def by_hand(self, scene: Scene, **tags: str) -> None:
        arn = scene.account.sagemaker.describe_endpoint(EndpointName=A)["EndpointArn"]
        said = [{"Key": key, "Value": value} for key, value in tags.items()]
        scene.account.sagemaker.add_tags(ResourceArn=arn, Tags=said)

    def tags(self, scene: Scene) -> dict[str, str]:
        found = scene.account.endpoint_tags(A)
        return {key: value for key, value in found.items() if not key.startswith("leasehold:")}

    @pytest.mark.parametrize("cold", [False, True])
    def test_goes_and_one_that_a_person_put_there_stays(self, scene: Scene, *, cold: bool) -> None:
        scene.start("A", 600, tags={"team": "a", "cost": "4711"}, owner="ana@example.com")
        scene.tick()
        self.by_hand(scene, audit="2026")
        ours = scene.account.endpoint_tags(A).keys() - self.tags(scene).keys()
        redefine(scene, tags={"cost": "4712", "new": "1"})
        if cold:
            scene.restart()
        tick = scene.tick()
        assert told(tick, A) == (
            "tag: its tags changed: cost, new; its definition has no tag owner, team any more"
        )
        assert done(tick) == [("tag", "done")]
        assert self.tags(scene) == {"cost": "4712", "new": "1", "audit": "2026"}
        assert scene.account.endpoint_tags(A).keys() >= ours
        assert settle(scene) == []

    def test_goes_where_it_is_taken_out_before_anybody_looked(self, scene: Scene) -> None:
        scene.define("A", 600, tags={"team": "a"})
        scene.tick()
        redefine(scene)
        scene.restart()
        scene.let_pass(seconds=SETTLE)
        assert settle(scene) == ["tag done"]
        assert self.tags(scene) == {}

    def test_goes_from_what_runs_since_an_earlier_version(self, scene: Scene) -> None:
        """A record without any note of tags: the definition has the same tag, so it set it."""
        scene.start("A", 600, tags={"team": "a"})
        scene.overwrite_record(json.dumps({"id": scene.owner.record_id}))
        scene.restart()
        scene.tick()
        scene.restart()
        redefine(scene)
        assert settle(scene) == ["tag done"]
        assert self.tags(scene) == {}

    def test_stays_where_a_person_sets_it_later(self, scene: Scene) -> None:
        scene.start("A", 600, tags={"team": "a"})
        redefine(scene)
        assert settle(scene) == ["tag done"]
        scene.tick()
        self.by_hand(scene, team="b")
        assert settle(scene) == []
        assert self.tags(scene) == {"team": "b"}

    def test_goes_from_what_was_adopted_and_leaves_what_was_there(self, scene: Scene) -> None:
        config = scene.account.make_config("by-hand")
        scene.account.sagemaker.create_endpoint(
            EndpointName=A, EndpointConfigName=config, Tags=[{"Key": "audit", "Value": "1"}]
        )
        scene.account.offer(A)
        scene.let_pass(seconds=SETTLE)
        fields: Json = {"adopt": True, "endpoint_config_name": config}
        scene.define("A", 600, tags={"team": "a"}, **fields)
        assert settle(scene) == ["adopt done"]
        redefine(scene, **fields)
        assert settle(scene) == ["tag done"]
        assert self.tags(scene) == {"audit": "1"}

    def test_goes_although_the_resource_has_all_the_tags_it_may_have(self, scene: Scene) -> None:
        scene.start("A", 600, tags={"team": "a"})
        scene.tick()
        many = 50 - len(scene.account.endpoint_tags(A))
        self.by_hand(scene, **{f"hand-{number}": "x" for number in range(many)})
        redefine(scene, tags={"group": "a"})
        assert settle(scene) == ["tag done"]
        assert "group" in self.tags(scene)

    def test_that_cannot_go_is_tried_again(self, scene: Scene) -> None:
        scene.start("A", 600, tags={"team": "a"})
        scene.tick()
        redefine(scene)
        scene.account.order_fault("denied", operation="DeleteTags")
        assert outcome(scene.tick(), A).code == "LH3006"
        assert settle(scene) == []
        scene.let_pass(minutes=11)
        assert settle(scene) == ["tag done"]
        assert self.tags(scene) == {}


class TestAListThatLeavesAnEndpointOut:
    """SageMaker's lists may be late. What an endpoint runs on is asked of the endpoint itself."""

    def hide_a_retained_one(self, scene: Scene) -> str:
        """Its definition is gone, it runs on, and its only trace in a late list is none."""
        scene.start("A", 600, on_remove="retain")
        scene.tick()
        config = scene.account.config(A)
        scene.push({path("A"): None, path("A", "lease"): None})
        assert told(scene.tick(), A).startswith("hold")
        scene.account.order_fault("stale-list", endpoint=A)
        return config

    @pytest.mark.parametrize("late", [None, "endpoint", "tags of all"])
    def test_takes_no_config_from_under_it(self, scene: Scene, late: str | None) -> None:
        config = self.hide_a_retained_one(scene)
        if late:
            only: Json = {"endpoint": A} if late == "endpoint" else {}
            scene.account.order_fault("stale-tags", seconds=10_000, **only)
        for _ in range(3):
            tick = scene.tick()
            assert "collect" not in [verb for verb, _ in done(tick)]
            scene.let_pass(minutes=1)
        assert config in scene.account.configs()
        scene.account.ask("DELETE", "/faults")
        assert told(scene.tick(), A).startswith("hold")

    def test_is_said(self, scene: Scene) -> None:
        config = self.hide_a_retained_one(scene)
        scene.tick()
        said = " ".join(scene.tick().troubles)
        assert f"the endpoint-config {config.lower()} is not collected, for" in said
        assert "SageMaker's list of endpoints does not say so" in said

    def test_takes_none_while_nobody_can_say_what_it_uses(self, scene: Scene) -> None:
        config = self.hide_a_retained_one(scene)
        scene.account.order_fault("denied", operation="DescribeEndpoint", times=9)
        scene.tick()
        assert config in scene.account.configs()

    def test_is_done_with_when_the_endpoint_is_gone(self, scene: Scene) -> None:
        self.hide_a_retained_one(scene)
        scene.account.ask("DELETE", "/faults")
        scene.account.sagemaker.delete_endpoint(EndpointName=A)
        scene.let_pass(seconds=SETTLE)
        for _ in range(4):
            scene.tick()
        assert scene.account.configs() == []
