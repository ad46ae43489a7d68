"""Faults on demand: what goes wrong, for whom, and how often.

A fault is taken by the part of the sandbox that it concerns. It holds for one endpoint or all; for
one operation of any service, or for every SageMaker operation that its kind makes sense for; lack
of capacity also for one instance type or all; and for a number of times or at a rate. How people
order one is not known here.
"""

import random
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any

from sandbox.aws.protocol import errors, shapes
from sandbox.aws.protocol.call import Call
from sandbox.aws.protocol.errors import AwsError

DEPLOYING = frozenset({"CreateEndpoint", "UpdateEndpoint", "UpdateEndpointWeightsAndCapacities"})
LISTS = frozenset({"ListEndpoints", "ListEndpointConfigs", "ListModels", "ListInferenceComponents"})


@dataclass(frozen=True)
class Kind:
    meaning: str
    operations: Collection[str] | None = None
    needs_seconds: bool = False
    lasts: bool = False
    """Whether it holds until faults are cleared, unless said otherwise."""
    is_shown: bool = False
    """Whether `endpoint` is one that the answer shows, and not one that the call names."""
    needs_endpoint: bool = False


KINDS: Mapping[str, Kind] = {
    "throttle": Kind("the call is refused with ThrottlingException"),
    "unavailable": Kind("the call is refused with ServiceUnavailable (503)"),
    "denied": Kind("the call is refused with AccessDeniedException"),
    "invalid": Kind("the call is refused with ValidationException"),
    "lost-answer": Kind("the call is carried out, but its answer is InternalFailure (500)"),
    "slow-answer": Kind("the call is answered after `seconds` of real time", needs_seconds=True),
    "stale-config": Kind(
        "the endpoint config is not visible yet", frozenset({"CreateEndpoint", "UpdateEndpoint"})
    ),
    "capacity": Kind(
        "the deployment fails for lack of capacity; with `instance_type` only that type lacks it, "
        "and the next instance pool is used",
        DEPLOYING,
    ),
    "crash": Kind("the deployment fails because its container crashes", DEPLOYING),
    "slow-start": Kind("the deployment takes `seconds`", DEPLOYING, needs_seconds=True),
    "scalable-target": Kind(
        "DeleteEndpoint is refused while a scalable target of the endpoint is registered, as to a "
        "caller without application-autoscaling:DeregisterScalableTarget",
        frozenset({"DeleteEndpoint"}),
        lasts=True,
    ),
    "components-stay": Kind(
        "DeleteEndpoint is accepted although inference components are on the endpoint, and leaves "
        "them behind, with their names taken",
        frozenset({"DeleteEndpoint"}),
        lasts=True,
    ),
    "stale-list": Kind(
        "ListEndpoints leaves `endpoint` out, or still shows it once it is gone",
        frozenset({"ListEndpoints"}),
        lasts=True,
        is_shown=True,
        needs_endpoint=True,
    ),
    "stale-tags": Kind(
        "GetResources answers what it knew `seconds` ago, of all resources or of `endpoint` only",
        frozenset({"GetResources"}),
        needs_seconds=True,
        lasts=True,
        is_shown=True,
    ),
    "empty-page": Kind("the list begins with an empty page that has a NextToken", LISTS),
}
PERMISSIONS = {"monitoring": "cloudwatch", "tagging": "tag"}
"""Services that IAM's actions call otherwise than requests are signed for."""
REFUSING = frozenset({"throttle", "unavailable", "denied", "invalid"})


@dataclass
class Fault:
    kind: str
    endpoint: str | None = None
    operation: str | None = None
    times: int | None = None
    rate: float | None = None
    seconds: float | None = None
    instance_type: str | None = None

    def concerns(self, call: Call, instance_type: str | None = None) -> bool:
        if self.instance_type not in {None, instance_type}:
            return False
        if not self._is_about(call.endpoint or ""):
            return False
        if self.operation is not None:
            return self.operation == call.operation
        return call.operation in (KINDS[self.kind].operations or shapes.sagemaker_operations())

    def _is_about(self, endpoint: str) -> bool:
        if self.endpoint is None or KINDS[self.kind].is_shown:
            return True
        return self.endpoint.lower() == endpoint.lower()


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = Lock()
        # Seeded: a test that asks for a rate meets the same faults in every run.
        self._random = random.Random(0)  # noqa: S311 - not for secrets

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def pending(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def take(self, call: Call, *kinds: str, instance_type: str | None = None) -> Fault | None:
        """Use up, by one, the first fault of these kinds that strikes this call."""
        with self._lock:
            return next(self._struck(call, kinds, instance_type), None)

    def take_all(self, call: Call, kind: str) -> tuple[Fault, ...]:
        """Use up, by one, all faults of a kind that strike this call."""
        with self._lock:
            return tuple(self._struck(call, (kind,)))

    def refusal(self, call: Call) -> AwsError | None:
        """Return the error that a fault has for a call before anybody looks at it."""
        fault = self.take(call, *REFUSING)
        match fault and fault.kind:
            case "throttle":
                return errors.throttled()
            case "unavailable":
                return errors.unavailable()
            case "denied":
                service = PERMISSIONS.get(call.service, call.service)
                return errors.denied(f"{service}:{call.operation}")
            case "invalid":
                return errors.invalid("1 validation error detected: the value is not valid.")
            case _:
                return None

    def _struck(
        self, call: Call, kinds: Collection[str], instance_type: str | None = None
    ) -> Iterator[Fault]:
        for fault in tuple(self._faults):
            if fault.kind in kinds and fault.concerns(call, instance_type):
                if fault.rate is not None and self._random.random() >= fault.rate:
                    continue
                self._use_up(fault)
                yield fault

    def _use_up(self, fault: Fault) -> None:
        if fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                self._faults.remove(fault)
