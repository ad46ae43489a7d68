"""SageMaker refuses with its own codes and first words: that is what clients tell refusals by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import botocore.session
import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Cloud, Refused

ARN = "arn:aws:sagemaker:eu-west-1:123456789012"
IN_PROGRESS = f'ValidationException: Cannot update in-progress endpoint "{ARN}:endpoint/falcon"'


def _update(cloud: Cloud, config: str) -> tuple[Any, dict[str, Any]]:
    return cloud.sagemaker.update_endpoint, {"EndpointName": "Falcon", "EndpointConfigName": config}


def _put_into(cloud: Cloud, status: str) -> None:
    """An endpoint that got into its status by the calls that lead there."""
    match status:
        case "Creating":
            cloud.create("Falcon", "blue")
        case "Deleting":
            cloud.serve("Falcon", "blue")
            cloud.sagemaker.delete_endpoint(EndpointName="Falcon")
        case "Updating":
            cloud.serve("Falcon", "blue")
            cloud.sagemaker.update_endpoint(EndpointName="Falcon", EndpointConfigName="blue")
        case _:
            cloud.serve("Falcon", "blue")
            cloud.force("Falcon", status)
    assert cloud.status("Falcon") == status


@pytest.mark.parametrize(
    "status", ["Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"]
)
def test_update_rescale_and_delete_are_refused_while_in_progress(
    cloud: Cloud, refused: Refused, status: str
) -> None:
    cloud.configure("blue")
    _put_into(cloud, status)
    call, params = _update(cloud, "blue")
    assert refused(call, **params).startswith(IN_PROGRESS)
    assert refused(cloud.sagemaker.delete_endpoint, EndpointName="Falcon").startswith(IN_PROGRESS)
    assert refused(
        cloud.sagemaker.update_endpoint_weights_and_capacities,
        EndpointName="Falcon",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredWeight": 1}],
    ).startswith(IN_PROGRESS)


def test_only_delete_is_allowed_on_a_failed_endpoint(cloud: Cloud, refused: Refused) -> None:
    cloud.serve("Falcon", cloud.configure("blue"))
    cloud.force("Falcon", "Failed", reason="broken")
    call, params = _update(cloud, "blue")
    answer = refused(call, **params)
    assert answer.startswith("ValidationException: Cannot update")
    assert "DeleteEndpoint is the only operation" in answer
    cloud.sagemaker.delete_endpoint(EndpointName="Falcon")


@pytest.mark.parametrize("status", ["InService", "Creating", "Failed", "Deleting"])
def test_create_is_refused_while_the_name_is_taken_in_any_status(
    cloud: Cloud, refused: Refused, status: str
) -> None:
    cloud.configure("blue")
    _put_into(cloud, status)
    answer = refused(
        cloud.sagemaker.create_endpoint, EndpointName="Falcon", EndpointConfigName="blue"
    )
    assert answer.startswith(
        f'ValidationException: Cannot create already existing endpoint "{ARN}:endpoint/falcon"'
    )


def test_create_is_refused_when_the_name_differs_by_case_only(
    cloud: Cloud, refused: Refused
) -> None:
    cloud.create("Falcon", cloud.configure("blue"))
    answer = refused(
        cloud.sagemaker.create_endpoint, EndpointName="FALCON", EndpointConfigName="blue"
    )
    assert "Cannot create already existing endpoint" in answer
    assert cloud.describe("fAlCoN")["EndpointName"] == "Falcon"


def test_an_absent_endpoint_is_a_validation_exception_for_every_operation(
    cloud: Cloud, refused: Refused
) -> None:
    cloud.configure("blue")
    expected = f'ValidationException: Could not find endpoint "{ARN}:endpoint/falcon"'
    call, params = _update(cloud, "blue")
    assert refused(call, **params).startswith(expected)
    for operation in (cloud.sagemaker.describe_endpoint, cloud.sagemaker.delete_endpoint):
        assert refused(operation, EndpointName="Falcon").startswith(expected)


def test_create_needs_a_config_that_exists(cloud: Cloud, refused: Refused) -> None:
    answer = refused(
        cloud.sagemaker.create_endpoint, EndpointName="Falcon", EndpointConfigName="none"
    )
    expected = f'Could not find endpoint configuration "{ARN}:endpoint-config/none"'
    assert answer.startswith(f"ValidationException: {expected}")


def test_a_config_just_made_may_not_be_visible_yet(cloud: Cloud, refused: Refused) -> None:
    config = cloud.configure("blue")
    cloud.order_fault("stale-config")
    params = {"EndpointName": "Falcon", "EndpointConfigName": config}
    answer = refused(cloud.sagemaker.create_endpoint, **params)
    assert "Could not find endpoint configuration" in answer
    cloud.sagemaker.create_endpoint(**params)
    assert cloud.status("Falcon") == "Creating"


def test_an_update_needs_the_old_config_too(cloud: Cloud, refused: Refused) -> None:
    cloud.serve("Falcon", cloud.configure("blue"))
    cloud.sagemaker.delete_endpoint_config(EndpointConfigName="blue")
    call, params = _update(cloud, cloud.configure("green"))
    answer = refused(call, **params)
    assert f'Could not find endpoint configuration "{ARN}:endpoint-config/blue"' in answer
    assert cloud.status("Falcon") == "InService"


def test_a_config_needs_a_model_that_exists(cloud: Cloud, refused: Refused) -> None:
    variant = {"VariantName": "A", "ModelName": "none", "InstanceType": "ml.m5.large"}
    answer = refused(
        cloud.sagemaker.create_endpoint_config,
        EndpointConfigName="blue",
        ProductionVariants=[variant],
    )
    assert answer.startswith(f'ValidationException: Could not find model "{ARN}:model/none"')


def test_models_and_configs_cannot_be_overwritten(cloud: Cloud, refused: Refused) -> None:
    cloud.configure("blue")
    answer = refused(
        cloud.sagemaker.create_model, ModelName="Falcon", PrimaryContainer={"Image": "image:2"}
    )
    assert answer.startswith("ValidationException: Cannot create already existing model")
    variant = {"VariantName": "A", "ModelName": "Falcon", "InstanceType": "ml.m5.large"}
    answer = refused(
        cloud.sagemaker.create_endpoint_config,
        EndpointConfigName="blue",
        ProductionVariants=[variant],
    )
    expected = "ValidationException: Cannot create already existing endpoint configuration"
    assert answer.startswith(expected)


def test_a_create_beyond_the_quota_is_refused_with_limit_use_and_delta(
    cloud: Cloud, refused: Refused
) -> None:
    cloud.ask("POST", "/quotas", {"ml.g5.xlarge": 3})
    cloud.create("Falcon", cloud.configure("two", count=2))
    answer = refused(
        cloud.sagemaker.create_endpoint, EndpointName="Eagle", EndpointConfigName="two"
    )
    assert answer.startswith("ResourceLimitExceeded: The account-level service limit 'ml.g5.xlarge")
    assert "is 3 Instances, with current utilization of 2 Instances" in answer
    assert "a request delta of 2 Instances" in answer


def test_a_blue_green_update_needs_quota_for_both_fleets(cloud: Cloud, refused: Refused) -> None:
    cloud.ask("POST", "/quotas", {"ml.g5.xlarge": 1})
    cloud.serve("Falcon", cloud.configure("blue"))
    call, params = _update(cloud, cloud.configure("green"))
    assert refused(call, **params).startswith("ResourceLimitExceeded")
    cloud.ask("POST", "/quotas", {"ml.g5.xlarge": 2})
    call(**params)
    assert cloud.status("Falcon") == "Updating"


def _rescale(cloud: Cloud, name: str, count: int) -> dict[str, object]:
    wish = [{"VariantName": "AllTraffic", "DesiredInstanceCount": count}]
    return {"EndpointName": name, "DesiredWeightsAndCapacities": wish}


def test_a_change_of_capacity_needs_quota_for_what_it_adds(cloud: Cloud, refused: Refused) -> None:
    rescale = cloud.sagemaker.update_endpoint_weights_and_capacities
    cloud.ask("POST", "/quotas", {"ml.g5.xlarge": 2})
    cloud.serve("Falcon")
    answer = refused(rescale, **_rescale(cloud, "Falcon", 3))
    assert answer.startswith("ResourceLimitExceeded: The account-level service limit 'ml.g5.xlarge")
    assert "is 2 Instances, with current utilization of 1 Instances" in answer
    assert "a request delta of 2 Instances" in answer
    assert cloud.status("Falcon") == "InService"

    rescale(**_rescale(cloud, "Falcon", 2))
    cloud.configure("other")
    refused(cloud.sagemaker.create_endpoint, EndpointName="Eagle", EndpointConfigName="other")
    cloud.let_pass(60)
    cloud.ask("POST", "/quotas", {"ml.g5.xlarge": 1})
    rescale(**_rescale(cloud, "Falcon", 1))  # less never lacks a quota
    cloud.let_pass(60)
    assert cloud.describe("Falcon")["ProductionVariants"][0]["CurrentInstanceCount"] == 1


def test_a_change_of_capacity_moves_the_time_of_the_last_change(cloud: Cloud) -> None:
    cloud.serve("Falcon")
    times = [cloud.describe("Falcon")["LastModifiedTime"]]
    cloud.let_pass(5)
    cloud.sagemaker.update_endpoint_weights_and_capacities(**_rescale(cloud, "Falcon", 2))
    times.append(cloud.describe("Falcon")["LastModifiedTime"])
    cloud.let_pass(60)
    times.append(cloud.describe("Falcon")["LastModifiedTime"])
    assert times == sorted(set(times))


def test_a_failed_endpoint_uses_no_quota(cloud: Cloud) -> None:
    cloud.ask("POST", "/quotas", {"ml.g5.xlarge": 1})
    cloud.serve("Falcon", cloud.configure("blue"))
    cloud.force("Falcon", "Failed")
    cloud.create("Eagle", "blue")
    assert cloud.status("Eagle") == "Creating"


@pytest.mark.parametrize("name", ["-falcon", "fal_con", "falcon-", "f" * 64])
def test_a_malformed_name_is_refused(cloud: Cloud, refused: Refused, name: str) -> None:
    config = cloud.configure("blue")
    answer = refused(cloud.sagemaker.create_endpoint, EndpointName=name, EndpointConfigName=config)
    assert answer.startswith("ValidationException: ")
    assert f"Value '{name}' at 'endpointName' failed to satisfy constraint" in answer


def test_a_name_of_63_characters_is_accepted(cloud: Cloud) -> None:
    cloud.create("f" * 63, cloud.configure("blue"))
    assert cloud.status("f" * 63) == "Creating"


def test_every_instance_type_that_botocore_knows_is_accepted(cloud: Cloud) -> None:
    model = botocore.session.get_session().get_service_model("sagemaker")
    types = model.shape_for("ProductionVariantInstanceType").metadata["enum"]
    assert "ml.g6.xlarge" in types
    cloud.configure("first")
    for begin in range(0, len(types), 10):  # a config has ten variants at the most
        variants = [
            {"VariantName": f"v{number}", "ModelName": "Falcon", "InstanceType": instance_type}
            for number, instance_type in enumerate(types[begin : begin + 10])
        ]
        cloud.sagemaker.create_endpoint_config(
            EndpointConfigName=f"c{begin}", ProductionVariants=variants
        )


def test_an_unknown_instance_type_is_refused_with_the_known_ones(
    cloud: Cloud, refused: Refused
) -> None:
    cloud.configure("blue")
    variant = {"VariantName": "A", "ModelName": "Falcon", "InstanceType": "ml.nonsense"}
    answer = refused(
        cloud.sagemaker.create_endpoint_config,
        EndpointConfigName="green",
        ProductionVariants=[variant],
    )
    assert "at 'productionVariants.1.member.instanceType'" in answer
    assert "Member must satisfy enum value set: [" in answer
    assert "ml.g5.xlarge" in answer
