"""Endpoint configs of others: the limits hold for them, and what becomes of one is seen.

Each story is told with a git server and the sandbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from controller.reconcile import State
from tests.scene import ROLE, SETTLE, definition, environment, outcome, path, told

if TYPE_CHECKING:
    from tests.scene import Json, Scene

A = "demo-A-Endpoint"
THEIRS = "by-hand"
LIMITS: Json = {"allowed_instance_types": ["ml.g5.*"], "max_instances": 2}
PLAIN: Json = {"InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1}


def make(scene: Scene, *variants: Json, name: str = THEIRS, **more: object) -> None:
    """Have somebody make a config with these variants; `shadow` ones and tags may come with it."""
    if not scene.account.sagemaker.list_models(NameContains="theirs")["Models"]:
        scene.account.sagemaker.create_model(
            ModelName="theirs", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "by-hand:1"}
        )
    full = [
        {"VariantName": f"v{number}", "ModelName": "theirs", **each}
        for number, each in enumerate(variants or (PLAIN,))
    ]
    scene.account.sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=full, **more
    )


def make_anew(scene: Scene, *variants: Json) -> None:
    scene.account.sagemaker.delete_endpoint_config(EndpointConfigName=THEIRS)
    make(scene, *variants)


def limit(scene: Scene, **limits: object) -> None:
    settings = environment(limits={**LIMITS, **limits}, ledger_id="0123456789ab")
    scene.push({"environments/dev/environment.json": settings})


def tags(**said: str) -> list[Json]:
    return [{"Key": f"leasehold:{key}", "Value": value} for key, value in said.items()]


class TestTheLimits:
    @pytest.mark.parametrize(
        ("variants", "more", "said"),
        [
            ([PLAIN | {"InstanceType": "ml.p4d.24xlarge"}], {}, "ml.p4d.24xlarge in variant v0"),
            ([PLAIN, PLAIN | {"InstanceType": "ml.m5.large"}], {}, "ml.m5.large in variant v1"),
            (
                [
                    {
                        "InitialInstanceCount": 1,
                        "InstancePools": [
                            {"InstanceType": "ml.g5.xlarge", "Priority": 1},
                            {"InstanceType": "ml.p4d.24xlarge", "Priority": 2},
                        ],
                    }
                ],
                {},
                "ml.p4d.24xlarge in variant v0",
            ),
            (
                [PLAIN],
                {
                    "ShadowProductionVariants": [
                        {
                            "VariantName": "shadow",
                            "ModelName": "theirs",
                            "InstanceType": "ml.p4d.24xlarge",
                            "InitialInstanceCount": 1,
                        }
                    ]
                },
                "ml.p4d.24xlarge in variant shadow",
            ),
            (
                [{"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}],
                {},
                "serverless in variant v0",
            ),
            ([PLAIN | {"InitialInstanceCount": 3}], {}, "asks for 3 instances"),
            ([PLAIN, PLAIN | {"InitialInstanceCount": 2}], {}, "asks for 3 instances"),
            (
                [
                    PLAIN
                    | {
                        "ManagedInstanceScaling": {
                            "Status": "ENABLED",
                            "MinInstanceCount": 1,
                            "MaxInstanceCount": 8,
                        }
                    }
                ],
                {},
                "asks for 8 instances",
            ),
            ([PLAIN], {"Tags": tags(environment="prod")}, "leasehold:environment is prod"),
            (
                [PLAIN],
                {"Tags": tags(environment="dev", ledger="ba9876543210")},
                "leasehold:ledger is ba9876543210",
            ),
        ],
    )
    def test_keep_a_config_from_being_used(
        self, scene: Scene, variants: list[Json], more: Json, said: str
    ) -> None:
        limit(scene)
        make(scene, *variants, **more)
        scene.define("A", 600, endpoint_config_name=THEIRS)
        for _ in range(2):
            tick = scene.tick()
            assert told(tick, A).startswith(f"report: its endpoint config {THEIRS} ")
            assert said in told(tick, A)
            assert tick.outcomes == ()
        assert scene.account.status(A) == "absent"

    @pytest.mark.parametrize(
        "ours", [{}, {"environment": "dev", "ledger": "0123456789ab", "name": "B"}]
    )
    def test_let_one_be_used_that_keeps_to_them(self, scene: Scene, ours: dict[str, str]) -> None:
        limit(scene)
        make(scene, PLAIN | {"InitialInstanceCount": 2}, Tags=tags(**ours))
        scene.start("A", 600, endpoint_config_name=THEIRS)

    def test_let_a_serverless_one_be_used_where_they_say_so(self, scene: Scene) -> None:
        limit(scene, allowed_instance_types=["serverless"])
        make(scene, {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}})
        scene.start("A", 600, endpoint_config_name=THEIRS)

    def test_hold_for_an_update_too(self, scene: Scene) -> None:
        limit(scene)
        scene.start("A", 600)
        make(scene, PLAIN | {"InstanceType": "ml.p4d.24xlarge"})
        scene.push({path("A"): definition("A", endpoint_config_name=THEIRS)})
        assert told(scene.tick(), A).startswith(f"report: its endpoint config {THEIRS} has ml.p4d")
        assert scene.account.config(A) != THEIRS

    def test_that_are_raised_let_it_be_used_at_once(self, scene: Scene) -> None:
        limit(scene)
        make(scene, PLAIN | {"InitialInstanceCount": 3})
        scene.define("A", 600, endpoint_config_name=THEIRS)
        scene.tick()
        limit(scene, max_instances=3)
        assert outcome(scene.tick(), A).state is State.DONE

    def test_report_what_serves_already_and_do_not_stop_it(self, scene: Scene) -> None:
        make(scene, PLAIN | {"InstanceType": "ml.p4d.24xlarge"})
        scene.account.sagemaker.create_endpoint(EndpointName=A, EndpointConfigName=THEIRS)
        scene.account.offer(A)
        scene.let_pass(seconds=SETTLE)
        limit(scene)
        scene.define("A", 60, endpoint_config_name=THEIRS, adopt=True)
        assert told(scene.tick(), A).startswith("adopt")
        for _ in range(2):
            assert "it serves on until its lease ends" in told(scene.tick(), A)
        assert scene.account.status(A) == "InService"
        scene.let_pass(minutes=60)
        assert told(scene.tick(), A).startswith("delete")

    @pytest.mark.parametrize("operation", ["DescribeEndpointConfig", "ListTags"])
    def test_are_not_known_to_hold_for_what_cannot_be_read(
        self, scene: Scene, operation: str
    ) -> None:
        scene.tick()
        make(scene)
        scene.define("A", 600, endpoint_config_name=THEIRS)
        scene.account.order_fault("denied", operation=operation)
        tick = scene.tick()
        assert told(tick, A).startswith(
            f"report: its endpoint config {THEIRS} could not be read (LH3006: "
        )
        assert outcome(scene.tick(), A).state is State.DONE

    def test_hold_for_what_is_made_anew_in_the_last_moment(self, scene: Scene) -> None:
        """Off and on again, an hour later, on a config that is another one by then."""
        limit(scene)
        make(scene)
        scene.start("A", 10, endpoint_config_name=THEIRS)
        scene.tick()
        scene.let_pass(minutes=60)
        scene.tick()
        scene.let_pass(minutes=1)
        make_anew(scene, PLAIN | {"InstanceType": "ml.p4d.24xlarge"})
        scene.lease("A", 60)
        assert "has ml.p4d.24xlarge" in told(scene.tick(), A)


class TestAConfigUnderAnEndpoint:
    def serve(self, scene: Scene) -> None:
        make(scene)
        scene.start("A", 600, endpoint_config_name=THEIRS)
        assert told(scene.tick(), A).split(":")[0] in {"keep", "credit"}
        scene.let_pass(minutes=1)

    def test_that_is_made_anew_is_reported(self, scene: Scene) -> None:
        self.serve(scene)
        make_anew(scene, PLAIN | {"InstanceType": "ml.g5.12xlarge", "InitialInstanceCount": 2})
        for _ in range(2):
            tick = scene.tick()
            assert told(tick, A).startswith(
                f"report: its endpoint config {THEIRS} was made anew at 2026-11-23T12:02:30Z: it"
                " serves on"
            )
            assert tick.outcomes == ()
            scene.let_pass(minutes=1)
        assert scene.account.status(A) == "InService"

    def test_that_is_deleted_is_reported(self, scene: Scene) -> None:
        self.serve(scene)
        scene.account.sagemaker.delete_endpoint_config(EndpointConfigName=THEIRS)
        assert "is not in SageMaker any more" in told(scene.tick(), A)
        assert scene.account.status(A) == "InService"

    def test_is_known_to_a_controller_that_starts_anew_after_the_endpoint_moved(
        self, scene: Scene
    ) -> None:
        self.serve(scene)
        make_anew(scene)
        scene.let_pass(minutes=1)
        scene.account.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=A, DesiredWeightsAndCapacities=[{"VariantName": "v0", "DesiredWeight": 2}]
        )
        scene.let_pass(seconds=SETTLE)
        scene.restart()
        assert "was made anew" in told(scene.tick(), A)

    def test_that_is_made_anew_while_it_starts_is_reported(self, scene: Scene) -> None:
        make(scene)
        scene.define("A", 600, endpoint_config_name=THEIRS)
        scene.tick()
        scene.let_pass(seconds=5)
        make_anew(scene)
        scene.let_pass(seconds=SETTLE)
        assert "was made anew" in told(scene.tick(), A)

    def test_ends_with_its_lease_and_is_the_new_one_after_the_next_start(
        self, scene: Scene
    ) -> None:
        self.serve(scene)
        make_anew(scene)
        assert "was made anew" in told(scene.tick(), A)
        scene.lease("A", -1)
        assert told(scene.tick(), A).startswith("delete")
        scene.let_pass(seconds=SETTLE)
        scene.lease("A", 600)
        assert told(scene.tick(), A).startswith("create")
        scene.let_pass(seconds=SETTLE)
        for _ in range(3):
            assert told(scene.tick(), A).split(":")[0] in {"keep", "credit"}
            scene.let_pass(minutes=1)

    def test_that_somebody_updates_it_to_is_the_one_it_serves(self, scene: Scene) -> None:
        """By hand, to a new config of the same name: the endpoint has what is there."""
        self.serve(scene)
        make(scene, name="other")
        scene.account.sagemaker.update_endpoint(EndpointName=A, EndpointConfigName="other")
        scene.let_pass(seconds=SETTLE)
        make_anew(scene)
        scene.let_pass(minutes=1)
        scene.account.sagemaker.update_endpoint(EndpointName=A, EndpointConfigName=THEIRS)
        assert told(scene.tick(), A).startswith("wait")
        scene.let_pass(seconds=SETTLE)
        for _ in range(2):
            assert told(scene.tick(), A).startswith("keep")

    def test_that_was_there_before_the_record_is_no_news(self, scene: Scene) -> None:
        """An endpoint that was adopted, and has been updated to a config younger than itself."""
        make(scene, name="first")
        scene.account.sagemaker.create_endpoint(EndpointName=A, EndpointConfigName="first")
        scene.account.offer(A)
        scene.let_pass(seconds=SETTLE)
        make(scene)
        scene.account.sagemaker.update_endpoint(EndpointName=A, EndpointConfigName=THEIRS)
        scene.let_pass(seconds=SETTLE)
        scene.define("A", 600, endpoint_config_name=THEIRS, adopt=True)
        scene.tick()
        assert told(scene.tick(), A).startswith("keep")

    def test_that_cannot_be_read_is_a_trouble_and_the_endpoint_goes_on(self, scene: Scene) -> None:
        self.serve(scene)
        scene.account.order_fault("denied", operation="DescribeEndpointConfig")
        tick = scene.tick()
        assert told(tick, A).startswith("keep")
        assert any(trouble.startswith("LH3006") for trouble in tick.troubles)


class TestAQuietTick:
    def test_looks_at_four_configs_and_at_all_in_turn(self, scene: Scene) -> None:
        names = [f"A{number}" for number in range(6)]
        for name in names:
            make(scene, name=f"theirs-{name}")
        for name in names:
            scene.define(name, 600, endpoint_config_name=f"theirs-{name}")
        scene.tick()
        scene.let_pass(seconds=SETTLE)
        for _ in range(4):
            scene.tick()
            scene.let_pass(minutes=1)
        scene.account.calls()
        for name in names:
            scene.account.sagemaker.delete_endpoint_config(EndpointConfigName=f"theirs-{name}")
        reported = 0
        for _ in range(2):
            scene.account.calls()
            tick = scene.tick()
            calls = scene.account.calls()
            assert calls.pop("DescribeEndpointConfig") == 4
            assert calls == {"ListEndpoints": 1, "GetResources": 1}
            before, reported = reported, sum(a.verb == "report" for a in tick.plan.actions)
            assert reported > before
            scene.let_pass(minutes=1)
        assert reported == len(names)

    def test_looks_a_few_times_only_at_what_may_not_be_used(self, scene: Scene) -> None:
        limit(scene)
        make(scene, PLAIN | {"InstanceType": "ml.p4d.24xlarge"})
        for number in range(6):
            scene.define(f"A{number}", 600, endpoint_config_name=THEIRS)
        scene.tick()
        for _ in range(3):
            scene.let_pass(minutes=1)
            scene.account.calls()
            scene.tick()
            assert scene.account.calls()["DescribeEndpointConfig"] <= 4


class TestAConfigOfOurName:
    def test_that_was_deleted_under_an_endpoint_keeps_it_from_being_updated(
        self, scene: Scene
    ) -> None:
        scene.start("A", 60)
        scene.tick()
        scene.account.sagemaker.delete_endpoint_config(EndpointConfigName=scene.account.config(A))
        scene.define("A", 60, model={"image": "registry/m:2"})
        refused = outcome(scene.tick(), A)
        assert (refused.state, refused.code) == (State.REFUSED, "LH3026")
        assert "the endpoint config that it runs on was deleted" in refused.detail
        scene.lease("A", -1)
        scene.tick()
        scene.let_pass(seconds=SETTLE)
        scene.lease("A", 60)
        assert outcome(scene.tick(), A).state is State.DONE

    def test_with_other_content_is_not_used(self, scene: Scene) -> None:
        """Somebody deleted and remade it while the endpoint was off: on dearer instances."""
        scene.start("A", 60)
        config = scene.account.config(A)
        scene.tick()
        scene.lease("A", -1)
        scene.tick()
        scene.let_pass(seconds=SETTLE)
        [variant] = scene.account.sagemaker.describe_endpoint_config(EndpointConfigName=config)[
            "ProductionVariants"
        ]
        scene.account.sagemaker.delete_endpoint_config(EndpointConfigName=config)
        foreign = variant | {"InstanceType": "ml.p4d.24xlarge"}
        scene.account.sagemaker.create_endpoint_config(
            EndpointConfigName=config, ProductionVariants=[foreign]
        )
        scene.lease("A", 60)
        refused = outcome(scene.tick(), A)
        assert (refused.state, refused.code) == (State.REFUSED, "LH3024")
        assert "InstanceType is ['ml.p4d.24xlarge'], not ['ml.g5.xlarge']" in refused.detail
        assert scene.account.status(A) == "absent"

        scene.account.sagemaker.delete_endpoint_config(EndpointConfigName=config)
        scene.let_pass(minutes=11)
        assert outcome(scene.tick(), A).state is State.DONE
