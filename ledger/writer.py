"""Commit by compare-and-swap, many callers at a time.

It decides when to fetch, when to push and what a failed push meant, and must not know how a clone
does either.

A round:
- settle who is past the deadline;
- after a failed push, fetch and see which changes have landed although their push seemed to fail;
- while pushes are too frequent for the settings, those of other processes counted, wait and let
  callers gather; tell those at once for whom the next push comes too late;
- start from the tip as last seen, or from a fetched one where pushes are few;
- apply each proposal to the snapshot that the one before it left, as a commit of its own;
- push the last commit. The remote takes it only if its head is still where the round started, so
  a push that wins proves the base, and with it every refusal that was said on that base. A branch
  that does not exist yet is a base like any other: the remote takes the first commit only if the
  branch still does not exist;
- a push that failed settles nobody: the next round fetches and looks.
"""

import random
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ledger.batch import Batch
from ledger.deadline import left
from ledger.errors import Failure
from ledger.push_rate import MINUTE, PushRate
from ledger.queued_change import (
    Damaged,
    PushFailed,
    QueuedChange,
    judged,
    overtaken,
    too_late,
)
from ledger.snapshot import (
    Change,
    CommitRecord,
    Committed,
    Proposal,
    Snapshot,
    answers,
    is_unchanged,
)

__all__ = ["Damaged", "PushFailed", "Stopwatch", "Store", "Writer"]

_FIRST_PAUSE = 0.03
_LONGEST_PAUSE = 1.0
_MOST_HALVINGS = 6
_LONGEST_ATTEMPT = 120.0  # seconds that another's attempt is waited for
_jitter = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Stopwatch:
    """How the writer measures time and lets it pass: seconds of a monotonic clock."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Store(Protocol):
    """A clone, as the writer needs it; a branch without a commit has the tip `UNBORN`."""

    def known(self) -> Snapshot | None:
        """Return the remote's tip as last seen, without asking."""

    def fetch(self) -> Snapshot:
        """Return the remote's tip now; raises `Failure`."""

    def commit(self, parent: Snapshot, change: Change) -> Snapshot:
        """Make a commit that only the clone has; raises `Refused`, `Damaged`."""

    def push(self, base: Snapshot, tip: Snapshot) -> None:
        """Move the remote's head from `base`, or from nothing; raises `PushFailed`, `Failure`."""

    def between(self, base: str, tip: str) -> Sequence[CommitRecord]:
        """List what `tip` has and `base` has not, as far as it was committed lately."""

    def recent(self, base: str, tip: str, seconds: float) -> Sequence[float]:
        """Tell how long ago, of the last `seconds`, requests were committed; raises `Failure`.

        In seconds, the longest ago first, up to `tip` and after `base`, which "" is before all.
        """

    def touches(self, commit: str, paths: Collection[str]) -> bool:
        """Tell whether the commit changed every one of these files."""

    def at(self, commit: str) -> Snapshot: ...


class Writer:
    def __init__(self, store: Store, stopwatch: Stopwatch) -> None:
        self._store = store
        self._time = stopwatch
        self._batch: Batch[QueuedChange] = Batch(self._round)
        self._must_look = False
        self._lost = 0  # races, lately
        self._push_rate = PushRate()
        self._counted = ""  # the commit up to which the pushes of others are counted

    def expect(self, callers: int) -> None:
        """Let the next push wait a little for so many callers, so that they share it."""
        self._batch.expect(callers)

    def excuse(self) -> None:
        """Wait for one caller less: it has ended, perhaps without a commit."""
        self._batch.excuse()

    def commit(self, proposal: Proposal, deadline_seconds: float) -> Committed:
        """Return when the remote has the change. Past the deadline the attempt under way ends."""
        queued = QueuedChange(proposal, self._time.now() + deadline_seconds)
        is_told = self._batch.settle(queued, left(deadline_seconds + _LONGEST_ATTEMPT))
        match queued.outcome:
            case Committed() as committed:
                return committed
            case Exception() as error:
                raise error
            case None:
                raise overtaken(queued, is_told=is_told)

    def _round(self, everyone: Sequence[QueuedChange]) -> None:
        for queued in everyone:
            if self._time.now() >= queued.deadline:
                queued.outcome = too_late(queued)
        waiting = [queued for queued in everyone if not queued.settled]
        chosen: Sequence[QueuedChange] = waiting
        try:
            looked = self._look(waiting) if self._must_look else None
            chosen = self._chosen(waiting)
            self._attempt(chosen, looked)
        except Failure as failure:
            for queued in chosen:
                queued.delay(failure)
        except Damaged as damage:
            self._must_look = True
            for queued in chosen:
                queued.delay(damage)
        self._pause([queued for queued in chosen if not queued.settled])

    def _chosen(self, waiting: Sequence[QueuedChange]) -> Sequence[QueuedChange]:
        """Choose all, but fewer after each lost race: a smaller batch is faster, and wins."""
        left = [queued for queued in waiting if not queued.settled]
        for queued in left:
            if queued.alone:
                return [queued]
        return left if self._push_rate.most else left[: max(1, len(left) >> self._lost)]

    def _attempt(self, chosen: Sequence[QueuedChange], looked: Snapshot | None) -> None:
        if self._push_rate.wait(self._time.now()):
            self._hold(chosen)
            return
        if looked is None and self._push_rate.most:  # a race that is lost costs one of few pushes
            looked = self._look(chosen)
        known = looked or self._store.known()
        base = known or self._look(chosen)
        proposed = self._propose(base, chosen)
        if known and not looked and not proposed.commits:
            base = self._look(chosen)
            proposed = self._propose(base, chosen)
        if not proposed.commits:
            proposed.settle()
        elif self._may_push(base, proposed):
            self._push(base, proposed)

    def _may_push(self, base: Snapshot, proposed: "_Proposed") -> bool:
        """Go by the limit that the newest settings have, and by what others have pushed.

        A push that wins proves its base, so no push is missed that came before it.
        """
        self._push_rate = self._push_rate.limited_to(proposed.most_pushes)
        now = self._time.now()
        if self._push_rate.most and base.commit != self._counted:
            for age in self._store.recent(self._counted, base.commit, MINUTE):
                self._push_rate = self._push_rate.found(now - age)
            self._counted = base.commit
        return not self._push_rate.wait(now)

    def _push(self, base: Snapshot, proposed: "_Proposed") -> None:
        self._push_rate = self._push_rate.pushed(self._time.now())
        try:
            self._store.push(base, proposed.tip)
        except PushFailed as failure:
            self._must_look = True
            self._lost = min(self._lost + 1, _MOST_HALVINGS)
            proposed.note(base, failure)
            return
        self._lost = max(self._lost - 1, 0)
        if self._counted == base.commit:
            self._counted = proposed.tip.commit
        proposed.settle()

    def _hold(self, chosen: Sequence[QueuedChange]) -> None:
        """Let requests gather for the next push. Short sleeps, for those who come meanwhile."""
        self._examine([queued for queued in chosen if not queued.examined])
        now = self._time.now()
        seconds = self._push_rate.wait(now)
        waiting = [queued for queued in chosen if not queued.settled]
        for queued in waiting:
            queued.hold(self._push_rate, seconds, now + seconds)
        if not all(queued.settled for queued in waiting):
            self._time.sleep(min(seconds, _LONGEST_PAUSE))

    def _examine(self, newcomers: Sequence[QueuedChange]) -> None:
        """Answer at once whose request needs no push: it is refused, or applied already."""
        if not newcomers:
            return
        tip = self._look(newcomers)
        for queued in newcomers:
            queued.examined = True
            if not queued.settled and queued.failure is None:
                queued.outcome = _without_push(queued, tip)

    def _look(self, chosen: Sequence[QueuedChange]) -> Snapshot:
        """Fetch, and settle what the fetched history answers."""
        tip = self._store.fetch()
        self._must_look = False
        for queued in chosen:
            if queued.failure is not None:
                queued.outcome = self._landed(queued, tip) or judged(queued, tip)
        return tip

    def _landed(self, queued: QueuedChange, tip: Snapshot) -> Committed | None:
        """Find a change whose push was applied although we were told otherwise, or nothing."""
        change, base = queued.change, queued.first_base
        if change is None or base is None or tip.commit == base:
            return None
        for record in self._store.between(base, tip.commit):
            same = answers(record, change)
            if record.commit in queued.sent or (
                same and self._store.touches(record.commit, change.files)
            ):
                found = replace(change, message=record.message)  # a copy may have been faster
                return Committed(record.commit, self._store.at(record.commit), found)
        return None

    def _propose(self, base: Snapshot, chosen: Sequence[QueuedChange]) -> "_Proposed":
        proposed = _Proposed(base)
        for queued in chosen:
            if not queued.settled:
                proposed.add(queued, self._outcome(queued, proposed.tip))
        return proposed

    def _outcome(self, queued: QueuedChange, snapshot: Snapshot) -> Committed | Exception:
        try:
            change = queued.proposal(snapshot)
            queued.change = change
            after = snapshot
            if not is_unchanged(change, snapshot):
                after = self._store.commit(snapshot, change)
        except Damaged:
            raise
        except Exception as error:  # noqa: BLE001 - it is its caller's, never its others_in_push'
            return error
        return Committed(after.commit, after, change)

    def _pause(self, unsettled: Sequence[QueuedChange]) -> None:
        """Wait with full jitter, so that the losers of a race do not meet again."""
        attempts = min((queued.attempts for queued in unsettled), default=0)
        if unsettled and attempts:
            longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempts - 1))
            self._time.sleep(_jitter.uniform(0, longest))


def _without_push(queued: QueuedChange, tip: Snapshot) -> Committed | Exception | None:
    try:
        change = queued.proposal(tip)
    except Damaged:
        raise
    except Exception as error:  # noqa: BLE001 - it is its caller's, never its others_in_push'
        return error
    return Committed(tip.commit, tip, change) if is_unchanged(change, tip) else None


class _Proposed:
    """A chain of commits on one base, and what each caller would be told if it were pushed."""

    def __init__(self, base: Snapshot) -> None:
        self.tip = base
        self.commits: list[tuple[QueuedChange, str]] = []
        self._outcomes: list[tuple[QueuedChange, Committed | Exception]] = []

    def add(self, queued: QueuedChange, outcome: Committed | Exception) -> None:
        self._outcomes.append((queued, outcome))
        if isinstance(outcome, Committed) and outcome.commit != self.tip.commit:
            self.tip = outcome.snapshot
            self.commits.append((queued, outcome.commit))

    @property
    def most_pushes(self) -> int | None:
        """The strictest limit that a change of this chain names."""
        named = [queued.change.most_pushes for queued, _ in self.commits if queued.change]
        return min((limit for limit in named if limit is not None), default=None)

    def note(self, base: Snapshot, failure: PushFailed) -> None:
        for queued, commit in self.commits:
            queued.others_in_push = len(self.commits) - 1
            queued.lost(base, commit, failure)

    def settle(self) -> None:
        for queued, outcome in self._outcomes:
            queued.outcome = outcome
