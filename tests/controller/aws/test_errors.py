"""What AWS's refusals mean, by code: the few that another service words for itself."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from controller.aws.errors import Absent, aws_errors
from ledger.errors import Failure, Refused, Unavailable, Wait


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        ("ObjectNotFoundException", Absent, "LH3004"),
        ("ResourceNotFound", Absent, "LH3004"),
        ("LimitExceededException", Refused, "LH3002"),
        ("LimitExceeded", Refused, "LH3002"),
        ("ConcurrentUpdateException", Wait, "LH3023"),
        ("InternalServiceException", Unavailable, "LH3007"),
        ("ValidationException", Unavailable, "LH3007"),
    ],
)
def test_a_refusal_by_a_service_around_sagemaker(said: str, kind: type[Failure], code: str) -> None:
    answer = {"Error": {"Code": said, "Message": "No {target} of that name."}}
    with pytest.raises(Failure) as caught, aws_errors():
        raise ClientError(answer, "PutScalingPolicy")  # type: ignore[arg-type]
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert f"PutScalingPolicy: No {{target}} of that name ({said})." in caught.value.message
