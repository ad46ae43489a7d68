"""Scalable targets of endpoints and their policies: what Application Auto Scaling acts on.

What they do is decided in `scaling` (pure). Whoever changes what that reads looks at the endpoint
first, so that what was due comes before the change. Callers hold the account's lock.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from sandbox.aws.autoscaling import scaling
from sandbox.aws.autoscaling.policies import Policy, Rules, Target
from sandbox.aws.cloudwatch.metrics import Read, metric_asked, minute_of
from sandbox.aws.cloudwatch.store import MetricStore
from sandbox.aws.sagemaker import lifecycle
from sandbox.aws.sagemaker.lifecycle import Endpoint
from sandbox.journal import Journal

PREFIX = "target "
Key = tuple[str, str]
"""An endpoint's ARN and a variant's name."""


class Targets:
    def __init__(self, journal: Journal, metrics: MetricStore, rollout_seconds: float) -> None:
        self._journal = journal
        self._metrics = metrics
        self._rollout_seconds = rollout_seconds
        self._targets: dict[str, dict[str, Target]] = defaultdict(dict)
        self._policies: dict[Key, dict[str, Policy]] = defaultdict(dict)
        self._evaluated: dict[Key, float] = {}

    def settle(self, endpoint: Endpoint, now: float) -> Endpoint | None:
        """Return the endpoint as it is at `now`, scaled as it should be; None once it is gone."""
        current: Endpoint | None = endpoint
        for variant, target in self._targets.get(endpoint.arn, {}).items():
            key = endpoint.arn, variant
            since = min(self._evaluated.get(key, max(endpoint.modified, target.changed)), now)
            if current is not None and minute_of(since) != minute_of(now):
                current = scaling.advance(current, self._rules(target, key), since, now)
                self._evaluated[key] = now
        return current and lifecycle.settle(current, now)

    def scaled_variants(self, arn: str) -> Collection[str]:
        return self._targets.get(arn, {}).keys()

    def find(self, key: Key) -> Target | None:
        return self._targets.get(key[0], {}).get(key[1])

    def listed(self, region: str) -> list[tuple[Key, Target]]:
        """Return the region's targets, oldest first."""
        found = [
            ((arn, variant), target)
            for arn, targets in self._targets.items()
            for variant, target in targets.items()
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
        for arn, targets in self._targets.items():
            keys = [(arn, variant) for variant in targets]
            yield from ((_name(key), self._record(key)) for key in keys)

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
            alarm for policy in policies for alarm in self._metrics.alarms_for(policy.arn)
        )

        def reads(endpoint: Endpoint, query: Mapping[str, Any], now: float) -> Read:
            which = metric_asked(target.region, query)
            named = which.dimension("EndpointName") == endpoint.name
            return self._metrics.reader(which, endpoint if named else None, now)

        return Rules(target, policies, alarms, reads, self._rollout_seconds)

    def _touch(self, key: Key, now: float) -> None:
        arn, variant = key
        self._targets[arn][variant] = replace(self._targets[arn][variant], changed=now)
        self._write(key)

    def _write(self, key: Key) -> None:
        self._journal.write(_name(key), self._record(key))

    def _record(self, key: Key) -> dict[str, Any]:
        policies = [asdict(policy) for policy in self.policies(key)]
        return {"target": asdict(self._targets[key[0]][key[1]]), "policies": policies}


def _name(key: Key) -> str:
    return f"{PREFIX}{key[0]} {key[1]}"
