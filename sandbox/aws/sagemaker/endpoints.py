"""SageMaker's endpoint operations: create, describe, list, update, rescale, delete.

The rules are in `lifecycle` (pure); this module looks things up, raises AWS's errors in AWS's order
and keeps the result. What a fault does to a deployment is decided when the call arrives.
"""

from dataclasses import dataclass, replace
from typing import Any

from sandbox.aws.faults import Faults
from sandbox.aws.protocol.call import Call
from sandbox.aws.protocol.errors import invalid
from sandbox.aws.sagemaker import deployments, errors, lifecycle
from sandbox.aws.sagemaker.account import Account, Scaling, arn_of
from sandbox.aws.sagemaker.components import Components
from sandbox.aws.sagemaker.lifecycle import Deployment, Endpoint, Rollout, Variant
from sandbox.aws.sagemaker.lists import page
from sandbox.aws.sagemaker.models_and_configs import ModelsAndConfigs
from sandbox.aws.sagemaker.quotas import Quotas
from sandbox.aws.sagemaker.tags import as_map

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


class Endpoints:
    def __init__(
        self,
        account: Account,
        configs: ModelsAndConfigs,
        scaling: Scaling,
        conditions: Conditions,
    ) -> None:
        self._account = account
        self._configs = configs
        self._scaling = scaling
        self._faults = conditions.faults
        self._quotas = conditions.quotas
        self._timing = conditions.timing

    def create_endpoint(self, call: Call) -> dict[str, Any]:
        name = call.params["EndpointName"]
        arn = arn_of(call.region, "endpoint", name)
        if self._account.endpoint(arn) is not None:
            raise errors.already_exists("endpoint", arn)
        deployment, rollout = self._provisioned(call, self._deployment(call))
        self._quotas.check(deployment, self._account.endpoints(call.region))
        created = lifecycle.create(name, arn, deployment, call.now, rollout)
        self._account.keep_endpoint(created)
        self._account.set_tags(arn, as_map(call.params.get("Tags", [])))
        return {"EndpointArn": arn}

    def describe_endpoint(self, call: Call) -> dict[str, Any]:
        return deployments.description(self._find(call))

    def list_endpoints(self, call: Call) -> dict[str, Any]:
        shown, token = page(self._listed(call), call.params)
        summaries = [deployments.summary(endpoint) for endpoint in shown]
        return {"Endpoints": summaries} | ({"NextToken": token} if token else {})

    def _listed(self, call: Call) -> list[Endpoint]:
        """Return what a list shows: AWS is free to be late with what came and what went."""
        there = self._account.endpoints(call.region)
        faults = self._faults.take_all(call, "stale-list")
        wrong = {arn_of(call.region, "endpoint", fault.endpoint or "") for fault in faults}
        if not wrong:
            return there
        gone = [self._account.last_seen(arn) for arn in sorted(wrong)]
        return [each for each in there if each.arn not in wrong] + [each for each in gone if each]

    def update_endpoint(self, call: Call) -> dict[str, Any]:
        endpoint = self._changeable(call)
        # SageMaker reads the config in use as well, and refuses the update without it.
        self._configs.find(call.region, "endpoint-config", endpoint.serving.config)
        deployment = self._deployment(call)
        if call.params.get("RetainAllVariantProperties"):
            excluded = call.params.get("ExcludeRetainedVariantProperties", [])
            kept = deployments.RETAINABLE - {each["VariantPropertyType"] for each in excluded}
            deployment = deployments.retained(deployment, endpoint.serving, kept)
        self._check_scaled(endpoint, deployment)
        deployment, rollout = self._provisioned(call, deployment)
        self._quotas.check(deployment, self._account.endpoints(call.region))
        self._account.keep_endpoint(lifecycle.update(endpoint, deployment, call.now, rollout))
        return {"EndpointArn": endpoint.arn}

    def update_endpoint_weights_and_capacities(self, call: Call) -> dict[str, Any]:
        endpoint = self._changeable(call)
        desired = {each["VariantName"]: each for each in call.params["DesiredWeightsAndCapacities"]}
        unknown = desired.keys() - {variant.name for variant in endpoint.serving.variants}
        if unknown:
            raise invalid(f'Could not find variant "{min(unknown)}" on endpoint "{endpoint.arn}".')
        deployment = deployments.rescaled(endpoint.serving, desired)
        endpoints = self._account.endpoints(call.region)
        self._quotas.check(deployment, endpoints, instead_of=endpoint.serving)
        _, rollout = self._provisioned(call, deployment)
        self._account.keep_endpoint(lifecycle.rescale(endpoint, deployment, call.now, rollout))
        return {"EndpointArn": endpoint.arn}

    def delete_endpoint(self, call: Call) -> dict[str, Any]:
        endpoint = self._changeable(call)
        if Components(self._account).on(endpoint) and not self._faults.take(
            call, "components-stay"
        ):
            raise errors.has_components(endpoint.arn)
        if self._scaling.scaled_variants(endpoint.arn):
            if self._faults.take(call, "scalable-target"):
                raise errors.may_not_deregister()
            self._scaling.drop_all(endpoint.arn)
        seconds = self._timing.delete_seconds
        self._account.keep_endpoint(lifecycle.delete(endpoint, call.now, seconds))
        return {}

    def _find(self, call: Call) -> Endpoint:
        arn = arn_of(call.region, "endpoint", call.params["EndpointName"])
        endpoint = self._account.endpoint(arn)
        if endpoint is None:
            raise errors.not_found("endpoint", arn)
        return endpoint

    def _changeable(self, call: Call) -> Endpoint:
        endpoint = self._find(call)
        if refusal := lifecycle.refusal(endpoint, call.operation):
            raise refusal
        return endpoint

    def _deployment(self, call: Call) -> Deployment:
        name = call.params["EndpointConfigName"]
        if self._faults.take(call, "stale-config"):
            arn = arn_of(call.region, "endpoint-config", name)
            raise errors.not_found("endpoint-config", arn)
        config = self._configs.find(call.region, "endpoint-config", name)
        return deployments.deployed(config)

    def _check_scaled(self, endpoint: Endpoint, deployment: Deployment) -> None:
        """Raise an error where a scaled variant goes or gets another instance type."""
        before = {variant.name: variant for variant in endpoint.serving.variants}
        after = {variant.name: variant for variant in deployment.variants}
        changed = {
            name
            for name in self._scaling.scaled_variants(endpoint.arn)
            if (old := before.get(name)) is not None
            and ((new := after.get(name)) is None or not _same_types(old, new))
        }
        if changed:
            raise errors.variant_is_scaled(changed)

    def _provisioned(self, call: Call, deployment: Deployment) -> tuple[Deployment, Rollout]:
        """Return the deployment with the instance types that it gets, and how it will go."""
        slow = self._faults.take(call, "slow-start")
        seconds = slow.seconds if slow and slow.seconds else self._timing.startup_seconds
        used = []
        for variant in deployment.variants:
            instance_type = self._available(call, variant)
            if instance_type is None:
                return deployment, Rollout(seconds, FAILURES["capacity"])
            used.append(deployments.on_type(variant, instance_type or None))
        crash = self._faults.take(call, "crash")
        failure = FAILURES["crash"] if crash else None
        return replace(deployment, variants=tuple(used)), Rollout(seconds, failure)

    def _available(self, call: Call, variant: Variant) -> str | None:
        """Return the first instance type that there is capacity of ("" if none is needed)."""
        types = variant.pools or (variant.instance_type or "",)
        for instance_type in types:
            fault = self._faults.take(call, "capacity", instance_type=instance_type)
            if fault is None:
                return instance_type
            if fault.instance_type is None:
                return None
        return None


def _same_types(old: Variant, new: Variant) -> bool:
    return set(old.pools or [old.instance_type]) == set(new.pools or [new.instance_type])
