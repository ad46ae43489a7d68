"""One endpoint as SageMaker has it, and what its statuses mean. Pure.

`endpoints` makes it; the planner and the record read it. Times are in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ledger.documents import Environment
from ledger.tags import ENVIRONMENT_TAG, PROJECT_TAG

BUSY = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})
SETTLED = frozenset({"InService", "OutOfService", "UpdateRollbackFailed", "Failed"})
_CAPACITY = ("InsufficientInstanceCapacity", "CapacityError", "requested ML compute capacity")


@dataclass(frozen=True, slots=True)
class Observed:
    """One endpoint as SageMaker has it."""

    endpoint_name: str
    status: str
    modified_at: datetime
    config_name: str | None = None
    failure_reason: str | None = None
    tags: Mapping[str, str] | None = None
    created_at: datetime | None = None
    pending_config: str | None = None
    variants: tuple[str, ...] = ()

    def belongs_to(self, environment: Environment, environment_name: str) -> bool:
        tags = self.tags or {}
        return (tags.get(PROJECT_TAG), tags.get(ENVIRONMENT_TAG)) == (
            environment.project_prefix,
            environment_name,
        )


def lacks_capacity(reason: str | None) -> bool:
    """Tell whether AWS had no instances: that passes, while a defect does not."""
    return any(words in (reason or "") for words in _CAPACITY)
