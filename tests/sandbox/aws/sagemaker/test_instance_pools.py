"""A variant with instance pools runs on the first type, by priority, that there is capacity of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Cloud, Refused

FIRST, SECOND = "ml.g5.xlarge", "ml.g6.xlarge"
POOLS = [{"InstanceType": SECOND, "Priority": 2}, {"InstanceType": FIRST, "Priority": 1}]


def _configure(cloud: Cloud, name: str = "pooled", **more: object) -> str:
    if not cloud.sagemaker.list_models()["Models"]:
        cloud.sagemaker.create_model(ModelName="Falcon", PrimaryContainer={"Image": "image:1"})
    variant = {"VariantName": "AllTraffic", "ModelName": "Falcon", "InitialInstanceCount": 1}
    cloud.sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[{**variant, "InstancePools": POOLS, **more}]
    )
    return name


def _started(cloud: Cloud) -> dict[str, Any]:
    cloud.create("Falcon", _configure(cloud))
    cloud.let_pass(60)
    return cloud.describe("Falcon")


def _used(described: dict[str, Any]) -> dict[str, int]:
    [variant] = described["ProductionVariants"]
    return {pool["InstanceType"]: pool["CurrentInstanceCount"] for pool in variant["InstancePools"]}


def test_the_pool_of_the_first_priority_is_used(cloud: Cloud) -> None:
    assert _used(_started(cloud)) == {FIRST: 1, SECOND: 0}


def test_the_next_pool_is_used_where_the_first_lacks_capacity(cloud: Cloud) -> None:
    cloud.order_fault("capacity", instance_type=FIRST)
    described = _started(cloud)
    assert described["EndpointStatus"] == "InService"
    assert _used(described) == {FIRST: 0, SECOND: 1}


def test_a_start_fails_when_every_pool_lacks_capacity(cloud: Cloud) -> None:
    for instance_type in (FIRST, SECOND):
        cloud.order_fault("capacity", instance_type=instance_type)
    described = _started(cloud)
    assert described["EndpointStatus"] == "Failed"
    assert "InsufficientInstanceCapacity" in described["FailureReason"]


def test_lack_of_capacity_in_general_spares_no_pool(cloud: Cloud) -> None:
    cloud.order_fault("capacity")
    assert _started(cloud)["EndpointStatus"] == "Failed"


def test_a_type_that_lacks_capacity_fails_what_has_no_pools_and_spares_other_types(
    cloud: Cloud,
) -> None:
    cloud.order_fault("capacity", instance_type=FIRST)
    cloud.create("Eagle", cloud.configure("eagle", SECOND))
    cloud.create("Hawk", cloud.configure("hawk", FIRST))
    cloud.let_pass(60)
    assert [cloud.status(name) for name in ("Eagle", "Hawk")] == ["InService", "Failed"]


def test_the_quota_counts_the_type_that_is_used(cloud: Cloud, refused: Refused) -> None:
    cloud.ask("POST", "/quotas", {FIRST: 0, SECOND: 1})
    config = _configure(cloud)
    create = cloud.sagemaker.create_endpoint
    answer = refused(create, EndpointName="Falcon", EndpointConfigName=config)
    assert answer.startswith(f"ResourceLimitExceeded: The account-level service limit '{FIRST}")
    cloud.order_fault("capacity", instance_type=FIRST, times=2)
    cloud.create("Falcon", config)
    answer = refused(create, EndpointName="Eagle", EndpointConfigName=config)
    assert answer.startswith(f"ResourceLimitExceeded: The account-level service limit '{SECOND}")


def test_an_update_finds_its_pool_anew(cloud: Cloud) -> None:
    _started(cloud)
    cloud.order_fault("capacity", instance_type=FIRST)
    cloud.sagemaker.update_endpoint(
        EndpointName="Falcon", EndpointConfigName=_configure(cloud, "again")
    )
    [pending] = cloud.describe("Falcon")["PendingDeploymentSummary"]["ProductionVariants"]
    assert [pool["CurrentInstanceCount"] for pool in pending["InstancePools"]] == [0, 0]
    cloud.let_pass(60)
    assert _used(cloud.describe("Falcon")) == {FIRST: 0, SECOND: 1}


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"InstanceType": FIRST}, "has InstanceType and InstancePools"),
        (
            {"InstancePools": [{**POOLS[0], "ModelNameOverride": "none"}]},
            "Could not find model",
        ),
        ({"InstancePools": [{**POOLS[0], "Priority": 6}]}, "less than or equal to 5"),
    ],
)
def test_pools_that_make_no_sense_are_refused(
    cloud: Cloud, refused: Refused, more: dict[str, Any], sentence: str
) -> None:
    assert sentence in refused(_configure, cloud=cloud, **more)
