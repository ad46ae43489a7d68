"""The requests that make an endpoint and change it: built in one place, sent and checked elsewhere.

Pure. They are what `rollout` and `scaling` send, so what `limits` says of them is what AWS says.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from controller.aws.scaling_wire import scaling_requests
from controller.planning.desired import Desired
from controller.planning.scaling_policy import Scale
from ledger.tags import LEASE_TAG


@dataclass(frozen=True, slots=True)
class Call:
    """A call of one of AWS's services."""

    service: str
    operation: str
    request: Mapping[str, Any]


def calls(target: Desired, scale: Scale | None) -> Iterator[Call]:
    """Yield the calls that make an endpoint from nothing, with its scaling."""
    if target.model is not None and target.config is not None:
        yield Call("sagemaker", "CreateModel", with_tags(target.model, target))
        yield Call("sagemaker", "CreateEndpointConfig", with_tags(target.config, target))
    yield Call("sagemaker", "CreateEndpoint", endpoint_request(target))
    for operation, request in scaling_requests(scale) if scale else ():
        yield Call("application-autoscaling", operation, request)


def endpoint_request(target: Desired) -> dict[str, Any]:
    """Return the request of CreateEndpoint."""
    return {
        "EndpointName": target.endpoint_name,
        "EndpointConfigName": target.config_name,
        "Tags": tag_list({**target.tags, LEASE_TAG: target.lease_tag}),
    }


def with_tags(request: Mapping[str, Any], target: Desired) -> dict[str, Any]:
    """Return the request for a model or a config, which have the tags of their endpoint."""
    return {**request, "Tags": tag_list(target.tags)}


def tag_list(tags: Mapping[str, str]) -> list[Any]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
