"""An endpoint lives as AWS documents it, on a clock that can be steered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Cloud, Refused

ARN = "arn:aws:sagemaker:eu-west-1:123456789012"


def test_an_endpoint_is_creating_until_its_start_up_is_over(cloud: Cloud) -> None:
    cloud.create("Falcon")
    assert cloud.status("Falcon") == "Creating"
    cloud.let_pass(50)
    assert cloud.status("Falcon") == "Creating"
    cloud.let_pass(10)
    assert cloud.status("Falcon") == "InService"


def test_last_modified_moves_with_every_change_of_status_and_creation_time_does_not(
    cloud: Cloud,
) -> None:
    cloud.create("Falcon")
    creating = cloud.describe("Falcon")
    cloud.let_pass(3600)
    in_service = cloud.describe("Falcon")
    assert in_service["CreationTime"] == creating["CreationTime"]
    took = in_service["LastModifiedTime"] - creating["LastModifiedTime"]
    assert took.total_seconds() == pytest.approx(60, abs=0.001)


def test_a_pending_deployment_shows_only_while_it_is_in_progress(cloud: Cloud) -> None:
    cloud.create("Falcon", cloud.configure("blue"))
    assert cloud.describe("Falcon")["PendingDeploymentSummary"]["EndpointConfigName"] == "blue"
    cloud.let_pass(60)
    described = cloud.describe("Falcon")
    assert "PendingDeploymentSummary" not in described
    assert described["ProductionVariants"][0]["CurrentInstanceCount"] == 1


def test_the_old_config_serves_until_an_update_is_done(cloud: Cloud) -> None:
    cloud.serve("Falcon", cloud.configure("blue"))
    green = cloud.configure("green")
    cloud.sagemaker.update_endpoint(EndpointName="Falcon", EndpointConfigName=green)
    updating = cloud.describe("Falcon")
    assert (updating["EndpointStatus"], updating["EndpointConfigName"]) == ("Updating", "blue")
    assert updating["PendingDeploymentSummary"]["EndpointConfigName"] == "green"
    cloud.let_pass(60)
    updated = cloud.describe("Falcon")
    assert (updated["EndpointStatus"], updated["EndpointConfigName"]) == ("InService", "green")


def test_a_failed_update_returns_to_service_on_the_old_config_with_a_reason(cloud: Cloud) -> None:
    cloud.serve("Falcon", cloud.configure("blue"))
    cloud.order_fault("crash", endpoint="Falcon")
    green = cloud.configure("green")
    cloud.sagemaker.update_endpoint(EndpointName="Falcon", EndpointConfigName=green)
    cloud.let_pass(60)
    failed = cloud.describe("Falcon")
    assert (failed["EndpointStatus"], failed["EndpointConfigName"]) == ("InService", "blue")
    assert "did not pass the ping health check" in failed["FailureReason"]

    cloud.sagemaker.update_endpoint(EndpointName="Falcon", EndpointConfigName=green)
    cloud.let_pass(60)
    updated = cloud.describe("Falcon")
    assert updated["EndpointConfigName"] == "green"
    assert "FailureReason" not in updated


def test_why_an_update_failed_is_told_until_the_next_update_begins(cloud: Cloud) -> None:
    cloud.serve("Falcon", cloud.configure("blue"))
    cloud.order_fault("crash", endpoint="Falcon")
    green = cloud.configure("green")
    cloud.sagemaker.update_endpoint(EndpointName="Falcon", EndpointConfigName=green)
    assert "FailureReason" not in cloud.describe("Falcon")
    cloud.let_pass(60)
    told = cloud.describe("Falcon")["FailureReason"]

    scale = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 2}]
    cloud.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="Falcon", DesiredWeightsAndCapacities=scale
    )
    reasons = [cloud.describe("Falcon")["FailureReason"]]
    cloud.let_pass(60)
    cloud.force("Falcon", "SystemUpdating", seconds=30)
    reasons.append(cloud.describe("Falcon")["FailureReason"])
    cloud.let_pass(86_400)
    reasons.append(cloud.describe("Falcon")["FailureReason"])
    assert reasons == [told] * 3

    cloud.sagemaker.update_endpoint(EndpointName="Falcon", EndpointConfigName=green)
    assert "FailureReason" not in cloud.describe("Falcon")


def test_a_rescaling_shows_what_there_is_and_what_is_desired(cloud: Cloud) -> None:
    cloud.serve("Falcon")
    scale = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}]
    cloud.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="Falcon", DesiredWeightsAndCapacities=scale
    )
    counts = []
    for _ in range(2):
        [variant] = cloud.describe("Falcon")["ProductionVariants"]
        counts.append((variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]))
        cloud.let_pass(60)
    assert counts == [(1, 3), (3, 3)]


def test_an_update_resets_scaled_counts_unless_they_are_retained(cloud: Cloud) -> None:
    cloud.serve("Falcon", cloud.configure("blue"))
    scale = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}]
    cloud.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="Falcon", DesiredWeightsAndCapacities=scale
    )
    assert cloud.status("Falcon") == "Updating"
    cloud.let_pass(60)
    counts = []
    for config, retain in (("green", True), ("white", False)):
        cloud.sagemaker.update_endpoint(
            EndpointName="Falcon",
            EndpointConfigName=cloud.configure(config),
            RetainAllVariantProperties=retain,
        )
        cloud.let_pass(60)
        [variant] = cloud.describe("Falcon")["ProductionVariants"]
        counts.append(variant["CurrentInstanceCount"])
    assert counts == [3, 1]


def test_failed_scaling_rolls_back_and_then_serves_as_before(cloud: Cloud) -> None:
    cloud.serve("Falcon")
    cloud.order_fault("capacity", operation="UpdateEndpointWeightsAndCapacities")
    cloud.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="Falcon",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 9}],
    )
    seen = []
    for _ in range(3):
        seen.append(cloud.status("Falcon"))
        cloud.let_pass(60)
    assert seen == ["Updating", "RollingBack", "InService"]
    assert cloud.describe("Falcon")["ProductionVariants"][0]["CurrentInstanceCount"] == 1


def test_capacity_is_missing_after_the_call_not_in_it(cloud: Cloud) -> None:
    cloud.order_fault("capacity")
    cloud.create("Falcon")
    cloud.let_pass(60)
    failed = cloud.describe("Falcon")
    assert failed["EndpointStatus"] == "Failed"
    assert failed["FailureReason"].startswith(
        "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity"
    )


def test_a_slow_start_takes_as_long_as_the_fault_says(cloud: Cloud) -> None:
    cloud.order_fault("slow-start", endpoint="Falcon", seconds=600)
    cloud.create("Falcon")
    cloud.let_pass(590)
    assert cloud.status("Falcon") == "Creating"
    cloud.let_pass(10)
    assert cloud.status("Falcon") == "InService"


def test_a_deleted_endpoint_is_deleting_for_a_moment_and_then_absent(
    cloud: Cloud, refused: Refused
) -> None:
    cloud.serve("Falcon")
    cloud.sagemaker.delete_endpoint(EndpointName="Falcon")
    assert cloud.status("Falcon") == "Deleting"
    cloud.let_pass(1)
    assert refused(cloud.sagemaker.describe_endpoint, EndpointName="Falcon").startswith(
        f'ValidationException: Could not find endpoint "{ARN}:endpoint/falcon"'
    )
    assert cloud.sagemaker.list_endpoints()["Endpoints"] == []


def test_deleting_an_endpoint_leaves_its_config_and_its_model(cloud: Cloud) -> None:
    cloud.serve("Falcon", cloud.configure("blue"))
    cloud.sagemaker.delete_endpoint(EndpointName="Falcon")
    cloud.let_pass(1)
    assert cloud.sagemaker.describe_endpoint_config(EndpointConfigName="blue")
    assert cloud.sagemaker.describe_model(ModelName="Falcon")


def test_a_name_is_free_again_once_its_endpoint_is_gone_and_so_are_its_tags(cloud: Cloud) -> None:
    cloud.create("Falcon", Tags=[{"Key": "lease", "Value": "none"}])
    cloud.let_pass(60)
    cloud.sagemaker.delete_endpoint(EndpointName="Falcon")
    cloud.let_pass(1)
    cloud.create("Falcon", "Falcon-config")
    arn = cloud.describe("Falcon")["EndpointArn"]
    assert cloud.sagemaker.list_tags(ResourceArn=arn)["Tags"] == []


def test_the_waiters_of_boto3_see_an_endpoint_come_and_go(cloud: Cloud) -> None:
    cloud.serve("Falcon")
    cloud.sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="Falcon")
    cloud.sagemaker.delete_endpoint(EndpointName="Falcon")
    cloud.let_pass(1)
    cloud.sagemaker.get_waiter("endpoint_deleted").wait(EndpointName="Falcon")


def test_system_maintenance_ends_by_itself_when_it_was_given_a_time(cloud: Cloud) -> None:
    cloud.serve("Falcon")
    cloud.force("Falcon", "SystemUpdating", seconds=30)
    assert cloud.status("Falcon") == "SystemUpdating"
    cloud.let_pass(30)
    assert cloud.status("Falcon") == "InService"


def test_a_forced_update_shows_a_pending_deployment_while_it_lasts(cloud: Cloud) -> None:
    cloud.serve("Falcon", cloud.configure("blue"))
    cloud.force("Falcon", "Updating", seconds=30)
    pending = cloud.describe("Falcon")["PendingDeploymentSummary"]
    assert pending["EndpointConfigName"] == "blue"
    cloud.let_pass(30)
    assert "PendingDeploymentSummary" not in cloud.describe("Falcon")


@pytest.mark.parametrize("status", ["OutOfService", "UpdateRollbackFailed", "Failed"])
def test_a_forced_status_stays_and_its_endpoint_can_be_deleted(cloud: Cloud, status: str) -> None:
    cloud.serve("Falcon")
    cloud.force("Falcon", status, reason="on demand")
    cloud.let_pass(3600)
    described = cloud.describe("Falcon")
    assert (described["EndpointStatus"], described["FailureReason"]) == (status, "on demand")
    cloud.sagemaker.delete_endpoint(EndpointName="Falcon")
    assert cloud.status("Falcon") == "Deleting"


def test_an_endpoint_keeps_serving_when_its_config_was_deleted(cloud: Cloud) -> None:
    cloud.serve("Falcon", cloud.configure("blue"))
    cloud.sagemaker.delete_endpoint_config(EndpointConfigName="blue")
    described = cloud.describe("Falcon")
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", "blue")
