"""One caller's change on its way to the remote, and what a failed push of it meant.

There is one for each caller that waits. It must not know when to fetch or to push.
"""

from dataclasses import dataclass, field

from ledger.errors import Failure, Refused, Unavailable
from ledger.push_rate import PushRate, TooManyPushes
from ledger.snapshot import Change, Committed, Proposal, Snapshot

_MOST_UNEXPLAINED = 2


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


@dataclass(eq=False)
class QueuedChange:
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
    unexplained: int = 0
    others_in_push: int = 0
    alone: bool = False
    judged: bool = False
    examined: bool = False

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
        self.failure, self.judged = failure, False
        self.attempts += 1

    def hold(self, push_rate: PushRate, seconds: float, until: float) -> None:
        """Wait for the next push, or be told at once that it would come too late.

        A change in doubt waits in any case: perhaps there is no need to push it again.
        """
        if until >= self.deadline and not self.in_doubt:
            self.outcome = TooManyPushes(push_rate, seconds)

    def delay(self, reason: Failure | Damaged) -> None:
        """Give up when that is safe: a change in doubt and a broken clone need another look."""
        self.attempts += 1
        if isinstance(reason, Damaged):
            self.trouble = str(reason)
        elif not self.settled and not self.in_doubt:
            self.outcome = reason


def judged(queued: QueuedChange, tip: Snapshot) -> Failure | None:
    """Decide what a failed push meant that did not land: a lost race, bad luck, or a refusal.

    A head that moved explains the failure. One that did not is tried once more; after that the
    server means it. A server that means a whole batch is asked about each change by itself, so
    that one bad change takes no other with it.
    """
    failure = queued.failure
    if failure is None or failure.moved or tip.commit != queued.base:
        queued.failure, queued.unexplained = None, 0
        return None
    if queued.judged:  # nothing was pushed since
        return None
    queued.judged = True
    queued.unexplained += 1
    if queued.unexplained < _MOST_UNEXPLAINED:
        return None
    if failure.verdict and queued.others_in_push:
        queued.alone, queued.unexplained = True, _MOST_UNEXPLAINED - 1
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


def too_late(queued: QueuedChange) -> Failure:
    if queued.failure is not None and queued.in_doubt:
        return _unknown(queued.failure.words)
    reason = queued.failure.words if queued.failure else queued.trouble
    return Unavailable(
        "LH2009", f"The change is not committed: the time for it ran out, and {reason}. Try again."
    )


def overtaken(queued: QueuedChange, *, is_told: bool) -> Failure:
    """Say what is known of a change whose caller waited for another's attempt, and no longer."""
    if is_told and not queued.in_doubt:
        return too_late(queued)
    return _unknown("the time ran out while it was on its way")


def _unknown(words: str) -> Unavailable:
    return Unavailable(
        "LH2010",
        "The git server did not say whether it took the change, and it may yet appear"
        f" ({words}). Ask again with the same request id: it is applied once.",
    )
