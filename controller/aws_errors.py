"""AWS's refusals in Leasehold's terms; foreign errors end at this seam.

Called by `endpoints`. SageMaker answers nearly everything with `ValidationException`, so code and
message prefix are matched together (the texts are AWS's own). A text that is not known is a
failure, and never read as "absent".
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ledger.errors import Failure, Refused, Unavailable, Wait

_THROTTLED = frozenset(
    {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"}
)
_DENIED = frozenset(
    {
        "AccessDeniedException",
        "AccessDenied",
        "UnrecognizedClientException",
        "ExpiredTokenException",
    }
)


class Absent(Failure):
    """What was asked for is not in SageMaker: the one refusal that means so."""


class AlreadyThere(Failure):
    """What should be made is there already."""


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
    if code in _THROTTLED:
        return Unavailable("LH3001", f"AWS is throttling. {said} The next tick tries again.")
    if code == "ResourceLimitExceeded":
        return Refused(
            "LH3002", f"A quota is used up. {said} Ask AWS to raise it, or stop another."
        )
    if code in _DENIED:
        return Refused("LH3006", f"AWS does not allow it. {said} Give the role this permission.")
    if code == "ValidationException":
        for prefix, failure, own_code in _PREFIXES:
            if message.startswith(prefix):
                return failure(own_code, said)
    return Unavailable("LH3007", f"AWS refused. {said}")
