from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pytest

from ledger.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(eq=False)
class Ticket:
    name: str
    rounds_needed: int = 1
    rounds: int = 0

    @property
    def settled(self) -> bool:
        return self.rounds >= self.rounds_needed


@dataclass
class Ledger:
    """Counts the rounds; the first waits until everybody has queued up."""

    gate: threading.Event = field(default_factory=threading.Event)
    rounds: list[list[str]] = field(default_factory=list)

    def work(self, tickets: Sequence[Ticket]) -> None:
        self.rounds.append([ticket.name for ticket in tickets])
        if len(self.rounds) == 1:
            assert self.gate.wait(5)
        for ticket in tickets:
            ticket.rounds += 1


def started(*actions: Callable[[], object]) -> list[threading.Thread]:
    threads = [threading.Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
        time.sleep(0.02)
    return threads


def joined(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


def test_who_comes_while_a_round_is_under_way_joins_the_next_in_order() -> None:
    ledger = Ledger()
    batch = Batch(ledger.work)
    tickets = [Ticket(name) for name in "abcd"]

    threads = started(*(lambda t=t: batch.settle(t) for t in tickets))
    ledger.gate.set()
    joined(threads)

    assert ledger.rounds == [["a"], ["b", "c", "d"]]


def test_a_ticket_that_a_round_left_open_goes_into_the_next() -> None:
    ledger = Ledger()
    batch = Batch(ledger.work)
    slow, quick = Ticket("slow", rounds_needed=3), Ticket("quick")

    threads = started(lambda: batch.settle(slow), lambda: batch.settle(quick))
    ledger.gate.set()
    joined(threads)

    assert ledger.rounds == [["slow"], ["slow", "quick"], ["slow"]]


def test_a_leader_who_is_done_hands_over_to_one_who_waits() -> None:
    ledger = Ledger()
    batch = Batch(ledger.work)
    quick, slow = Ticket("quick"), Ticket("slow", rounds_needed=2)

    threads = started(lambda: batch.settle(quick), lambda: batch.settle(slow))
    ledger.gate.set()
    joined(threads)

    assert ledger.rounds == [["quick"], ["slow"], ["slow"]]


def test_a_leader_who_fails_takes_nobody_along() -> None:
    rounds = 0
    gate = threading.Event()

    def work(tickets: Sequence[Ticket]) -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            assert gate.wait(5)
            raise KeyboardInterrupt
        for ticket in tickets:
            ticket.rounds += 1

    batch = Batch(work)
    first, second = Ticket("first"), Ticket("second")

    def lead() -> None:
        with pytest.raises(KeyboardInterrupt):
            batch.settle(first)

    threads = started(lead, lambda: batch.settle(second))
    gate.set()
    joined(threads)

    assert second.settled
    assert not first.settled


def test_who_cannot_wait_for_anothers_round_takes_the_ticket_back() -> None:
    ledger = Ledger()
    batch = Batch(ledger.work)
    leader, late, other = Ticket("leader"), Ticket("late"), Ticket("other")

    threads = started(lambda: batch.settle(leader))
    assert batch.settle(late, 0.0)
    assert not late.settled
    threads += started(lambda: batch.settle(other))
    ledger.gate.set()
    joined(threads)

    assert ledger.rounds == [["leader"], ["other"]]


def test_a_ticket_that_a_round_is_at_work_on_is_not_taken_back_for_sure() -> None:
    ledger = Ledger()
    batch = Batch(ledger.work)
    leader, joins = Ticket("leader", rounds_needed=2), Ticket("joins", rounds_needed=3)
    begun, gate = threading.Event(), threading.Event()

    def work(tickets: Sequence[Ticket]) -> None:
        if joins in tickets:
            begun.set()
            assert gate.wait(5)
        ledger.work(tickets)

    batch = Batch(work)
    told: list[bool] = []
    threads = started(lambda: batch.settle(leader), lambda: told.append(batch.settle(joins, 0.5)))
    ledger.gate.set()
    assert begun.wait(5)
    threads[1].join(5)
    gate.set()
    joined(threads)

    assert told == [False]


def test_a_round_waits_for_callers_who_were_announced() -> None:
    ledger = Ledger()
    ledger.gate.set()
    batch = Batch(ledger.work)
    batch.expect(4)
    threads = started(*(partial(batch.settle, Ticket(name)) for name in "abc"))
    assert ledger.rounds == []
    batch.excuse()
    joined(threads)
    assert ledger.rounds == [["a", "b", "c"]]


def test_who_was_announced_and_never_comes_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ledger.batch._LONGEST_SILENCE", 0.01)
    ledger = Ledger()
    ledger.gate.set()
    batch = Batch(ledger.work)
    batch.expect(2)
    batch.settle(Ticket("a"))
    assert ledger.rounds == [["a"]]


def test_one_caller_too_many_excused_is_none() -> None:
    ledger = Ledger()
    ledger.gate.set()
    batch = Batch(ledger.work)
    batch.excuse()
    batch.settle(Ticket("a"))
    assert ledger.rounds == [["a"]]
