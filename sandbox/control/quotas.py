"""The control API's quotas: how many instances of a type the account's endpoints may have."""

from typing import Any

from sandbox.aws.protocol import shapes
from sandbox.control.checks import is_whole
from sandbox.control.controls import Controls, Order


def limit(controls: Controls, order: Order) -> dict[str, Any]:
    for instance_type, limit in order.body.items():
        if instance_type not in shapes.instance_types():
            raise ValueError(f"{instance_type} is no instance type that hosts endpoints")
        if limit is not None and not is_whole(limit, least=0):
            raise ValueError("a quota is a whole number of instances from 0, or null")
    controls.quotas.set(order.body)
    return {"quotas": controls.quotas.limits}
