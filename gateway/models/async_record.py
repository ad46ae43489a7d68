"""What is kept of a call to an asynchronous model: who asks whom, and where the answer is. Pure.

Below the environment's `async_input_path` each caller has a folder, named by a digest of the e-mail
address. In it a call has what the model is sent and a record, named by a digest of the endpoint and
the request; folder and name together are the id that the caller is told. So an id of somebody else
is known without a look at anything.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from gateway.http.call import Call
from gateway.principal import Scope
from ledger.instants import stamp

EVERYBODY = "everybody"  # who asks a public definition shows no token
LONGEST_IN_QUEUE = timedelta(hours=6)
LONGEST_AT_WORK = timedelta(minutes=15)  # SageMaker's, where a call does not say
_UPLOAD = re.compile(r"([0-9a-f]{24})/([0-9a-f]{32})\.upload")


class State(StrEnum):
    """How far a call got on its way to SageMaker."""

    TAKEN = "taken"
    REFUSED = "refused"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class CallId:
    """A caller's folder, and the name of one call in it."""

    folder: str
    name: str

    def __str__(self) -> str:
        return f"{self.folder}-{self.name}"

    @property
    def record(self) -> str:
        return f"{self.folder}/{self.name}.json"

    @property
    def input(self) -> str:
        return f"{self.folder}/{self.name}.input"

    @property
    def upload(self) -> str:
        return f"{self.folder}/{self.name}.upload"

    def is_told_to(self, call: Call) -> bool:
        return call.principal.allows(Scope.ADMIN) or self.folder == folder_of(call)


@dataclass(frozen=True, slots=True)
class Record:
    """One call. `digest` sums up what was asked; after `until` no answer comes any more."""

    endpoint: str
    digest: str
    state: State
    at: datetime
    until: datetime
    output: str = ""
    failure: str = ""
    inference_id: str = ""

    def accepted(self, output: str, failure: str, inference_id: str) -> Self:
        """Return it as SageMaker has taken it on."""
        return replace(
            self, state=State.ACCEPTED, output=output, failure=failure, inference_id=inference_id
        )

    def to_json(self) -> bytes:
        times = {"at": stamp(self.at), "until": stamp(self.until)}
        return json.dumps({**asdict(self), **times}).encode()


def read_record(content: bytes) -> Record:
    """Read what `to_json` wrote. Raises ValueError for anything else."""
    try:
        data = json.loads(content)
        times = {key: datetime.fromisoformat(data[key]) for key in ("at", "until")}
        return Record(**{**data, **times, "state": State(data["state"])})
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def folder_of(call: Call) -> str:
    """Name the folder of whoever calls. Capitals make no second caller."""
    if call.caller is None:
        return EVERYBODY
    return hashlib.sha256(call.caller.email.casefold().encode()).hexdigest()[:24]


def id_of(call: Call, endpoint_name: str) -> CallId:
    """Name a call; one that is repeated with its Idempotency-Key has the same name.

    A key counts for its caller only, so it counts for nothing where nobody says who calls.
    """
    asked = f"{endpoint_name.casefold()}\n{call.request_id if call.caller else call.id}"
    return CallId(folder_of(call), hashlib.sha256(asked.encode()).hexdigest()[:32])


def read_id(text: str) -> CallId:
    """Take apart what `ResultId` in the table of routes has let through."""
    folder, _, name = text.partition("-")
    return CallId(folder, name)


def upload_at(call: Call, location: str, path: str) -> CallId | None:
    """Return the upload that a location is, if it is one of this caller's."""
    found = _UPLOAD.fullmatch(location.removeprefix(path)) if location.startswith(path) else None
    if found is None or found[1] != folder_of(call):
        return None
    return CallId(found[1], found[2])


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
