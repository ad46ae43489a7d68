"""SageMaker's endpoint operations: create, describe, list, update, rescale, delete.

The rules are in `endpoints` (pure); this module looks things up, refuses in AWS's order and words,
and keeps the result. What a fault has in store for a deployment is decided when the call arrives.
"""

from dataclasses import dataclass, replace
from typing import Any

from sandbox.aws import refusals
from sandbox.aws.autoscaling.targets import Targets
from sandbox.aws.protocol.calls import Call
from sandbox.aws.protocol.pages import page
from sandbox.aws.sagemaker import deployments, endpoints
from sandbox.aws.sagemaker.account import Account, arn_of
from sandbox.aws.sagemaker.catalog import Catalog
from sandbox.aws.sagemaker.endpoints import Deployment, Endpoint, Rollout, Variant
from sandbox.aws.sagemaker.quotas import Quotas
from sandbox.aws.sagemaker.tags import as_map
from sandbox.control.faults import Faults

FAILURES = {
    "capacity": "Unable to provision requested ML compute capacity due to "
    "InsufficientInstanceCapacity error. Please retry using a different ML instance type or after "
    "some time.",
    "crash": "The primary container for production variant AllTraffic did not pass the ping health "
    "check. Please check CloudWatch logs for this endpoint.",
}


@dataclass(frozen=True)
class Timing:
    startup_seconds: float = 3.0
    delete_seconds: float = 1.0


@dataclass(frozen=True)
class Conditions:
    """What decides how a deployment goes."""

    faults: Faults
    quotas: Quotas
    timing: Timing


class Hosting:
    def __init__(
        self, account: Account, catalog: Catalog, targets: Targets, conditions: Conditions
    ) -> None:
        self._account = account
        self._catalog = catalog
        self._targets = targets
        self._faults = conditions.faults
        self._quotas = conditions.quotas
        self._timing = conditions.timing

    def create_endpoint(self, call: Call) -> dict[str, Any]:
        name = call.params["EndpointName"]
        arn = arn_of(call.region, "endpoint", name)
        if self._account.endpoint(arn) is not None:
            raise refusals.taken("endpoint", arn)
        deployment, rollout = self._provisioned(call, self._deployment(call))
        self._quotas.check(deployment, self._account.endpoints(call.region))
        created = endpoints.create(name, arn, deployment, call.now, rollout)
        self._account.keep_endpoint(created)
        self._account.tag(arn, as_map(call.params.get("Tags", [])))
        return {"EndpointArn": arn}

    def describe_endpoint(self, call: Call) -> dict[str, Any]:
        return deployments.description(self._find(call))

    def list_endpoints(self, call: Call) -> dict[str, Any]:
        shown, token = page(self._account.endpoints(call.region), call.params)
        summaries = [deployments.summary(endpoint) for endpoint in shown]
        return {"Endpoints": summaries} | ({"NextToken": token} if token else {})

    def update_endpoint(self, call: Call) -> dict[str, Any]:
        endpoint = self._changeable(call)
        # SageMaker reads the config in use as well: without it there is no update.
        self._catalog.find(call.region, "endpoint-config", endpoint.serving.config)
        deployment = self._deployment(call)
        if call.params.get("RetainAllVariantProperties"):
            excluded = call.params.get("ExcludeRetainedVariantProperties", [])
            kept = deployments.RETAINABLE - {each["VariantPropertyType"] for each in excluded}
            deployment = deployments.retained(deployment, endpoint.serving, kept)
        self._check_targets(endpoint, deployment)
        deployment, rollout = self._provisioned(call, deployment)
        self._quotas.check(deployment, self._account.endpoints(call.region))
        self._account.keep_endpoint(endpoints.update(endpoint, deployment, call.now, rollout))
        return {"EndpointArn": endpoint.arn}

    def update_endpoint_weights_and_capacities(self, call: Call) -> dict[str, Any]:
        endpoint = self._changeable(call)
        wishes = {wish["VariantName"]: wish for wish in call.params["DesiredWeightsAndCapacities"]}
        unknown = wishes.keys() - {variant.name for variant in endpoint.serving.variants}
        if unknown:
            raise refusals.invalid(
                f'Could not find variant "{min(unknown)}" on endpoint "{endpoint.arn}".'
            )
        deployment = deployments.rescaled(endpoint.serving, wishes)
        _, rollout = self._provisioned(call, deployment)
        self._account.keep_endpoint(endpoints.rescale(endpoint, deployment, call.now, rollout))
        return {"EndpointArn": endpoint.arn}

    def delete_endpoint(self, call: Call) -> dict[str, Any]:
        endpoint = self._changeable(call)
        if self._targets.has(endpoint.arn):
            if self._faults.take({"scalable-target"}, call.operation, call.endpoint):
                raise refusals.may_not_deregister()
            self._targets.drop_all(endpoint.arn)
        seconds = self._timing.delete_seconds
        self._account.keep_endpoint(endpoints.delete(endpoint, call.now, seconds))
        return {}

    def _find(self, call: Call) -> Endpoint:
        arn = arn_of(call.region, "endpoint", call.params["EndpointName"])
        endpoint = self._account.endpoint(arn)
        if endpoint is None:
            raise refusals.missing("endpoint", arn)
        return endpoint

    def _changeable(self, call: Call) -> Endpoint:
        endpoint = self._find(call)
        if refusal := endpoints.refusal(endpoint, call.operation):
            raise refusal
        return endpoint

    def _deployment(self, call: Call) -> Deployment:
        name = call.params["EndpointConfigName"]
        if self._faults.take({"stale-config"}, call.operation, call.endpoint):
            arn = arn_of(call.region, "endpoint-config", name)
            raise refusals.missing("endpoint-config", arn)
        config = self._catalog.find(call.region, "endpoint-config", name)
        return deployments.deployed(config)

    def _check_targets(self, endpoint: Endpoint, deployment: Deployment) -> None:
        """Refuse to remove a variant that is scaled, or to change its instance type."""
        before = {variant.name: variant for variant in endpoint.serving.variants}
        after = {variant.name: variant for variant in deployment.variants}
        changed = {
            target.variant
            for target in self._targets.of(endpoint.arn)
            if (old := before.get(target.variant)) is not None
            and ((new := after.get(target.variant)) is None or not _same_types(old, new))
        }
        if changed:
            raise refusals.still_scaled(changed)

    def _provisioned(self, call: Call, deployment: Deployment) -> tuple[Deployment, Rollout]:
        """Decide which instance types are used, and how it goes."""
        slow = self._faults.take({"slow-start"}, call.operation, call.endpoint)
        seconds = slow.seconds if slow and slow.seconds else self._timing.startup_seconds
        used = []
        for variant in deployment.variants:
            instance_type = self._available(call, variant)
            if instance_type is None:
                return deployment, Rollout(seconds, FAILURES["capacity"])
            used.append(deployments.on_type(variant, instance_type or None))
        crash = self._faults.take({"crash"}, call.operation, call.endpoint)
        failure = FAILURES["crash"] if crash else None
        return replace(deployment, variants=tuple(used)), Rollout(seconds, failure)

    def _available(self, call: Call, variant: Variant) -> str | None:
        """Give the first instance type that there is capacity of ("" if it needs none), or None."""
        types = variant.pools or (variant.instance_type or "",)
        for instance_type in types:
            fault = self._faults.take({"capacity"}, call.operation, call.endpoint, instance_type)
            if fault is None:
                return instance_type
            if fault.instance_type is None:
                return None
        return None


def _same_types(old: Variant, new: Variant) -> bool:
    return set(old.pools or [old.instance_type]) == set(new.pools or [new.instance_type])
