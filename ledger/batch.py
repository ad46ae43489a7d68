"""A queue in which one of the callers does the work for all of them.

Group commit rests on it: whoever finds nobody at work leads, round after round, until its own
ticket is settled; then one of those still waiting takes over. Who comes while a round is under way
joins the next. There is no thread of its own, so there is none to stop. It must not know what a
round does.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar


class Ticket(Protocol):
    """What a caller hands in."""

    @property
    def settled(self) -> bool: ...


T = TypeVar("T", bound=Ticket)


class Batch(Generic[T]):
    """`work` gets every unsettled ticket, in order of arrival, and need not settle them all."""

    def __init__(self, work: Callable[[Sequence[T]], None]) -> None:
        self._work = work
        self._turn = threading.Condition()
        self._waiting: list[T] = []
        self._at_work: tuple[T, ...] = ()
        self._led = False

    def settle(self, ticket: T, most_seconds: float | None = None) -> bool:
        """Return when the ticket is settled, by this thread or by another.

        Who waits for another's round longer than that takes the ticket back, and finds it unsettled
        as a rule. False is a ticket that a round is at work on: what comes of it shows later.
        """
        with self._turn:
            self._waiting.append(ticket)
            self._turn.wait_for(lambda: ticket.settled or not self._led, most_seconds)
            if ticket.settled:
                return True
            if self._led:
                self._waiting.remove(ticket)
                return ticket not in self._at_work
            self._led = True
        self._lead(ticket)
        return True

    def _lead(self, ticket: T) -> None:
        try:
            while not ticket.settled:
                self._work(self._round())
                self._wake()
        finally:
            with self._turn:
                self._led, self._at_work = False, ()
                self._waiting = [t for t in self._waiting if t is not ticket]
            self._wake()

    def _round(self) -> tuple[T, ...]:
        with self._turn:
            self._waiting = [ticket for ticket in self._waiting if not ticket.settled]
            self._at_work = tuple(self._waiting)
            return self._at_work

    def _wake(self) -> None:
        with self._turn:
            self._turn.notify_all()
