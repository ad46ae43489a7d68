"""What a plan looks at besides the fleet and its endpoints, as values. Pure.

The adapters and the observed history make it, the planner reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from controller.memory.record import Record
from controller.planning.collection import Artifact
from controller.planning.idleness import Use
from controller.planning.scaling_policy import Scale


@dataclass(frozen=True, slots=True)
class Findings:
    """What a plan looks at besides the fleet and its endpoints; empty where nobody looked."""

    record: Record = field(default_factory=Record)
    uses: Mapping[str, Use] = field(default_factory=lambda: MappingProxyType({}))
    scales: Mapping[str, Scale | None] = field(default_factory=lambda: MappingProxyType({}))
    collectible: tuple[Artifact, ...] = ()
    clock_fault: str | None = None
    troubles: tuple[str, ...] = ()
