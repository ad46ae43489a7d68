"""Application Auto Scaling, and the alarm that wakes an endpoint from zero instances.

What is wanted is a `Scale`, and so is what is there. A quiet tick makes no call: what was seen of
an endpoint holds until its LastModifiedTime or config moves, or the process ends. So a target that
somebody removes by hand comes back with the next of these.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from controller.aws.errors import Absent, aws_errors
from controller.aws.scaling_wire import (
    Resource,
    Said,
    alarm_request,
    read_scale,
    resource_of,
    steps_policy,
    target_request,
    tracking_policy,
)
from controller.planning.desired import VARIANT
from controller.planning.findings import Scales
from controller.planning.observed import Observed
from controller.planning.scaling_policy import (
    Alarm,
    Names,
    Scale,
    Steps,
    Tracking,
    ours,
    resource_id,
)
from ledger.names import EndpointName, Name

if TYPE_CHECKING:
    from types_boto3_application_autoscaling import ApplicationAutoScalingClient
    from types_boto3_cloudwatch import CloudWatchClient

_MOST_RESOURCES = 50  # in a call, and as many policy names
_MOST_ALARMS = 100
_POLICIES_EACH = 3
_Version = tuple[datetime, str | None]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Seen:
    version: _Version
    scale: Scale | None


class Scaling:
    """The scaling of endpoints in one account and region. What it remembers only saves calls."""

    def __init__(
        self, autoscaling: "ApplicationAutoScalingClient", cloudwatch: "CloudWatchClient"
    ) -> None:
        self._autoscaling = autoscaling
        self._cloudwatch = cloudwatch
        self._seen: dict[EndpointName, _Seen] = {}

    def state(self, observed: Iterable[Observed]) -> Scales:
        """Return the scaling by endpoint name, None where there is none. Raise Failure (LH3xxx)."""
        asked = {item.endpoint_name: (item.modified_at, item.config_name) for item in observed}
        stale = [
            name
            for name, version in asked.items()
            if (seen := self._seen.get(name)) is None or seen.version != version
        ]
        self._seen = {name: seen for name, seen in self._seen.items() if name in asked}
        with aws_errors():
            found = self._look(stale) if stale else {}
        self._seen |= {name: _Seen(asked[name], found.get(name)) for name in stale}
        return {name: self._seen[name].scale for name in asked}

    def is_scaled(self, endpoint_name: EndpointName) -> bool:
        """Tell whether something of ours was there at the last look."""
        seen = self._seen.get(endpoint_name)
        return seen is not None and ours(seen.scale) is not None

    def apply(self, scale: Scale) -> None:
        """Make the scaling what is wanted. Raise Failure (LH3xxx); the next tick goes on.

        The alarm comes last: where a tick is cut short, the next one sees that something lacks.
        """
        seen = self._seen.pop(scale.endpoint_name, None)
        names = Names(scale.endpoint_name)
        with aws_errors():
            self._autoscaling.register_scalable_target(**target_request(scale))
            self._drop_unwanted(scale, seen.scale if seen else None)
            if scale.on_invocations:
                self._track(names.invocations, scale, scale.on_invocations)
            if scale.on_backlog:
                self._track(names.backlog, scale, scale.on_backlog)
            if scale.wake and scale.alarm:
                self._wake(names.wake, scale, scale.wake, scale.alarm)
        if seen:
            self._seen[scale.endpoint_name] = _Seen(seen.version, scale)

    def remove(self, endpoint_name: EndpointName, variants: Iterable[str]) -> None:
        """Take the alarm and the targets away; what is not there is fine.

        AWS removes the policies together with their target. Raise Failure (LH3xxx).
        """
        self._seen.pop(endpoint_name, None)
        self._drop_alarm(endpoint_name)
        for variant in variants:
            try:
                with aws_errors():
                    self._autoscaling.deregister_scalable_target(
                        **resource_of(resource_id(endpoint_name, variant))
                    )
            except Absent:
                continue  # there was none, or somebody was faster

    def _look(self, names: list[EndpointName]) -> dict[EndpointName, Scale]:
        targets: dict[Name, Said] = {}
        for some in _batches(names, _MOST_RESOURCES):
            pages = self._autoscaling.get_paginator("describe_scalable_targets").paginate(
                ServiceNamespace="sagemaker",
                ResourceIds=[resource_id(name, VARIANT) for name in some],
            )
            targets |= {
                Name(item["ResourceId"]): item for page in pages for item in page["ScalableTargets"]
            }
        there = [name for name in names if resource_id(name, VARIANT) in targets]
        policies, alarms = self._policies(there), self._alarms(there)
        scales = {}
        for name in there:
            key = resource_id(name, VARIANT)
            scales[name] = read_scale(
                (name, VARIANT), targets[key], policies.get(key, {}), alarms.get(Names(name).wake)
            )
        return scales

    def _policies(self, endpoint_names: list[EndpointName]) -> dict[Name, dict[str, Said]]:
        """Return our policies, by resource and then by their name."""
        found: dict[Name, dict[str, Said]] = {}
        for some in _batches(endpoint_names, _MOST_RESOURCES // _POLICIES_EACH):
            all_names = [Names(name) for name in some]
            pages = self._autoscaling.get_paginator("describe_scaling_policies").paginate(
                ServiceNamespace="sagemaker",
                PolicyNames=[
                    policy
                    for each in all_names
                    for policy in (each.invocations, each.backlog, each.wake)
                ],
            )
            for policy in (each for page in pages for each in page["ScalingPolicies"]):
                found.setdefault(Name(policy["ResourceId"]), {})[policy["PolicyName"]] = policy
        return found

    def _alarms(self, endpoint_names: list[EndpointName]) -> dict[str, Said]:
        found: dict[str, Said] = {}
        for some in _batches(endpoint_names, _MOST_ALARMS):
            answer = self._cloudwatch.describe_alarms(
                AlarmNames=[Names(name).wake for name in some], AlarmTypes=["MetricAlarm"]
            )
            found |= {alarm["AlarmName"]: alarm for alarm in answer["MetricAlarms"]}
        return found

    def _drop_unwanted(self, scale: Scale, there: Scale | None) -> None:
        """Delete the policies that the definition wanted once, and wants no more."""
        if there is None:
            return
        names = Names(scale.endpoint_name)
        if there.alarm and not scale.alarm:
            self._drop_alarm(scale.endpoint_name)
        for name, had, wants in (
            (names.invocations, there.on_invocations, scale.on_invocations),
            (names.backlog, there.on_backlog, scale.on_backlog),
            (names.wake, there.wake, scale.wake),
        ):
            if had and not wants:
                self._drop_policy(name, resource_of(scale.resource_id))

    def _drop_policy(self, name: str, resource: Resource) -> None:
        try:
            with aws_errors():
                self._autoscaling.delete_scaling_policy(PolicyName=name, **resource)
        except Absent:
            return

    def _drop_alarm(self, endpoint_name: EndpointName) -> None:
        try:
            with aws_errors():
                self._cloudwatch.delete_alarms(AlarmNames=[Names(endpoint_name).wake])
        except Absent:
            return

    def _track(self, name: str, scale: Scale, tracking: Tracking) -> None:
        self._autoscaling.put_scaling_policy(**tracking_policy(name, scale, tracking))

    def _wake(self, name: str, scale: Scale, steps: Steps, alarm: Alarm) -> None:
        answer = self._autoscaling.put_scaling_policy(**steps_policy(name, scale, steps))
        self._cloudwatch.put_metric_alarm(**alarm_request(name, alarm, answer["PolicyARN"]))


def _batches(items: Iterable[_T], size: int) -> Iterator[tuple[_T, ...]]:
    rest = iter(items)
    while batch := tuple(islice(rest, size)):
        yield batch
