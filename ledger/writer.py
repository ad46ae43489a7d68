"""Commit by compare-and-swap, many callers at a time.

`ledger.repository` hands in the clone. The writer decides when to fetch, when to push and what a
failed push meant, and must not know how a clone does either.

A round:
- settle who is past the deadline;
- start from the tip as last seen, or fetch when the last push failed, and then see which changes
  have landed although their push seemed to fail;
- apply each proposal to the snapshot that the one before it left, as a commit of its own;
- push the last commit. The remote takes it only if its head is still where the round started, so
  a push that wins proves the base, and with it every refusal that was said on that base. A branch
  that does not exist yet is a base like any other: the remote takes the first commit only if the
  branch still does not exist;
- a push that failed settles nobody: the next round fetches and looks.
"""

import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ledger.batch import Batch
from ledger.errors import Failure, Refused, Unavailable
from ledger.snapshot import (
    Change,
    CommitRecord,
    Committed,
    Proposal,
    Snapshot,
    answers,
    is_unchanged,
)

_FIRST_PAUSE = 0.03
_LONGEST_PAUSE = 1.0
_STRIKES = 2
_jitter = random.SystemRandom()


class PushFailed(Exception):  # noqa: N818 - it is the name of what happened, not of a class of bugs
    """`moved`: the head was not the base. `verdict`: the server said no. `sent`: it may say yes."""

    def __init__(self, words: str, *, moved: bool = False, verdict: bool, sent: bool) -> None:
        super().__init__(words)
        self.words = words
        self.moved = moved
        self.verdict = verdict
        self.in_doubt = sent and not verdict


class Damaged(Exception):  # noqa: N818 - as above
    """The clone could not be read or written; it has been thrown away, and a fetch makes it new."""


class Store(Protocol):
    """A clone, as the writer needs it; a branch without a commit has the tip `UNBORN`."""

    def known(self) -> Snapshot | None:
        """Give the remote's tip as last seen, without asking."""

    def fetch(self) -> Snapshot:
        """Give the remote's tip now; raises `Failure`."""

    def commit(self, parent: Snapshot, change: Change) -> Snapshot:
        """Make a commit that only the clone has; raises `Refused`, `Damaged`."""

    def push(self, base: Snapshot, tip: Snapshot) -> None:
        """Move the remote's head from `base`, or from nothing; raises `PushFailed`, `Failure`."""

    def between(self, base: str, tip: str) -> Sequence[CommitRecord]:
        """List what `tip` has and `base` has not; raises `Failure`."""

    def touches(self, commit: str, paths: Iterable[str]) -> bool:
        """Tell whether the commit changed every one of these files."""

    def at(self, commit: str) -> Snapshot: ...


@dataclass(eq=False)
class Pending:
    """One caller's change, on its way."""

    proposal: Proposal
    deadline: float
    outcome: Committed | Exception | None = None
    change: Change | None = None
    base: str = ""
    first_base: str | None = None
    sent: list[str] = field(default_factory=list)
    failure: PushFailed | None = None
    trouble: str = "others kept writing before it"
    attempts: int = 0
    strikes: int = 0
    neighbours: int = 0
    alone: bool = False

    @property
    def settled(self) -> bool:
        return self.outcome is not None

    @property
    def in_doubt(self) -> bool:
        return self.failure is not None and self.failure.in_doubt

    def lost(self, base: Snapshot, commit: str, failure: PushFailed) -> None:
        self.base = base.commit
        if self.first_base is None:
            self.first_base = base.commit
        self.sent.append(commit)
        self.failure = failure
        self.attempts += 1

    def delay(self, reason: "Failure | Damaged") -> None:
        """Give up when that is safe: a change in doubt and a broken clone need another look."""
        self.attempts += 1
        if isinstance(reason, Damaged):
            self.trouble = str(reason)
        elif not self.settled and not self.in_doubt:
            self.outcome = reason


class Writer:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._batch: Batch[Pending] = Batch(self._round)
        self._must_look = False

    def commit(self, proposal: Proposal, deadline_seconds: float) -> Committed:
        """Return when the remote has the change. Past the deadline the attempt under way ends."""
        pending = Pending(proposal, time.monotonic() + deadline_seconds)
        self._batch.settle(pending)
        match pending.outcome:
            case Committed() as committed:
                return committed
            case Exception() as error:
                raise error
            case None:
                raise RuntimeError("A change was left without an outcome.")

    def _round(self, everyone: Sequence[Pending]) -> None:
        for pending in everyone:
            if time.monotonic() >= pending.deadline:
                pending.outcome = _too_late(pending)
        waiting = [pending for pending in everyone if not pending.settled]
        chosen = next(([pending] for pending in waiting if pending.alone), waiting)
        try:
            self._attempt(chosen)
        except Failure as failure:
            for pending in chosen:
                pending.delay(failure)
        except Damaged as damage:
            self._must_look = True
            for pending in chosen:
                pending.delay(damage)
        _pause([pending for pending in chosen if not pending.settled])

    def _attempt(self, chosen: Sequence[Pending]) -> None:
        known = None if self._must_look else self._store.known()
        base = known or self._look(chosen)
        proposed = self._propose(base, chosen)
        if known and not proposed.commits:
            base = self._look(chosen)
            proposed = self._propose(base, chosen)
        if proposed.commits:
            try:
                self._store.push(base, proposed.tip)
            except PushFailed as failure:
                self._must_look = True
                proposed.note(base, failure)
                return
        proposed.settle()

    def _look(self, chosen: Sequence[Pending]) -> Snapshot:
        """Fetch, and settle what the fetched history answers."""
        tip = self._store.fetch()
        self._must_look = False
        for pending in chosen:
            if pending.failure is not None:
                pending.outcome = self._landed(pending, tip) or _judged(pending, tip)
        return tip

    def _landed(self, pending: Pending, tip: Snapshot) -> Committed | None:
        """Find a change whose push was applied although we were told otherwise, or nothing."""
        change, base = pending.change, pending.first_base
        if change is None or base is None or tip.commit == base:
            return None
        for record in self._store.between(base, tip.commit):
            same = answers(record, change.request_id)
            if record.commit in pending.sent or (
                same and self._store.touches(record.commit, change.files)
            ):
                return Committed(record.commit, self._store.at(record.commit), change)
        return None

    def _propose(self, base: Snapshot, chosen: Sequence[Pending]) -> "_Proposed":
        proposed = _Proposed(base)
        for pending in chosen:
            if not pending.settled:
                proposed.add(pending, self._outcome(pending, proposed.tip))
        return proposed

    def _outcome(self, pending: Pending, snapshot: Snapshot) -> Committed | Exception:
        try:
            change = pending.proposal(snapshot)
            pending.change = change
            after = snapshot
            if not is_unchanged(change, snapshot):
                after = self._store.commit(snapshot, change)
        except Damaged:
            raise
        except Exception as error:  # noqa: BLE001 - it is its caller's, never its neighbours'
            return error
        return Committed(after.commit, after, change)


class _Proposed:
    """A chain of commits on one base, and what each caller would be told if it were pushed."""

    def __init__(self, base: Snapshot) -> None:
        self.tip = base
        self.commits: list[tuple[Pending, str]] = []
        self._outcomes: list[tuple[Pending, Committed | Exception]] = []

    def add(self, pending: Pending, outcome: Committed | Exception) -> None:
        self._outcomes.append((pending, outcome))
        if isinstance(outcome, Committed) and outcome.commit != self.tip.commit:
            self.tip = outcome.snapshot
            self.commits.append((pending, outcome.commit))

    def note(self, base: Snapshot, failure: PushFailed) -> None:
        for pending, commit in self.commits:
            pending.neighbours = len(self.commits) - 1
            pending.lost(base, commit, failure)

    def settle(self) -> None:
        for pending, outcome in self._outcomes:
            pending.outcome = outcome


def _judged(pending: Pending, tip: Snapshot) -> Failure | None:
    """Decide what a failed push meant that did not land: a lost race, bad luck, or a refusal.

    A head that moved explains the failure. One that did not is tried once more; after that the
    server means it. A server that means a whole batch is asked about each change by itself, so
    that one bad change takes no other with it.
    """
    failure = pending.failure
    if failure is None or failure.moved or tip.commit != pending.base:
        pending.failure, pending.strikes = None, 0
        return None
    pending.strikes += 1
    if pending.strikes < _STRIKES:
        return None
    if failure.verdict and pending.neighbours:
        pending.alone, pending.strikes = True, _STRIKES - 1
        return None
    return _final(failure)


def _final(failure: PushFailed) -> Failure:
    if failure.verdict:
        return Refused("LH2007", f"The git server refuses the change: {failure.words}")
    if failure.in_doubt:
        return _unknown(failure.words)
    return Unavailable(
        "LH2008", f"The change is not committed, for the push failed twice: {failure.words}"
    )


def _too_late(pending: Pending) -> Failure:
    if pending.failure is not None and pending.in_doubt:
        return _unknown(pending.failure.words)
    reason = pending.failure.words if pending.failure else pending.trouble
    return Unavailable(
        "LH2009", f"The change is not committed: the time for it ran out, and {reason}. Try again."
    )


def _unknown(words: str) -> Unavailable:
    return Unavailable(
        "LH2010",
        "The git server did not say whether it took the change, and it may yet appear"
        f" ({words}). Ask again with the same request id: it is applied once.",
    )


def _pause(unsettled: Sequence[Pending]) -> None:
    """Wait with full jitter, so that the losers of a race do not meet again."""
    attempts = min((pending.attempts for pending in unsettled), default=0)
    if unsettled and attempts:
        longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempts - 1))
        time.sleep(_jitter.uniform(0, longest))
