"""A definition that an import makes: its content, and where each field came from. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leasehold.predecessor.notes import Note
from ledger.names import EndpointName

SCHEMA = "../../schema/endpoint.schema.json"


@dataclass(frozen=True, slots=True)
class Made:
    """A definition, the endpoint that it is about, and where its fields came from."""

    name: str
    endpoint_name: EndpointName
    data: Mapping[str, Any]
    notes: list[Note] = field(default_factory=list)

    @property
    def is_async(self) -> bool:
        return self.data.get("inference_type") == "async"

    @property
    def is_metered(self) -> bool:
        """Tell whether it has a lease: an asynchronous one without a schedule has none."""
        return not self.is_async or "schedule" in self.data

    @property
    def has_hours(self) -> bool:
        schedule = self.data.get("schedule")
        return isinstance(schedule, Mapping) and "windows" in schedule
