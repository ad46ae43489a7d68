"""Which commits carry a request's id: how a repeated one is recognised.

It reads as much of the history as a request's id lives, and after that only what is new, so that a
look costs as much as there are commits since the last. Where the branch was rewritten it begins
anew. Commits that may never be pushed are looked at and not remembered.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ledger.deadline import turn
from ledger.history import KEY_LIFETIME
from ledger.repository.clone import Clone
from ledger.repository.requests import Noted, Revert, Wanted
from ledger.repository.walk import MOST_SEARCHED, Since
from ledger.snapshot import CommitRecord, Snapshot

_SLACK = 3600  # seconds by which the clocks of processes may differ
_MOST_MORE = 4096  # commits that may come to those that were found at the beginning


@dataclass
class _Found:
    """What was found up to a commit of the remote; `seen` has the names of all commits."""

    tip: str = ""
    seen: set[str] = field(default_factory=set)
    by_request: dict[str, list[str]] = field(default_factory=dict)
    reverts: list[Revert] = field(default_factory=list)
    most: int = 0

    def add(self, noted: Iterable[Noted]) -> None:
        for each in noted:
            self.seen.add(each.commit)
            if each.request_id:
                self.by_request.setdefault(each.request_id, []).append(each.commit)
            self.reverts.extend(each.reverts)


class RequestIndex:
    """Safe to call from many threads."""

    def __init__(self, clone: Clone, clock: Callable[[], datetime]) -> None:
        self._clone = clone
        self._clock = clock
        self._lock = threading.Lock()
        self._found = _Found()

    def find(self, request_id: str, snapshot: Snapshot | None) -> Sequence[CommitRecord]:
        """Return the commits that carry a request's id, newest first, up to a snapshot.

        Without a snapshot, up to what the remote had last. Raises `Failure`, `Damaged`.
        """
        with turn(self._lock):
            oldest = self._clock().timestamp() - KEY_LIFETIME.total_seconds() - _SLACK
            found = self._caught_up(oldest)
            fresh = _Found()
            if snapshot and snapshot.commit:
                fresh.add(self._since(snapshot.commit, oldest, found.seen))
            commits = [of.by_request.get(request_id, []) for of in (found, fresh)]
            wanted = Wanted([*commits[0], *commits[1]], [*found.reverts, *fresh.reverts], oldest)
        return self._clone.records(wanted)

    def _caught_up(self, oldest: float) -> _Found:
        """Read what the remote has got since the last look; all of it if the branch is another."""
        found, tip = self._found, self._clone.tip()
        if found.tip == tip:
            return found
        newer = self._since(tip, oldest, found.seen)
        if found.tip not in {below for each in newer for below in each.parents}:
            found = _Found()
            newer = self._since(tip, oldest, ()) if self._found.tip else newer
        found.add(newer)
        found.tip = tip
        found.most = found.most or len(newer) + _MOST_MORE
        self._found = found if len(found.seen) <= found.most else _Found()
        return found

    def _since(self, tip: str, oldest: float, known: Collection[str]) -> Sequence[Noted]:
        if not tip or tip in known:
            return ()
        return self._clone.noted(tip, Since(oldest, MOST_SEARCHED, known))
