"""What AWS's errors mean, as a `Failure` with a sentence: no other module sees an error of boto3's.

SageMaker answers nearly everything with `ValidationException`, so the code and the first words of
the message are matched together (the words are AWS's own). Words that are not known are a failure,
and never taken for "it is not there".
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from ledger.errors import Failure, Refused, Unavailable, Wait


class Absent(Failure):
    """What was asked for is not there."""


class AlreadyThere(Failure):
    """What was to be made is there already."""


_Meaning = tuple[Callable[[str, str], Failure], str, str]  # a failure, its code, its sentence
_CODES: Mapping[str, _Meaning] = {
    **dict.fromkeys(
        ("ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"),
        (Unavailable, "LH3001", "AWS is throttling. {said} The next tick tries again."),
    ),
    **dict.fromkeys(
        ("ResourceLimitExceeded", "LimitExceededException", "LimitExceeded"),
        (
            Refused,
            "LH3002",
            "A quota is used up. {said} Ask AWS for more, or stop another endpoint.",
        ),
    ),
    **dict.fromkeys(
        (
            "AccessDeniedException",
            "AccessDenied",
            "UnrecognizedClientException",
            "ExpiredTokenException",
        ),
        (Refused, "LH3006", "AWS does not allow it. {said} Give Leasehold's role this permission."),
    ),
    **dict.fromkeys(
        (
            "ObjectNotFoundException",
            "ParameterNotFound",
            "ResourceNotFoundException",
            "ResourceNotFound",
            "NotFound",
            "NotFoundException",
        ),
        (Absent, "LH3004", "It is not there. {said}"),
    ),
    "ConcurrentUpdateException": (
        Wait,
        "LH3023",
        "Another change is in progress. {said} The next tick tries again.",
    ),
}
_NOT_THERE: _Meaning = (Absent, "LH3004", "It is not there. {said}")
_NO_STACK = "does not exist"  # CloudFormation's last words of a stack that it does not know
_ABSENT: _Meaning = (Absent, "LH3004", "It is not in SageMaker. {said}")
# How a ValidationException of SageMaker's begins, and what it means then.
_PREFIXES: Mapping[str, _Meaning] = {
    "Could not find endpoint": _ABSENT,  # or its configuration
    'Could not find model "': _ABSENT,  # but not: model data
    "Cannot update in-progress endpoint": (
        Wait,
        "LH3003",
        "SageMaker is still at work on it. {said} The next tick tries again.",
    ),
    "Cannot delete endpoint with inference component": (
        Refused,
        "LH3035",
        "Inference components are on it. {said} Delete them, and it ends at the next tick.",
    ),
    "Cannot create already existing": (
        AlreadyThere,
        "LH3005",
        "It is in SageMaker already. {said} The next tick looks again.",
    ),
}
# What makes or changes an endpoint, its tags or its scaling: refused as invalid once, the same
# request is so again.
_ASKS = frozenset(
    {
        "CreateModel",
        "CreateEndpointConfig",
        "CreateEndpoint",
        "UpdateEndpoint",
        "UpdateEndpointWeightsAndCapacities",
        "AddTags",
        "DeleteTags",
        "RegisterScalableTarget",
        "PutScalingPolicy",
    }
)
_INVALID: _Meaning = (
    Refused,
    "LH3028",
    "AWS refuses the request as it is. {said} Change the definition, or what it names.",
)


@contextmanager
def aws_errors() -> Iterator[None]:
    """Turn what boto3 raises into a `Failure` with a sentence."""
    try:
        yield
    except ClientError as error:
        raise _translated(error.response.get("Error", {}), error.operation_name) from error
    except ParamValidationError as error:
        said = " ".join(str(error).split())
        raise Refused(
            "LH3029", f"AWS takes no such request: {said}. Change what the definition says."
        ) from error
    except BotoCoreError as error:
        raise Unavailable(
            "LH3001",
            f"AWS could not be reached: {str(error).rstrip('.')}. Look at the network and the"
            " region, and try again.",
        ) from error


def _translated(error: Any, operation: str) -> Failure:  # noqa: ANN401  (boto3's own shape)
    code, message = str(error.get("Code", "")), str(error.get("Message", ""))
    said = f"{operation}: {message.rstrip('.')} ({code})."
    meaning = _CODES.get(code)
    if code == "ValidationError" and message.endswith(_NO_STACK):
        meaning = _NOT_THERE
    if code == "ValidationException":
        meaning = next(
            (known for words, known in _PREFIXES.items() if message.startswith(words)), None
        )
        meaning = meaning or (_INVALID if operation in _ASKS else None)
    if meaning is None:
        return Unavailable("LH3007", f"AWS refused. {said}")
    failure, own_code, sentence = meaning
    return failure(own_code, sentence.format(said=said))
