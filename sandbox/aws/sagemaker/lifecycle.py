"""PURE: the life cycle of a SageMaker endpoint, worked out from time stamps.

An endpoint knows its status and the one change that is due next. `settle` applies what has fallen
due by `now`; nothing here waits, reads a clock or knows of HTTP. Moments are seconds since the
epoch.

    create ------> Creating ------> InService | Failed (reason)
    update ------> Updating ------> InService on the new config | InService on the old one (reason)
    rescale -----> Updating ------> InService | RollingBack -> InService (reason)
    delete ------> Deleting ------> absent
    force -------> any status, until it is changed again or for some seconds
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sandbox.aws.protocol.errors import AwsError
from sandbox.aws.sagemaker import errors


class Status(StrEnum):
    OUT_OF_SERVICE = "OutOfService"
    CREATING = "Creating"
    UPDATING = "Updating"
    SYSTEM_UPDATING = "SystemUpdating"
    ROLLING_BACK = "RollingBack"
    IN_SERVICE = "InService"
    DELETING = "Deleting"
    FAILED = "Failed"
    UPDATE_ROLLBACK_FAILED = "UpdateRollbackFailed"


IN_PROGRESS = frozenset(
    {
        Status.CREATING,
        Status.UPDATING,
        Status.SYSTEM_UPDATING,
        Status.ROLLING_BACK,
        Status.DELETING,
    }
)
SERVING = frozenset(
    {
        Status.IN_SERVICE,
        Status.UPDATING,
        Status.ROLLING_BACK,
        Status.SYSTEM_UPDATING,
        Status.UPDATE_ROLLBACK_FAILED,
    }
)


@dataclass(frozen=True)
class Variant:
    name: str
    model_name: str | None
    instance_type: str | None
    count: int
    weight: float
    pools: tuple[str, ...] = ()
    """Instance types by priority, where the config names pools; `instance_type` is the one used."""


@dataclass(frozen=True)
class Deployment:
    """An endpoint config as it was deployed: it stays true when the config is deleted."""

    config: str
    variants: tuple[Variant, ...]
    async_inference: Mapping[str, Any] | None = None

    @property
    def instance_count(self) -> int:
        return sum(variant.count for variant in self.variants)


@dataclass(frozen=True)
class Change:
    """What happens to an endpoint at a known moment; without a status, it is gone."""

    at: float
    status: Status | None
    serving: Deployment | None = None
    reason: str | None = None
    then: "Change | None" = None


@dataclass(frozen=True)
class Rollout:
    """How a deployment will go: how long it takes, and why it fails if it does."""

    seconds: float
    failure: str | None = None


@dataclass(frozen=True)
class Endpoint:
    name: str
    arn: str
    status: Status
    serving: Deployment
    created: float
    modified: float
    target: Deployment | None = None
    reason: str | None = None
    change: Change | None = None
    counted: tuple[tuple[float, int], ...] = ()
    """How many instances it has had, since when."""
    scaled: float = 0.0
    """When autoscaling last changed it."""

    @property
    def desired(self) -> Deployment:
        """What the deployment in use is being rescaled to, if it is."""
        rescaling = self.target is None and self.status is Status.UPDATING
        return (rescaling and self.change and self.change.serving) or self.serving

    @property
    def instances(self) -> tuple[tuple[str, int], ...]:
        """What counts against the quota.

        That is both fleets while a blue/green update runs, and the larger count of each variant
        while it is rescaled.
        """
        if self.status is Status.FAILED:
            return ()
        counts = {variant.name: variant.count for variant in self.desired.variants}
        fleets = [self.serving] + ([self.target] if self.status is Status.UPDATING else [])
        return tuple(
            (
                variant.instance_type,
                max(variant.count, counts[variant.name])
                if fleet is self.serving
                else variant.count,
            )
            for fleet in fleets
            if fleet is not None
            for variant in fleet.variants
            if variant.instance_type is not None
        )


def settle(endpoint: Endpoint, now: float) -> Endpoint | None:
    """Return the endpoint as it is at `now`, or None once it is gone."""
    while (change := endpoint.change) is not None and change.at <= now:
        if change.status is None:
            return None
        settled = replace(
            endpoint,
            status=change.status,
            serving=change.serving or endpoint.serving,
            modified=change.at,
            target=None,
            reason=change.reason,
            change=change.then,
        )
        endpoint = _counted(settled, change.at)
    return endpoint


def create(name: str, arn: str, deployment: Deployment, now: float, rollout: Rollout) -> Endpoint:
    outcome = Status.IN_SERVICE if rollout.failure is None else Status.FAILED
    return Endpoint(
        name=name,
        arn=arn,
        status=Status.CREATING,
        serving=deployment,
        created=now,
        modified=now,
        target=deployment,
        change=Change(_after(now, rollout.seconds), outcome, reason=rollout.failure),
    )


def update(endpoint: Endpoint, deployment: Deployment, now: float, rollout: Rollout) -> Endpoint:
    """Return the endpoint in a blue/green update.

    The old deployment serves until the new one is ready, and stays if that one fails.
    """
    return replace(
        endpoint,
        status=Status.UPDATING,
        modified=now,
        target=deployment,
        reason=None,
        change=Change(
            _after(now, rollout.seconds),
            Status.IN_SERVICE,
            serving=deployment if rollout.failure is None else None,
            reason=rollout.failure,
        ),
    )


def rescale(endpoint: Endpoint, deployment: Deployment, now: float, rollout: Rollout) -> Endpoint:
    """Return the endpoint as its weights and counts change; a failure rolls back first.

    The reason of the last failed update stays: only another update clears it.
    """
    half = _after(now, rollout.seconds)
    change = Change(half, Status.IN_SERVICE, serving=deployment, reason=endpoint.reason)
    if rollout.failure is not None:
        back = Change(_after(half, rollout.seconds), Status.IN_SERVICE, reason=rollout.failure)
        change = Change(half, Status.ROLLING_BACK, reason=endpoint.reason, then=back)
    return replace(endpoint, status=Status.UPDATING, modified=now, change=change)


def delete(endpoint: Endpoint, now: float, seconds: float) -> Endpoint:
    change = Change(_after(now, seconds), None)
    return replace(endpoint, status=Status.DELETING, modified=now, target=None, change=change)


def force(
    endpoint: Endpoint,
    status: Status,
    now: float,
    *,
    seconds: float | None = None,
    reason: str | None = None,
) -> Endpoint:
    """Return the endpoint in a status; one that is in progress ends after `seconds`, or never.

    A status in progress keeps the reason of an earlier failure, and an update shows as one to the
    config in use.
    """
    kept = endpoint.reason if reason is None and status in IN_PROGRESS else reason
    target = endpoint.serving if status in {Status.CREATING, Status.UPDATING} else None
    change = None
    if seconds is not None:
        after = None if status is Status.DELETING else Status.IN_SERVICE
        change = Change(_after(now, seconds), after, reason=kept)
    forced = replace(
        endpoint, status=status, modified=now, target=target, reason=kept, change=change
    )
    return _counted(forced, now)


def refusal(endpoint: Endpoint, operation: str) -> AwsError | None:
    """Return SageMaker's error where it would not begin `operation` on this endpoint now."""
    if endpoint.status in IN_PROGRESS:
        return errors.in_progress(endpoint.arn)
    if endpoint.status is Status.FAILED and operation != "DeleteEndpoint":
        return errors.already_failed(endpoint.arn)
    return None


def _counted(endpoint: Endpoint, now: float) -> Endpoint:
    """Return the endpoint with a note of how many instances it has from now on, if that is new."""
    count = endpoint.serving.instance_count
    known = endpoint.counted[-1][1] if endpoint.counted else None
    if endpoint.status is not Status.IN_SERVICE or count == known:
        return endpoint
    return replace(endpoint, counted=(*endpoint.counted, (now, count)))


def _after(moment: float, seconds: float) -> float:
    return round(moment + seconds, 3)
