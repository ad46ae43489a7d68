"""What AWS has of the predecessor: values, without a client. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from controller.planning.observed import Existing
from leasehold.predecessor.expiries import Expiry
from ledger.names import EndpointName
from ledger.phases import Phase, phase_of
from ledger.tags import ADOPTABLE_TAG, TAG_PREFIX

TICK = "Start/Stop Endpoint Lambda Rule"  # the description of the predecessor's rule
_GONE_SOON = frozenset({Phase.ENDING, Phase.FAILED})


@dataclass(frozen=True, slots=True)
class ConfigFound:
    """An endpoint config: what its variants run on, and where asynchronous answers go."""

    instance_types: tuple[str, ...] = ()
    instance_count: int = 0
    async_inference: Mapping[str, Any] | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule that calls the predecessor's tick."""

    name: str
    is_enabled: bool


@dataclass(frozen=True, slots=True)
class TokensFound:
    count: int = 0
    problem: str = ""
    is_absent: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """An account and region: `rules` is None where they could not be listed."""

    expiries: Mapping[EndpointName, Expiry] = field(default_factory=dict)
    endpoints: Mapping[EndpointName, Existing] = field(default_factory=dict)
    configs: Mapping[str, ConfigFound] = field(default_factory=dict)
    tokens: TokensFound = TokensFound()
    rules: tuple[Rule, ...] | None = None

    def serving(self, name: EndpointName) -> Existing | None:
        """Return an endpoint that is there and stays, or is about to come."""
        there = self.endpoints.get(name)
        return None if there is None or phase_of(there.status) in _GONE_SOON else there

    def is_leaseholds(self, name: EndpointName) -> bool:
        """Tell whether an endpoint bears Leasehold's tags already, besides an owner's consent."""
        there = self.endpoints.get(name)
        tags = there.tags if there else {}
        return any(key.startswith(TAG_PREFIX) and key != ADOPTABLE_TAG for key in tags)
