"""Which requests the newest commits answer: how a repeated one is recognised.

It reads the history once and after that only what is new, so that a look costs as much as there are
commits since the last. Commits that may never be pushed are looked at and not remembered.
"""

import threading
from collections.abc import Iterable
from contextlib import suppress

from ledger.errors import Failure
from ledger.history import trailers
from ledger.repository.clone import Clone
from ledger.snapshot import CommitRecord, Snapshot
from ledger.writer import Damaged

REMEMBERED = 1000  # commits


class RequestIndex:
    """Safe to call from many threads."""

    def __init__(self, clone: Clone) -> None:
        self._clone = clone
        self._lock = threading.Lock()
        self._tip: str | None = None
        self._by_request: dict[str, CommitRecord] = {}

    def find(self, request_id: str, snapshot: Snapshot | None) -> CommitRecord | None:
        """Find the commit that answers a request, in the history up to a snapshot.

        Without a snapshot, up to what was remembered last. Raises `Failure`.
        """
        with self._lock:
            if self._tip is None:
                self._begin()
            newer = self._since(snapshot.commit) if snapshot else ()
            fresh = {_request(record): record for record in newer}
            return self._by_request.get(request_id) or fresh.get(request_id)

    def learn(self, tip: str) -> None:
        """Remember the requests up to a commit that the remote has; another time if it fails."""
        with self._lock, suppress(Failure, Damaged):
            if self._tip is not None and (newer := self._since(tip)):
                self._remember(reversed(newer), tip)

    def _begin(self) -> None:
        records = list(self._clone.latest(REMEMBERED))
        if records:
            self._remember(reversed(records), records[0].commit)

    def _since(self, tip: str) -> list[CommitRecord]:
        return list(self._clone.between(self._tip or "", tip)) if tip != self._tip else []

    def _remember(self, oldest_first: Iterable[CommitRecord], tip: str) -> None:
        for record in oldest_first:
            if request_id := _request(record):
                self._by_request.setdefault(request_id, record)
        for request_id in list(self._by_request)[:-REMEMBERED]:
            del self._by_request[request_id]
        self._tip = tip


def _request(record: CommitRecord) -> str:
    return trailers(record.message).get("Request-Id", "")
