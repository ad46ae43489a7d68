"""The records of calls to asynchronous models, in S3: found, claimed, kept.

A call with an Idempotency-Key is claimed before it is sent, by a write that one of many can make.
Whoever finds a claim of a process that died takes it over in the same way.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from gateway.models.async_record import Record, State, read_record
from gateway.models.objects import Objects, TakenError
from ledger.errors import Refused, Unavailable, Wait

_CLAIM = timedelta(minutes=1)  # longer than a call to the gateway may take


@dataclass(frozen=True, slots=True)
class Records:
    """Records by their locations. What S3 refuses is raised as `Objects` raises it."""

    objects: Objects

    def find(self, location: str) -> Record | None:
        """Return the record of a call that reached SageMaker."""
        found = self.objects.read(location)
        record = _read(found.body) if found else None
        return record if record and record.state is State.ACCEPTED else None

    def always(self, location: str, _record: Record, send: Callable[[], Record]) -> Record:
        """Send a call, and keep what became of it."""
        accepted = send()
        self._keep(location, accepted)
        return accepted

    def once(self, location: str, record: Record, send: Callable[[], Record]) -> Record:
        """Send a call, or return the one that it repeats.

        Raises Refused LH4288 for another call of the same key, Wait LH4289 while that is sent.
        """
        if earlier := self._claimed(location, record):
            return earlier
        try:
            return self.always(location, record, send)
        except Exception:
            self._keep(location, replace(record, state=State.REFUSED))
            raise

    def _claimed(self, location: str, record: Record) -> Record | None:
        """Return the call that this one repeats; else claim it for this process."""
        tag = None
        if found := self.objects.read(location):
            earlier, tag = _read(found.body), found.tag
            if earlier.digest != record.digest:
                raise Refused(
                    "LH4288",
                    "This Idempotency-Key was used for another call already: take a new one.",
                )
            if earlier.state is State.ACCEPTED:
                return earlier
            if earlier.state is State.TAKEN and record.at - earlier.at < _CLAIM:
                raise _being_sent()
        try:
            self.objects.claim(location, record.to_json(), tag)
        except TakenError as error:
            raise _being_sent() from error
        return None

    def _keep(self, location: str, record: Record) -> None:
        self.objects.put(location, record.to_json(), "application/json")


def _read(content: bytes) -> Record:
    try:
        return read_record(content)
    except ValueError as error:
        said = "What was kept of this call cannot be read. Send it again, with another key."
        raise Unavailable("LH4287", said) from error


def _being_sent() -> Wait:
    said = "A call with this Idempotency-Key is being sent right now: ask again in a moment."
    return Wait("LH4289", said)
