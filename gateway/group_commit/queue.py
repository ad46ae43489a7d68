"""Where changes wait for the process that commits them, as the others see it.

The lock is short, and losing it costs a lost race and nothing else: git's compare-and-swap alone
decides what is committed, and the history says what has been. It must not know where the rows are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

QUEUE_CODE = "LH4242"


@dataclass(frozen=True, slots=True)
class PastTurn:
    """A turn that is over: how long it took, how many changes it answered, and when it ended.

    `ended` is in seconds since 1970 by the clock of the process that led. It is a hint for others
    when to look, and never a reason to decide anything.
    """

    seconds: float = 0.0
    changes: int = 0
    ended: float = 0.0


@dataclass(frozen=True, slots=True)
class Lock:
    """Who leads, by a name that is new each time, and its last sign of life; "" is nobody.

    `began` is when the holder took it, in seconds since 1970 by its clock, and `last` is the turn
    before: hints that make no two locks different.
    """

    holder: str = ""
    beat: int = 0
    somebody_waits: bool = False
    began: float = field(default=0.0, compare=False)
    last: PastTurn = field(default=PastTurn(), compare=False)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A change that waits. Ids sort by when they came."""

    id: str
    intent: str

    @classmethod
    def new(cls, intent: str, now: float) -> Ticket:
        """Make the ticket of a change that comes at `now`, in seconds since 1970."""
        return cls(f"{int(now * 1000):015d}-{uuid4().hex}", intent)

    @property
    def came(self) -> float:
        """When the change came, in seconds since 1970 by its process's clock; 0 is not known."""
        began, _, _ = self.id.partition("-")
        return int(began) / 1000 if began.isdecimal() else 0.0


class Queue(Protocol):
    """The queue of one ledger. Safe to call from many threads.

    Whatever cannot be done raises Unavailable LH4242.
    """

    def acquire(self, me: str, now: float, dead: Lock | None) -> Lock:
        """Take the lock if nobody has it, or its time is over, or `dead` still holds it.

        Returns the lock as it was, where it was taken with `me` as the holder; else who has it.
        """

    def beat(self, me: str, beat: int, now: float) -> None:
        """Show that the holder is alive."""

    def release(self, me: str, turn: PastTurn) -> None:
        """Let go of the lock, and say how the turn was."""

    def put(self, ticket: Ticket, lock: Lock) -> None:
        """Let a change wait; `lock` is as it was last seen."""

    def look(self, ticket_id: str) -> tuple[Lock, str | None]:
        """Return the lock, and what was answered."""

    def waiting(self) -> Sequence[Ticket]:
        """Return who waits, the first first; not all, where there are many."""

    def claim(self, me: str, ids: Collection[str]) -> Collection[str]:
        """Take changes over from whoever has them, and return those that still wait."""

    def settle(self, me: str, answers: Mapping[str, str | None]) -> None:
        """Answer changes that `me` has, or let them wait again where there is no answer."""

    def withdraw(self, ticket_id: str) -> bool:
        """Take back a change that nobody has taken over; tell whether that is so."""
