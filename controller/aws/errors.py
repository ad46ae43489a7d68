"""AWS's refusals in Leasehold's terms; foreign errors end at this seam.

Called by the adapters. SageMaker answers nearly everything with `ValidationException`, so code and
message prefix are matched together (the texts are AWS's own). A text that is not known is a
failure, and never read as "absent".
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ledger.errors import Failure, Refused, Unavailable, Wait


class Absent(Failure):
    """What was asked for is not there: the one refusal that means so."""


class AlreadyThere(Failure):
    """What should be made is there already."""


_CODES: Mapping[str, tuple[Callable[[str, str], Failure], str, str]] = {
    **dict.fromkeys(
        ("ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"),
        (Unavailable, "LH3001", "AWS is throttling. {said} The next tick tries again."),
    ),
    **dict.fromkeys(
        ("ResourceLimitExceeded", "LimitExceededException", "LimitExceeded"),
        (Refused, "LH3002", "A quota is used up. {said} Ask AWS to raise it, or stop another."),
    ),
    **dict.fromkeys(
        (
            "AccessDeniedException",
            "AccessDenied",
            "UnrecognizedClientException",
            "ExpiredTokenException",
        ),
        (Refused, "LH3006", "AWS does not allow it. {said} Give the role this permission."),
    ),
    **dict.fromkeys(
        ("ObjectNotFoundException", "ResourceNotFoundException", "ResourceNotFound"),
        (Absent, "LH3004", "{said}"),
    ),
    "ConcurrentUpdateException": (
        Wait,
        "LH3023",
        "Somebody else changes it just now. {said} The next tick tries again.",
    ),
}
# SageMaker's ValidationException means all of these.
_PREFIXES: tuple[tuple[str, Callable[[str, str], Failure], str], ...] = (
    ("Could not find endpoint configuration", Absent, "LH3004"),
    ("Could not find endpoint", Absent, "LH3004"),
    ("Could not find model", Absent, "LH3004"),
    ("Cannot update in-progress endpoint", Wait, "LH3003"),
    ("Cannot create already existing", AlreadyThere, "LH3005"),
)


@contextmanager
def aws_errors() -> Iterator[None]:
    """Turn what boto3 raises into a `Failure` with a sentence."""
    try:
        yield
    except ClientError as error:
        raise _translated(error.response.get("Error", {}), error.operation_name) from error
    except BotoCoreError as error:
        raise Unavailable("LH3001", f"AWS could not be reached: {error}.") from error


def _translated(error: Any, operation: str) -> Failure:  # noqa: ANN401  (boto3's own shape)
    code, message = str(error.get("Code", "")), str(error.get("Message", ""))
    said = f"{operation}: {message.rstrip('.')} ({code})."
    if known := _CODES.get(code):
        failure, own_code, words = known
        return failure(own_code, words.format(said=said))
    if code == "ValidationException":
        for prefix, failure, own_code in _PREFIXES:
            if message.startswith(prefix):
                return failure(own_code, said)
    return Unavailable("LH3007", f"AWS refused. {said}")
