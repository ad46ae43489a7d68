"""`GET /reconcile?commit=SHA`: whether the fleet is as a commit of the ledger wants it.

The controller alone knows, and notes it on the observed history's branch, in `<env>.applied.json`:
`commit`, the ledger's head as the last tick that had news saw it; `open`, the endpoints that were
not as that commit wants them; `at`, when that was. Only what is read there is said here: what the
controller has not noted is not applied yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.http.answer import Answer
from gateway.http.call import Call
from ledger.errors import Refused
from ledger.holdings import fleet_of
from ledger.json_files import read_json
from ledger.repository import Repository, Snapshot


@dataclass(frozen=True, slots=True)
class Noted:
    """What the controller has noted last; before the first time, nothing."""

    commit: str | None = None
    at: str | None = None
    open: tuple[str, ...] = ()


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
        endpoint = self._endpoint(snapshot, name) if name is not None else None
        noted, commit = self._noted(), self._found(wanted, snapshot)
        left = [each for each in noted.open if endpoint in (None, each)]
        answer: dict[str, Any] = {
            "Commit": commit,
            "Applied": not left and self._is_reached(commit, noted),
            "Head": snapshot.commit,
            "AppliedCommit": noted.commit,
            "Open": left,
            "At": noted.at,
        }
        return Answer(answer)

    def _endpoint(self, snapshot: Snapshot, name: str) -> str:
        return fleet_of(snapshot, self.environment).get(name).endpoint_name

    def _noted(self) -> Noted:
        files = self.status.read().files if self.status else {}
        return noted(files, self.environment)

    def _found(self, wanted: str, snapshot: Snapshot) -> str:
        if wanted == snapshot.commit:  # what a person asks who has just pushed
            return wanted
        if (found := self.ledger.find(wanted)) is None:
            raise Refused(
                "LH4409", f"{wanted} is not a commit of the ledger, or several begin with it."
            )
        return found.commit

    def _is_reached(self, commit: str, noted: Noted) -> bool:
        if noted.commit is None or noted.commit == commit:
            return noted.commit == commit
        return self.ledger.find(commit, of=noted.commit) is not None


def noted(files: Mapping[str, bytes], environment: str) -> Noted:
    """Read what the controller has noted; what cannot be read is as good as nothing."""
    path = f"{environment}.applied.json"
    if path not in files:
        return Noted()
    data = read_json(path, files[path], "applied")
    if isinstance(data, tuple):
        return Noted()
    return Noted(data["commit"], data["at"], tuple(data["open"]))
