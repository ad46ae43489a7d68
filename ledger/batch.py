"""A queue in which one of the callers does the work for all of them.

Group commit rests on it: whoever finds nobody at work leads, round after round, until its own
ticket is settled; then one of those still waiting takes over. Who comes while a round is under way
joins the next. Who knows of callers to come may announce them, and a round waits for these. There
is no thread of its own, so there is none to stop. It must not know what a round does.
"""

import threading
import time
from collections.abc import Callable, Sequence
from math import inf
from typing import Generic, Protocol, TypeVar


class Ticket(Protocol):
    """What a caller hands in."""

    @property
    def settled(self) -> bool: ...


T = TypeVar("T", bound=Ticket)
_LONGEST_SILENCE = 2.0  # seconds in which nobody comes of those who are expected


class Batch(Generic[T]):
    """`work` gets every unsettled ticket, in order of arrival, and need not settle them all."""

    def __init__(self, work: Callable[[Sequence[T]], None]) -> None:
        self._work = work
        self._turn = threading.Condition()
        self._waiting: list[T] = []
        self._at_work: tuple[T, ...] = ()
        self._led = False
        self._expected = 0

    def expect(self, callers: int) -> None:
        """Begin no round before so many more have come, or have been excused."""
        with self._turn:
            self._expected += callers

    def excuse(self) -> None:
        """Expect one caller less. One too many only lets a round begin sooner."""
        with self._turn:
            self._one_less()

    def settle(self, ticket: T, most_seconds: float | None = None) -> bool:
        """Return when the ticket is settled, by this thread or by another.

        Who waits for another's round longer than that takes the ticket back, and finds it unsettled
        as a rule. False is a ticket that a round is at work on: what comes of it shows later.
        """
        with self._turn:
            self._waiting.append(ticket)
            self._one_less()
            self._wait(ticket, most_seconds)
            if ticket.settled:
                return True
            if self._led:
                self._waiting.remove(ticket)
                return ticket not in self._at_work
            self._led = True
        self._lead(ticket)
        return True

    def _wait(self, ticket: T, most_seconds: float | None) -> None:
        until = inf if most_seconds is None else time.monotonic() + most_seconds
        while not ticket.settled and (self._led or self._expected):
            rest = until - time.monotonic()
            if rest <= 0:
                return
            if not self._turn.wait(min(rest, _LONGEST_SILENCE)) and rest > _LONGEST_SILENCE:
                self._expected = 0

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

    def _one_less(self) -> None:
        self._expected = max(0, self._expected - 1)
        if not self._expected:
            self._turn.notify_all()

    def _round(self) -> tuple[T, ...]:
        with self._turn:
            self._waiting = [ticket for ticket in self._waiting if not ticket.settled]
            self._at_work = tuple(self._waiting)
            return self._at_work

    def _wake(self) -> None:
        with self._turn:
            self._turn.notify_all()
