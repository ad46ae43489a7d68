"""What each status of an endpoint at SageMaker means. Pure.

The only place that knows the statuses by name: all others ask for the phase.

    status                phase      goes on by itself to    an end is
    --------------------  ---------  ----------------------  ---------
    OutOfService          resting                            accepted
    Creating              starting   InService               refused
    InService             serving                            accepted
    Updating              changing   InService, RollingBack  refused
    SystemUpdating        changing   InService               refused
    RollingBack           changing   InService               refused
    Deleting              ending     absent                  refused
    Failed                failed                             accepted
    UpdateRollbackFailed  degraded                           accepted
    absent                absent                             no end
    any other             strange                            not tried

`absent` is Leasehold's own word for an endpoint that is not there. The column "goes on" has the
moves whose cause is what began them; a failure has a cause of its own.
"""

from collections.abc import Mapping
from enum import StrEnum

ABSENT = "absent"


class Status(StrEnum):
    """The statuses in AWS's own words."""

    OUT_OF_SERVICE = "OutOfService"
    CREATING = "Creating"
    IN_SERVICE = "InService"
    UPDATING = "Updating"
    SYSTEM_UPDATING = "SystemUpdating"
    ROLLING_BACK = "RollingBack"
    DELETING = "Deleting"
    FAILED = "Failed"
    UPDATE_ROLLBACK_FAILED = "UpdateRollbackFailed"


class Phase(StrEnum):
    RESTING = "resting"
    STARTING = "starting"
    SERVING = "serving"
    CHANGING = "changing"
    ENDING = "ending"
    FAILED = "failed"
    DEGRADED = "degraded"
    ABSENT = "absent"
    STRANGE = "strange"

    @property
    def is_busy(self) -> bool:
        """Tell whether something is in progress: SageMaker refuses updates and ends until then."""
        return self in _BUSY

    @property
    def accepts_end(self) -> bool:
        """Tell whether SageMaker accepts DeleteEndpoint now."""
        return self in _ACCEPTS_END

    @property
    def is_billed(self) -> bool:
        """Tell whether it may have instances, so that it costs."""
        return self not in _NOT_BILLED


_BUSY = frozenset({Phase.STARTING, Phase.CHANGING, Phase.ENDING})
_ACCEPTS_END = frozenset({Phase.RESTING, Phase.SERVING, Phase.FAILED, Phase.DEGRADED})
_NOT_BILLED = frozenset({Phase.FAILED, Phase.ENDING, Phase.RESTING, Phase.ABSENT})
_PHASES: Mapping[str, Phase] = {
    Status.OUT_OF_SERVICE: Phase.RESTING,
    Status.CREATING: Phase.STARTING,
    Status.IN_SERVICE: Phase.SERVING,
    Status.UPDATING: Phase.CHANGING,
    Status.SYSTEM_UPDATING: Phase.CHANGING,
    Status.ROLLING_BACK: Phase.CHANGING,
    Status.DELETING: Phase.ENDING,
    Status.FAILED: Phase.FAILED,
    Status.UPDATE_ROLLBACK_FAILED: Phase.DEGRADED,
    ABSENT: Phase.ABSENT,
}
_GOES_ON_TO: Mapping[str, frozenset[str]] = {
    Status.CREATING: frozenset({Status.IN_SERVICE}),
    Status.UPDATING: frozenset({Status.IN_SERVICE, Status.ROLLING_BACK}),
    Status.SYSTEM_UPDATING: frozenset({Status.IN_SERVICE}),
    Status.ROLLING_BACK: frozenset({Status.IN_SERVICE}),
    Status.DELETING: frozenset({ABSENT}),
}


def phase_of(status: str) -> Phase:
    """Return the phase of a status; one that this version does not know is strange."""
    return _PHASES.get(status, Phase.STRANGE)


def follows(before: str, after: str) -> bool:
    """Tell whether SageMaker goes from one status to the other by itself."""
    return after in _GOES_ON_TO.get(before, ())
