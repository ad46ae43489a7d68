"""Faults on demand: what goes wrong, for whom, and how often.

A fault is ordered over HTTP (`POST /sandbox/faults`) and taken by the part of the sandbox that it
concerns. It holds for one endpoint or all; for one operation of any service, or for every SageMaker
operation that its kind makes sense for; lack of capacity also for one instance type or all; and for
a number of times (once unless said otherwise) or at a rate.
"""

import random
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any

from sandbox.aws import refusals
from sandbox.aws.protocol import shapes
from sandbox.aws.refusals import Refusal
from sandbox.control.wishes import is_number, is_whole

ROLLOUTS = frozenset({"CreateEndpoint", "UpdateEndpoint", "UpdateEndpointWeightsAndCapacities"})
LISTS = frozenset({"ListEndpoints", "ListEndpointConfigs", "ListModels"})


@dataclass(frozen=True)
class Kind:
    meaning: str
    operations: Collection[str] | None = None
    needs_seconds: bool = False
    lasts: bool = False
    """Whether it holds until faults are cleared, unless said otherwise."""


KINDS: Mapping[str, Kind] = {
    "throttle": Kind("the call is refused with ThrottlingException"),
    "unavailable": Kind("the call is refused with ServiceUnavailable (503)"),
    "denied": Kind("the call is refused with AccessDeniedException"),
    "lost-answer": Kind("the call is carried out, but its answer is InternalFailure (500)"),
    "slow-answer": Kind("the call is answered after `seconds` of real time", needs_seconds=True),
    "stale-config": Kind(
        "the endpoint config is not visible yet", frozenset({"CreateEndpoint", "UpdateEndpoint"})
    ),
    "capacity": Kind(
        "the deployment fails for lack of capacity; with `instance_type` only that type lacks it, "
        "and the next instance pool is used",
        ROLLOUTS,
    ),
    "crash": Kind("the deployment fails because its container crashes", ROLLOUTS),
    "slow-start": Kind("the deployment takes `seconds`", ROLLOUTS, needs_seconds=True),
    "scalable-target": Kind(
        "DeleteEndpoint is refused while a scalable target of the endpoint is registered, as to a "
        "caller without application-autoscaling:DeregisterScalableTarget",
        frozenset({"DeleteEndpoint"}),
        lasts=True,
    ),
    "empty-page": Kind("the list begins with an empty page that has a NextToken", LISTS),
}
PERMISSIONS = {"monitoring": "cloudwatch", "tagging": "tag"}
"""Services that IAM's actions call otherwise than requests are signed for."""
REFUSING = frozenset({"throttle", "unavailable", "denied"})


@dataclass
class Fault:
    kind: str
    endpoint: str | None = None
    operation: str | None = None
    times: int | None = None
    rate: float | None = None
    seconds: float | None = None
    instance_type: str | None = None

    def concerns(
        self, operation: str, endpoint: str | None, instance_type: str | None = None
    ) -> bool:
        if self.instance_type not in {None, instance_type}:
            return False
        if self.endpoint is not None and self.endpoint.lower() != (endpoint or "").lower():
            return False
        if self.operation is not None:
            return self.operation == operation
        return operation in (KINDS[self.kind].operations or shapes.sagemaker_operations())


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = Lock()
        # Seeded: a test that asks for a rate meets the same faults in every run.
        self._random = random.Random(0)  # noqa: S311 - not for secrets

    def order(self, wish: Mapping[str, Any]) -> Fault:
        """Add a fault from its JSON form; ValueError with a sentence if that is wrong."""
        fault = _fault(wish)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def pending(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def take(
        self,
        kinds: Collection[str],
        operation: str,
        endpoint: str | None,
        instance_type: str | None = None,
    ) -> Fault | None:
        """Use up, by one, the first fault of these kinds that strikes this call."""
        with self._lock:
            for fault in self._faults:
                if fault.kind in kinds and fault.concerns(operation, endpoint, instance_type):
                    if fault.rate is not None and self._random.random() >= fault.rate:
                        continue
                    self._use_up(fault)
                    return fault
        return None

    def refusal(self, service: str, operation: str, endpoint: str | None) -> Refusal | None:
        fault = self.take(REFUSING, operation, endpoint)
        match fault and fault.kind:
            case "throttle":
                return refusals.throttled()
            case "unavailable":
                return refusals.unavailable()
            case "denied":
                return refusals.denied(f"{PERMISSIONS.get(service, service)}:{operation}")
            case _:
                return None

    def _use_up(self, fault: Fault) -> None:
        if fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                self._faults.remove(fault)


def _fault(wish: Mapping[str, Any]) -> Fault:
    unknown = sorted(set(wish) - set(Fault.__dataclass_fields__))
    if unknown:
        raise ValueError(f"unknown field {unknown[0]}; a fault has {', '.join(_fields())}")
    if wish.get("kind") not in list(KINDS):
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    fault = Fault(**wish)
    if fault.times is not None and not is_whole(fault.times, least=1):
        raise ValueError("times must be a whole number from 1, or null")
    if fault.rate is not None and not (is_number(fault.rate) and 0 < fault.rate <= 1):
        raise ValueError("rate must be a number above 0 and up to 1, or null")
    if fault.seconds is not None and not (is_number(fault.seconds) and fault.seconds >= 0):
        raise ValueError("seconds must be a number from 0, or null")
    if fault.seconds is None and KINDS[fault.kind].needs_seconds:
        raise ValueError(f"{fault.kind} needs seconds")
    if not all(isinstance(name, str | None) for name in (fault.endpoint, fault.operation)):
        raise ValueError("endpoint and operation must be names, or null")
    if fault.instance_type is not None:
        _check_instance_type(fault)
    if fault.times is None and fault.rate is None and not KINDS[fault.kind].lasts:
        fault.times = 1
    return fault


def _check_instance_type(fault: Fault) -> None:
    if fault.kind != "capacity":
        raise ValueError(f"{fault.kind} is not of an instance type; capacity is")
    if fault.instance_type not in shapes.instance_types():
        raise ValueError(f"{fault.instance_type} is no instance type that hosts endpoints")


def _fields() -> list[str]:
    return list(Fault.__dataclass_fields__)
