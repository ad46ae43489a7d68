"""What a plan looks at besides the fleet and its endpoints, as values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from controller.planning.artifact import Artifact
from controller.planning.components import HostedBy
from controller.planning.existing_config import ConfigSeen
from controller.planning.idleness import Use
from controller.planning.scaling_policy import Scale
from ledger.names import EndpointName
from ledger.observed import Record

Scales = Mapping[EndpointName, Scale | None]
Configs = Mapping[EndpointName, ConfigSeen]  # that somebody else made, by the endpoint on one


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found; empty where nobody looked. `troubles` say what could not be read, and why."""

    record: Record = field(default_factory=Record)
    uses: Mapping[EndpointName, Use] = field(default_factory=lambda: MappingProxyType({}))
    scales: Scales = field(default_factory=lambda: MappingProxyType({}))
    collectible: tuple[Artifact, ...] = ()
    clock_fault: str | None = None
    set_back_at: datetime | None = None  # since when the ledger's head is behind what was applied
    head_fault: str | None = None
    record_fault: str | None = None
    troubles: tuple[str, ...] = ()
    faults: Mapping[EndpointName, str] = field(default_factory=lambda: MappingProxyType({}))
    configs: Configs = field(default_factory=lambda: MappingProxyType({}))
    hosted: HostedBy = field(default_factory=lambda: MappingProxyType({}))
    hostings: Configs = field(default_factory=lambda: MappingProxyType({}))  # looked at for hosts
