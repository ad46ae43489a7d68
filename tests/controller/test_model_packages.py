"""A version of the account's own model registry, with variables, a network and a VPC.

Each story is told with a git server and the sandbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.planning.action import Verb
from controller.reconcile import State
from tests.scene import SETTLE, outcome, told

if TYPE_CHECKING:
    from tests.scene import Scene

PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/summarizer/3"
VPC = {"security_group_ids": ["sg-0123456789abcdef0"], "subnets": ["subnet-0123456789abcdef0"]}


def options(**variables: str) -> dict[str, Any]:
    return {
        "model_package_arn": PACKAGE,
        "model_package": {"environment": variables, "enable_network_isolation": False},
        "vpc_config": VPC,
    }


def model(scene: Scene, endpoint: str) -> dict[str, Any]:
    config = scene.account.config(endpoint)
    described = scene.account.sagemaker.describe_endpoint_config(EndpointConfigName=config)
    (variant,) = described["ProductionVariants"]
    found: dict[str, Any] = scene.account.sagemaker.describe_model(ModelName=variant["ModelName"])
    return found


def test_it_is_started_with_them(scene: Scene) -> None:
    endpoint = scene.start("Registry", 600, **options(MAX_INPUT_LENGTH="4096"))
    made = model(scene, endpoint)
    assert made["Containers"] == [
        {"ModelPackageName": PACKAGE, "Environment": {"MAX_INPUT_LENGTH": "4096"}}
    ]
    assert made["EnableNetworkIsolation"] is False
    assert made["VpcConfig"] == {
        "SecurityGroupIds": VPC["security_group_ids"],
        "Subnets": VPC["subnets"],
    }
    assert told(scene.tick(), endpoint).startswith("keep:")


def test_a_change_of_one_is_an_update(scene: Scene) -> None:
    endpoint = scene.start("Registry", 600, **options(A="1"))
    scene.define("Registry", **options(A="2"))
    done = outcome(scene.tick(), endpoint)
    assert (done.action.verb, done.state) == (Verb.UPDATE, State.DONE)
    scene.let_pass(seconds=SETTLE)
    assert model(scene, endpoint)["Containers"][0]["Environment"] == {"A": "2"}
    scene.define("Registry", **{**options(A="2"), "vpc_config": {**VPC, "subnets": ["subnet-1"]}})
    assert outcome(scene.tick(), endpoint).action.verb is Verb.UPDATE


def test_without_them_it_runs_as_before(scene: Scene) -> None:
    endpoint = scene.start("Registry", 600, model_package_arn=PACKAGE)
    made = model(scene, endpoint)
    assert made["Containers"] == [{"ModelPackageName": PACKAGE}]
    assert made["EnableNetworkIsolation"] is True
    assert "VpcConfig" not in made


def test_what_aws_would_refuse_of_them_is_not_tried(scene: Scene) -> None:
    endpoint = scene.define("Registry", 600, **options(**{"BAD-KEY": "1"}))
    tick = scene.tick()
    assert tick.outcomes == ()
    assert "/model_package/environment/BAD-KEY" in told(tick, endpoint)
