"""SageMaker's endpoint operations: create, describe, list, update, rescale, delete.

The rules are in `endpoints` (pure); this module looks things up, refuses in AWS's order and words,
and keeps the result. What a fault has in store for a deployment is decided when the call arrives.
"""

from dataclasses import dataclass
from typing import Any

from sandbox import deployments, endpoints, refusals
from sandbox.account import Account, arn_of
from sandbox.calls import Call
from sandbox.catalog import Catalog
from sandbox.endpoints import Deployment, Endpoint, Rollout
from sandbox.faults import Faults
from sandbox.pages import page
from sandbox.quotas import Quotas
from sandbox.tags import as_map

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


class Hosting:
    def __init__(
        self, account: Account, catalog: Catalog, faults: Faults, quotas: Quotas, timing: Timing
    ) -> None:
        self._account = account
        self._catalog = catalog
        self._faults = faults
        self._quotas = quotas
        self._timing = timing

    def create_endpoint(self, call: Call) -> dict[str, Any]:
        name = call.params["EndpointName"]
        arn = arn_of(call.region, "endpoint", name)
        if self._account.endpoint(arn) is not None:
            raise refusals.taken("endpoint", arn)
        deployment = self._deployment(call)
        self._quotas.check(deployment, self._account.endpoints(call.region))
        created = endpoints.create(name, arn, deployment, call.now, self._rollout(call))
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
        self._quotas.check(deployment, self._account.endpoints(call.region))
        rollout = self._rollout(call)
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
        rollout = self._rollout(call)
        self._account.keep_endpoint(endpoints.rescale(endpoint, deployment, call.now, rollout))
        return {"EndpointArn": endpoint.arn}

    def delete_endpoint(self, call: Call) -> dict[str, Any]:
        endpoint = self._changeable(call)
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

    def _rollout(self, call: Call) -> Rollout:
        slow = self._faults.take({"slow-start"}, call.operation, call.endpoint)
        fault = self._faults.take(FAILURES, call.operation, call.endpoint)
        return Rollout(
            seconds=slow.seconds if slow and slow.seconds else self._timing.startup_seconds,
            failure=FAILURES[fault.kind] if fault else None,
        )
