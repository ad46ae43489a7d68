"""Scalable targets of endpoints and their policies: what Application Auto Scaling acts on.

The account asks `settle` for an endpoint as it is now; rules are in `scaling` (pure). Whoever
changes what the rules read looks at the endpoint first, so that what was due comes before the
change. Callers hold the account's lock.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from sandbox.aws.autoscaling import scaling
from sandbox.aws.autoscaling.scaling import Policy, Rules, Target
from sandbox.aws.cloudwatch.metrics import Read, metric, minute_of
from sandbox.aws.cloudwatch.monitor import Monitor
from sandbox.aws.sagemaker import endpoints
from sandbox.aws.sagemaker.endpoints import Endpoint
from sandbox.journal import Journal

PREFIX = "target "
Key = tuple[str, str]
"""An endpoint's ARN and a variant's name."""


class Targets:
    def __init__(self, journal: Journal, monitor: Monitor, rollout_seconds: float) -> None:
        self._journal = journal
        self._monitor = monitor
        self._rollout_seconds = rollout_seconds
        self._targets: dict[str, dict[str, Target]] = defaultdict(dict)
        self._policies: dict[Key, dict[str, Policy]] = defaultdict(dict)
        self._evaluated: dict[Key, float] = {}

    def settle(self, endpoint: Endpoint, now: float) -> Endpoint | None:
        """Give the endpoint as it is at `now`, scaled as its targets ask; None once it is gone."""
        current: Endpoint | None = endpoint
        for variant, target in self._targets.get(endpoint.arn, {}).items():
            key = endpoint.arn, variant
            since = min(self._evaluated.get(key, max(endpoint.modified, target.changed)), now)
            if current is not None and minute_of(since) != minute_of(now):
                current = scaling.advance(current, self._rules(target, key), since, now)
                self._evaluated[key] = now
        return current and endpoints.settle(current, now)

    def has(self, arn: str) -> bool:
        return bool(self._targets.get(arn))

    def of(self, arn: str) -> list[Target]:
        return list(self._targets.get(arn, {}).values())

    def find(self, key: Key) -> Target | None:
        return self._targets.get(key[0], {}).get(key[1])

    def listed(self, region: str) -> list[tuple[Key, Target]]:
        """Give the region's targets, oldest first."""
        found = [
            ((arn, variant), target)
            for arn, shelf in self._targets.items()
            for variant, target in shelf.items()
            if target.region == region
        ]
        return sorted(found, key=lambda each: (each[1].created, each[1].resource))

    def policies(self, key: Key) -> list[Policy]:
        return list(self._policies.get(key, {}).values())

    def keep(self, key: Key, target: Target) -> None:
        self._targets[key[0]][key[1]] = target
        self._write(key)

    def keep_policy(self, key: Key, policy: Policy, now: float) -> None:
        self._policies[key][policy.name] = policy
        self._touch(key, now)

    def drop_policy(self, key: Key, name: str, now: float) -> None:
        del self._policies[key][name]
        self._touch(key, now)

    def drop(self, key: Key) -> None:
        """Forget a target and its policies."""
        del self._targets[key[0]][key[1]]
        self._policies.pop(key, None)
        self._evaluated.pop(key, None)
        self._journal.write(_name(key), None)

    def drop_all(self, arn: str) -> None:
        for variant in list(self._targets.get(arn, {})):
            self.drop((arn, variant))

    def entries(self) -> Iterator[tuple[str, Any]]:
        for arn, shelf in self._targets.items():
            yield from ((_name((arn, variant)), self._record((arn, variant))) for variant in shelf)

    def restore(self, entries: Mapping[str, Any]) -> None:
        for name, value in entries.items():
            if name.startswith(PREFIX):
                arn, _, variant = name.removeprefix(PREFIX).partition(" ")
                self._targets[arn][variant] = Target(**value["target"])
                found = [Policy(**policy) for policy in value["policies"]]
                self._policies[arn, variant] = {policy.name: policy for policy in found}

    def _rules(self, target: Target, key: Key) -> Rules:
        policies = tuple(self._policies.get(key, {}).values())
        alarms = tuple(
            alarm for policy in policies for alarm in self._monitor.alarms_for(policy.arn)
        )

        def reads(endpoint: Endpoint, query: Mapping[str, Any], now: float) -> Read:
            names = [(each["Name"], each["Value"]) for each in query.get("Dimensions", [])]
            which = metric(target.region, query["Namespace"], query["MetricName"], names)
            named = which.dimension("EndpointName") == endpoint.name
            return self._monitor.reader(which, endpoint if named else None, now)

        return Rules(target, policies, alarms, reads, self._rollout_seconds)

    def _touch(self, key: Key, now: float) -> None:
        shelf = self._targets[key[0]]
        shelf[key[1]] = replace(shelf[key[1]], changed=now)
        self._write(key)

    def _write(self, key: Key) -> None:
        self._journal.write(_name(key), self._record(key))

    def _record(self, key: Key) -> dict[str, Any]:
        policies = [asdict(policy) for policy in self.policies(key)]
        return {"target": asdict(self._targets[key[0]][key[1]]), "policies": policies}


def _name(key: Key) -> str:
    return f"{PREFIX}{key[0]} {key[1]}"
