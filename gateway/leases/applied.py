"""`GET /reconcile?commit=SHA`: whether the fleet is as a commit of the ledger wants it.

The controller alone knows, and notes it beside the observed history: see `ledger.observed`. What it
has not noted is not applied yet.
"""

from dataclasses import dataclass
from typing import Any

from gateway.http.answer import Answer
from gateway.http.call import Call
from ledger import observed
from ledger.errors import Refused
from ledger.holdings import fleet_of
from ledger.lease import stamp
from ledger.names import EndpointName
from ledger.repository import MOST_BETWEEN, Repository, Snapshot


@dataclass(frozen=True, slots=True)
class Applied:
    """The commits of one environment's ledger. Safe to call from many threads."""

    ledger: Repository
    status: Repository | None
    environment: str

    def tell(self, call: Call) -> Answer:
        """Compare with what the controller noted.

        Raises Refused LH4409 for an unknown commit, LH4106 or LH4109 for an endpoint.
        """
        wanted, name = (call.parameter("commit") or "").lower(), call.parameter("EndpointName")
        snapshot = self.ledger.read()
        fleet = fleet_of(snapshot, self.environment)
        item = fleet.get(name) if name is not None else None
        endpoint = item.endpoint_name if item else None
        noted, commit = self._noted(), self._found(wanted, snapshot)
        if item is not None:
            call.principal.check_reach(item.endpoint_name, item.owner)
        owners = {each.endpoint_name: each.owner for each in fleet.items}
        open_ = [
            each
            for each in (noted.open if noted else ())
            if call.principal.reaches(each, owners.get(EndpointName(each)))
        ]
        left = [each for each in open_ if endpoint in (None, each)]
        answer: dict[str, Any] = {
            "Commit": commit,
            "Applied": not left and self._is_reached(commit, noted),
            "Head": snapshot.commit,
            "AppliedCommit": noted.commit if noted else None,
            "Open": left,
            "At": stamp(noted.at) if noted else None,
        }
        return Answer(answer)

    def _noted(self) -> observed.Applied | None:
        files = self.status.read().files if self.status else {}
        return observed.read_applied(files, self.environment)

    def _found(self, wanted: str, snapshot: Snapshot) -> str:
        if wanted == snapshot.commit:  # what a person asks who has just pushed
            return wanted
        if (found := self.ledger.find(wanted)) is None:
            raise Refused(
                "LH4409",
                f"{wanted} is not among the nearest {MOST_BETWEEN} commits of the ledger, or"
                " several begin with it: give the whole id of a newer one.",
            )
        return found.commit

    def _is_reached(self, commit: str, noted: observed.Applied | None) -> bool:
        if noted is None or noted.commit == commit:
            return noted is not None
        return self.ledger.descends(noted.commit, commit)
