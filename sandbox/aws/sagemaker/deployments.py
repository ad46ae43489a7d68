"""PURE: from an endpoint config to its deployment, and to what DescribeEndpoint shows of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.aws.sagemaker.lifecycle import Deployment, Endpoint, Status, Variant

RETAINABLE = frozenset({"DesiredInstanceCount", "DesiredWeight"})


@dataclass(frozen=True)
class Document:
    """A model or an endpoint config: the request that created it."""

    name: str
    arn: str
    created: float
    body: Mapping[str, Any]


def deployed(config: Document) -> Deployment:
    variants = tuple(_variant(each) for each in config.body["ProductionVariants"])
    return Deployment(config.name, variants, config.body.get("AsyncInferenceConfig"))


def retained(new: Deployment, old: Deployment, properties: Collection[str]) -> Deployment:
    """Return `new`, whose variants keep these properties of the old variant of their name."""
    values = {
        each.name: {"DesiredInstanceCount": each.count, "DesiredWeight": each.weight}
        for each in old.variants
    }
    return rescaled(
        new, {name: {key: each[key] for key in properties} for name, each in values.items()}
    )


def rescaled(deployment: Deployment, desired: Mapping[str, Mapping[str, Any]]) -> Deployment:
    return replace(
        deployment,
        variants=tuple(
            replace(
                variant,
                count=desired.get(variant.name, {}).get("DesiredInstanceCount", variant.count),
                weight=desired.get(variant.name, {}).get("DesiredWeight", variant.weight),
            )
            for variant in deployment.variants
        ),
    )


def description(endpoint: Endpoint) -> dict[str, Any]:
    """Return DescribeEndpoint's answer; times are seconds since the epoch, as on the wire."""
    shown: dict[str, Any] = {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": endpoint.serving.config,
        "EndpointStatus": endpoint.status,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
    }
    if endpoint.status not in {Status.CREATING, Status.FAILED}:
        desired = {variant.name: variant for variant in endpoint.desired.variants}
        shown["ProductionVariants"] = [
            _summary(each, desired.get(each.name, each)) for each in endpoint.serving.variants
        ]
    if endpoint.serving.async_inference:
        shown["AsyncInferenceConfig"] = endpoint.serving.async_inference
    if endpoint.reason:
        shown["FailureReason"] = endpoint.reason
    if endpoint.target:
        shown["PendingDeploymentSummary"] = {
            "EndpointConfigName": endpoint.target.config,
            "ProductionVariants": [_pending(each) for each in endpoint.target.variants],
            "StartTime": endpoint.modified,
        }
    return shown


def summary(endpoint: Endpoint) -> dict[str, Any]:
    """Return what ListEndpoints shows, which has no config name."""
    return {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
        "EndpointStatus": endpoint.status,
    }


def _variant(body: Mapping[str, Any]) -> Variant:
    pools = sorted(body.get("InstancePools", []), key=lambda pool: int(pool["Priority"]))
    overrides = (pool.get("ModelNameOverride") for pool in pools)
    variant = Variant(
        name=body["VariantName"],
        model_name=body.get("ModelName") or next(filter(None, overrides), None),
        instance_type=body.get("InstanceType"),
        count=body.get("InitialInstanceCount", 1),
        weight=body.get("InitialVariantWeight", 1.0),
        pools=tuple(pool["InstanceType"] for pool in pools),
    )
    return on_type(variant, variant.pools[0]) if variant.pools else variant


def on_type(variant: Variant, instance_type: str | None) -> Variant:
    return replace(variant, instance_type=instance_type)


def _summary(variant: Variant, desired: Variant) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "VariantName": variant.name,
        "CurrentWeight": variant.weight,
        "DesiredWeight": desired.weight,
        "CurrentInstanceCount": variant.count,
        "DesiredInstanceCount": desired.count,
    }
    return shown | _pools(variant, variant.count)


def _pools(variant: Variant, count: int) -> dict[str, Any]:
    if not variant.pools:
        return {}
    shown = [
        {"InstanceType": each, "CurrentInstanceCount": count * (each == variant.instance_type)}
        for each in variant.pools
    ]
    return {"InstancePools": shown}


def _pending(variant: Variant) -> dict[str, Any]:
    shown = _summary(variant, variant) | {"CurrentInstanceCount": 0, "CurrentWeight": 0.0}
    shown |= _pools(variant, 0)
    shown["VariantStatus"] = [{"Status": "Creating"}]
    typed = variant.instance_type and not variant.pools
    return shown | ({"InstanceType": variant.instance_type} if typed else {})
