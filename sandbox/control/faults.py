"""The control API's faults: list what is pending, order one from its JSON form, clear them all."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sandbox.aws.faults import KINDS, Fault
from sandbox.aws.protocol import shapes
from sandbox.control import checks
from sandbox.control.checks import is_number, is_whole
from sandbox.control.controls import Controls, Order

BODY = '{"kind", "endpoint", "operation", "instance_type", "times" | "rate", "seconds"}'


def pending(controls: Controls, _: Order) -> dict[str, Any]:
    return {"faults": controls.faults.pending()}


def add(controls: Controls, order: Order) -> dict[str, Any]:
    fault = _fault(order.body)
    controls.faults.add(fault)
    return asdict(fault)


def clear(controls: Controls, order: Order) -> dict[str, Any]:
    controls.faults.clear()
    return pending(controls, order)


def _fault(body: Mapping[str, Any]) -> Fault:
    checks.only(body, *Fault.__dataclass_fields__)
    if body.get("kind") not in list(KINDS):
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    fault = Fault(**body)
    if fault.times is not None and not is_whole(fault.times, least=1):
        raise ValueError("times must be a whole number from 1, or null")
    if fault.rate is not None and not (is_number(fault.rate) and 0 < fault.rate <= 1):
        raise ValueError("rate must be a number above 0 and up to 1, or null")
    if fault.seconds is not None and not (is_number(fault.seconds) and fault.seconds >= 0):
        raise ValueError("seconds must be a number from 0, or null")
    if fault.seconds is None and KINDS[fault.kind].needs_seconds:
        raise ValueError(f"{fault.kind} needs seconds")
    if fault.endpoint is None and KINDS[fault.kind].needs_endpoint:
        raise ValueError(f"{fault.kind} needs endpoint: the one that the list is wrong about")
    if not all(isinstance(name, str | None) for name in (fault.endpoint, fault.operation)):
        raise ValueError("endpoint and operation must be names, or null")
    if fault.instance_type is not None:
        _check_instance_type(fault)
    if fault.times is None and fault.rate is None and not KINDS[fault.kind].lasts:
        fault.times = 1
    return fault


def _check_instance_type(fault: Fault) -> None:
    if fault.kind != "capacity":
        raise ValueError(f"{fault.kind} takes no instance_type; capacity does")
    if fault.instance_type not in shapes.instance_types():
        raise ValueError(f"{fault.instance_type} is no instance type that hosts endpoints")
