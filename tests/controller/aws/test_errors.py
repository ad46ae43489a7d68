"""What AWS's refusals mean, by code: the few that another service words for itself."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from controller.aws.errors import Absent, AlreadyThere, aws_errors
from ledger.errors import Failure, Refused, Unavailable, Wait


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        ('Could not find endpoint "arn:aws:sagemaker:…:endpoint/a".', Absent, "LH3004"),
        ('Could not find endpoint configuration "a-1".', Absent, "LH3004"),
        ('Could not find model "a-1".', Absent, "LH3004"),
        ('Cannot update in-progress endpoint "arn:…".', Wait, "LH3003"),
        ('Cannot create already existing endpoint "arn:…".', AlreadyThere, "LH3005"),
        # What is not known is a failure: read as absent, it would be made anew or forgotten.
        ("Could not find model data at s3://models/a.tar.gz.", Unavailable, "LH3007"),
        ("Could not find the execution role of the endpoint.", Unavailable, "LH3007"),
        ('Could not find variant "two" on endpoint "a".', Unavailable, "LH3007"),
        ("could not find endpoint", Unavailable, "LH3007"),
        ('The variant says: Could not find endpoint "a".', Unavailable, "LH3007"),
        ("Cannot update endpoint while it fails.", Unavailable, "LH3007"),
    ],
)
def test_a_refusal_by_sagemaker_means_what_its_first_words_say(
    said: str, kind: type[Failure], code: str
) -> None:
    answer = {"Error": {"Code": "ValidationException", "Message": said}}
    with pytest.raises(Failure) as caught, aws_errors():
        raise ClientError(answer, "DescribeEndpoint")  # type: ignore[arg-type]
    assert (type(caught.value), caught.value.code) == (kind, code)


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        ("ObjectNotFoundException", Absent, "LH3004"),
        ("ResourceNotFound", Absent, "LH3004"),
        ("LimitExceededException", Refused, "LH3002"),
        ("LimitExceeded", Refused, "LH3002"),
        ("ConcurrentUpdateException", Wait, "LH3023"),
        ("InternalServiceException", Unavailable, "LH3007"),
        ("ValidationException", Refused, "LH3028"),
    ],
)
def test_a_refusal_by_a_service_around_sagemaker(said: str, kind: type[Failure], code: str) -> None:
    answer = {"Error": {"Code": said, "Message": "No {target} of that name."}}
    with pytest.raises(Failure) as caught, aws_errors():
        raise ClientError(answer, "PutScalingPolicy")  # type: ignore[arg-type]
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert f"PutScalingPolicy: No {{target}} of that name ({said})." in caught.value.message


@pytest.mark.parametrize(
    "operation",
    [
        "CreateModel",
        "CreateEndpointConfig",
        "CreateEndpoint",
        "UpdateEndpoint",
        "UpdateEndpointWeightsAndCapacities",
    ],
)
def test_what_is_asked_of_an_endpoint_and_invalid_is_refused_for_good(operation: str) -> None:
    answer = {"Error": {"Code": "ValidationException", "Message": "No such role {x}."}}
    with pytest.raises(Refused) as caught, aws_errors():
        raise ClientError(answer, operation)  # type: ignore[arg-type]
    assert caught.value.code == "LH3028"
    assert f"{operation}: No such role {{x}} (ValidationException)." in caught.value.message


def test_what_is_known_to_pass_is_no_refusal_for_good() -> None:
    said = 'Cannot update in-progress endpoint "arn".'
    answer = {"Error": {"Code": "ValidationException", "Message": said}}
    with pytest.raises(Wait), aws_errors():
        raise ClientError(answer, "UpdateEndpoint")  # type: ignore[arg-type]


def test_a_request_that_boto3_does_not_send_is_refused_for_good() -> None:
    with pytest.raises(Refused) as caught, aws_errors():
        raise ParamValidationError(report="Invalid length\nfor parameter ModelName")
    assert caught.value.code == "LH3029"
    assert "Invalid length for parameter ModelName" in caught.value.message
