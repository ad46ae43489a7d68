"""What the gateway's operations work with. Called by whoever builds a handler."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol

from gateway.callers.counters import MemoryCounts, RateCounts
from ledger.repository import Repository

_NONE: Mapping[str, str] = MappingProxyType({})


class Surroundings(Protocol):
    """What an operation has that needs no ledger: the clock, AWS, the settings. See `Parts`."""

    @property
    def clock(self) -> Callable[[], datetime]: ...

    @property
    def client(self) -> Callable[..., Any]: ...

    @property
    def variables(self) -> Mapping[str, str]: ...

    @property
    def trigger(self) -> Callable[[], None] | None: ...


@dataclass(frozen=True)
class Dependencies:
    """The ledger of one environment, the clock, AWS, and the settings.

    `client` makes a boto3 client by service name, in the environment's region, and with a `config`
    where one is given; it is called when a client is needed. `status` is the branch of the observed
    history, to be read only. `wake` asks for a tick now; without one, the controller is a
    function that the variables name. `counts` are of requests, where no table counts for all.
    """

    ledger: Repository
    environment: str
    clock: Callable[[], datetime]
    client: Callable[..., Any]
    status: Repository | None = None
    variables: Mapping[str, str] = field(default_factory=lambda: _NONE)
    trigger: Callable[[], None] | None = None
    counts: RateCounts = field(default_factory=MemoryCounts)
