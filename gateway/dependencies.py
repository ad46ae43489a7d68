"""What the gateway's operations work with. It imports neither git nor the JSON Schemas."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gateway.callers.counters import Counters, MemoryCounters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from ledger.repository import Repository

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Dependencies:
    """The ledger of one environment, the clock, AWS, and the settings.

    `client` makes a boto3 client by service name, in the environment's region, and with a `config`
    where one is given; it is called when a client is needed. `status` is the branch of the observed
    history, to be read only. `wake` asks for a tick now; without one, the controller is a function
    that the variables name. `counters` are of requests, where no table counts for all.
    """

    ledger: Repository
    environment: str
    clock: Callable[[], datetime]
    client: Callable[..., Any]
    status: Repository | None = None
    variables: Mapping[str, str] = field(default_factory=lambda: _NONE)
    wake: Callable[[], None] | None = None
    counters: Counters = field(default_factory=MemoryCounters)
