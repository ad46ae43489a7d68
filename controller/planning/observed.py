"""Endpoints as SageMaker has them. Pure. Times are in UTC."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ledger.names import EndpointName, Name
from ledger.phases import Phase, phase_of
from ledger.tags import NAME_TAG

_CAPACITY = ("InsufficientInstanceCapacity", "CapacityError", "requested ML compute capacity")


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many instances a variant has now: of the type in its config, or of those in pools."""

    variant: str
    count: int | None = None
    pools: tuple[tuple[str, int], ...] = ()
    is_serverless: bool = False


@dataclass(frozen=True, slots=True)
class Observed:
    """One endpoint as SageMaker has it, in SageMaker's spelling.

    `unread` says why no more is known of it than the list of all endpoints has; it is there, and
    may be ended. Without tags nobody knows whose it is either.
    """

    endpoint_name: EndpointName
    status: str
    modified_at: datetime
    config_name: str | None = None
    failure_reason: str | None = None
    tags: Mapping[str, str] | None = None
    created_at: datetime | None = None
    pending_config: str | None = None
    variants: tuple[str, ...] = ()
    count: int | None = None  # of instances that our variant should have, if it has any
    unread: str | None = None
    capacities: tuple[Capacity, ...] = ()  # none while it starts
    is_async: bool = False

    @property
    def phase(self) -> Phase:
        return phase_of(self.status)

    @property
    def definition_name(self) -> Name:
        """Return the name of its definition, as its tag says it; empty where it has no such tag."""
        return Name((self.tags or {}).get(NAME_TAG, ""))


@dataclass(frozen=True, slots=True)
class Existing:
    """An endpoint that is asked about by its name, with its own tags: no index lags behind."""

    endpoint_name: EndpointName
    status: str
    config_name: str | None
    is_async: bool
    tags: Mapping[str, str]
    created_at: datetime
    arn: str


@dataclass(frozen=True, slots=True)
class Look:
    """The endpoints that concern an environment, and what time it was by AWS's clock."""

    observed: tuple[Observed, ...]
    aws_time: datetime | None


def by_name(observed: Iterable[Observed]) -> dict[EndpointName, Observed]:
    return {item.endpoint_name: item for item in observed}


def unread(observed: Iterable[Observed]) -> str | None:
    """Say how many endpoints cannot be read, and why it is so with one of them."""
    found = [item for item in observed if item.unread]
    if not found:
        return None
    count = f"{len(found)} endpoints, and this is one" if len(found) > 1 else "1 endpoint"
    return f"what SageMaker does with {count}, {found[0].endpoint_name}: {found[0].unread}"


def lacks_capacity(reason: str | None) -> bool:
    """Tell whether AWS had no instances: that passes, while a defect does not."""
    return any(words in (reason or "") for words in _CAPACITY)
