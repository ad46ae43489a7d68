"""What AWS says when it refuses: codes and wordings, in one place.

SageMaker answers nearly everything with `ValidationException`, so clients tell refusals apart by
the first words of the message. Those first words are AWS's own; see the tests for where each one is
met.
"""

from collections.abc import Collection


class Refusal(Exception):  # noqa: N818 - AWS refuses; the sandbox makes no error
    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


NOUNS = {
    "model": "model",
    "endpoint-config": "endpoint configuration",
    "endpoint": "endpoint",
}


def invalid(message: str) -> Refusal:
    return Refusal("ValidationException", message)


def missing(kind: str, arn: str) -> Refusal:
    return invalid(f'Could not find {NOUNS[kind]} "{arn}".')


def taken(kind: str, arn: str) -> Refusal:
    return invalid(f'Cannot create already existing {NOUNS[kind]} "{arn}".')


def in_progress(arn: str) -> Refusal:
    """Refuse in the words that SageMaker uses for DeleteEndpoint too."""
    return invalid(f'Cannot update in-progress endpoint "{arn}".')


def failed_already(arn: str) -> Refusal:
    return invalid(
        f'Cannot update endpoint "{arn}" with status "Failed": DeleteEndpoint is the only '
        "operation that can be performed on a failed endpoint."
    )


def over_quota(instance_type: str, limit: int, used: int, wanted: int) -> Refusal:
    return Refusal(
        "ResourceLimitExceeded",
        f"The account-level service limit '{instance_type} for endpoint usage' is {limit} "
        f"Instances, with current utilization of {used} Instances and a request delta of "
        f"{wanted} Instances. Please use AWS Service Quotas to request an increase for this quota.",
    )


def throttled() -> Refusal:
    return Refusal("ThrottlingException", "Rate exceeded")


def unavailable() -> Refusal:
    return Refusal("ServiceUnavailable", "The service is temporarily unavailable.", 503)


def answer_lost() -> Refusal:
    return Refusal("InternalFailure", "The request processing has failed.", 500)


def denied(operation: str) -> Refusal:
    return Refusal(
        "AccessDeniedException",
        f"User is not authorized to perform: {operation} because no identity-based policy "
        "allows it",
    )


def still_scaled(variants: Collection[str]) -> Refusal:
    """Refuse an update that changes the instance type of what autoscaling holds."""
    names = ", ".join(f'"{name}"' for name in sorted(variants))
    return invalid(
        f"The variant(s) {names} must be deregistered as scalable targets with AWS Auto Scaling "
        "before they can be removed or have their instance type updated."
    )


def may_not_deregister() -> Refusal:
    return invalid(
        "An Application AutoScaling scalable target exists for a variant being deleted, and the "
        "IAM identity used to invoke DeleteEndpoint does not have "
        "application-autoscaling:DeregisterScalableTarget permission to deregister the scalable "
        "target."
    )


def not_serving(name: str, account_id: str) -> Refusal:
    """Say what the runtime says of an endpoint that is absent, starting, or spelled otherwise."""
    return Refusal("ValidationError", f"Endpoint {name} of account {account_id} not found.")
