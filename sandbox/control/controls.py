"""What a route of the control API is given: what can be steered, and what was asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.aws.cloudwatch.store import MetricStore
from sandbox.aws.faults import Faults
from sandbox.aws.sagemaker.account import Account
from sandbox.aws.sagemaker.quotas import Quotas
from sandbox.control.call_counts import CallCounts


@dataclass(frozen=True)
class Controls:
    account: Account
    metrics: MetricStore
    faults: Faults
    quotas: Quotas
    counts: CallCounts
    reset: Callable[[], None]


class NotThereError(LookupError):
    """A path or an endpoint that is not there."""


@dataclass(frozen=True)
class Order:
    """A request of the control API; `name` is the endpoint's in its path, where that has one."""

    name: str
    body: dict[str, Any]
