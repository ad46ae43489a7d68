"""The errors of SageMaker's control plane: their codes and their messages, in one place.

SageMaker answers nearly everything with `ValidationException`, so clients tell its errors apart by
the first words of the message. Those words are AWS's own.
"""

from collections.abc import Collection

from sandbox.aws.protocol.errors import AwsError, invalid

NOUNS = {
    "model": "model",
    "endpoint-config": "endpoint configuration",
    "endpoint": "endpoint",
    "inference-component": "inference component",
}


def not_found(kind: str, arn: str) -> AwsError:
    return invalid(f'Could not find {NOUNS[kind]} "{arn}".')


def already_exists(kind: str, arn: str) -> AwsError:
    return invalid(f'Cannot create already existing {NOUNS[kind]} "{arn}".')


def in_progress(arn: str) -> AwsError:
    """Return what SageMaker says to an update, and in the same words to DeleteEndpoint."""
    return invalid(f'Cannot update in-progress endpoint "{arn}".')


def already_failed(arn: str) -> AwsError:
    return invalid(
        f'Cannot update endpoint "{arn}" with status "Failed": DeleteEndpoint is the only '
        "operation that can be performed on a failed endpoint."
    )


def over_quota(instance_type: str, limit: int, used: int, wanted: int) -> AwsError:
    return AwsError(
        "ResourceLimitExceeded",
        f"The account-level service limit '{instance_type} for endpoint usage' is {limit} "
        f"Instances, with current utilization of {used} Instances and a request delta of "
        f"{wanted} Instances. Please use AWS Service Quotas to request an increase for this quota.",
    )


def variant_is_scaled(variants: Collection[str]) -> AwsError:
    """Return the error of an update that removes or changes a variant with a scalable target."""
    names = ", ".join(f'"{name}"' for name in sorted(variants))
    return invalid(
        f"The variant(s) {names} must be deregistered as scalable targets with AWS Auto Scaling "
        "before they can be removed or have their instance type updated."
    )


def hosts_a_model(variant: str) -> AwsError:
    return invalid(
        f'Variant "{variant}" hosts a model, and takes no inference components: those need a '
        "config without models."
    )


def has_components(arn: str) -> AwsError:
    return invalid(
        f'Cannot delete endpoint with inference component associated: "{arn}". Delete the '
        "inference components first."
    )


def may_not_deregister() -> AwsError:
    return invalid(
        "An Application AutoScaling scalable target exists for a variant being deleted, and the "
        "IAM identity used to invoke DeleteEndpoint does not have "
        "application-autoscaling:DeregisterScalableTarget permission to deregister the scalable "
        "target."
    )
