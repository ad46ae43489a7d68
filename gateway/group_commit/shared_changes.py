"""Changes whose callers share a push, in whatever process each of them is.

    the lock is free                       lead: commit at once, and for those who wait
    another process leads                  wait; it commits this change with its own
    it has let go, or shows no life        lead
    the queue cannot be used               commit alone, as without a queue
    nobody took this change for long       take it back, and commit alone
    time is up, and it can be taken back   LH4240: nothing is committed
    time is up otherwise                   what the history says, or LH4241

Whatever the queue says, git decides: a change that may be applied by two processes is looked for in
the history of every snapshot that it is proposed for, so it counts once.
"""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from gateway.group_commit.intent import Intent, read_answer
from gateway.group_commit.leading import OPERATIONS, Leading, Turn
from gateway.group_commit.queue import QUEUE_CODE, Lock, Queue, Ticket
from gateway.leases.changes import Changes, NoTimeLeftError
from gateway.log_lines import logger
from ledger.errors import Failure, Refused, Unavailable
from ledger.writer import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.http.answer import Answer
    from gateway.http.call import Call

PAUSE = timedelta(seconds=10)
DEAD_SECONDS = 1.25  # without a sign of life; a beat comes each half a second
# Who has just come looks for the end of another's turn, and the first to see it leads; who looks
# again most likely looks for an answer.
_FIRST_LOOK = (0.25, 0.75)
_LOOK_SECONDS = (0.2, 0.4)
_AT_THE_END = (0.02, 0.12)  # of a turn, by how long the one before took
_CROWD_SECONDS = 1.0  # since a turn, in which those who shared it are likely to come again
_LONGEST_LOOK = 0.7  # with it, a dead leader is found out within two seconds
_LATER = 0.15  # of the time that a change has waited: many who wait long ask too often
_CROWDED = 5.0  # times as long as the table took to answer: else all who wait keep it from working
_MOST_CROWDED = 3.0
_TICK = 0.001  # so that a time ends although numbers are rounded
_PATIENCE = (0.6, 0.75)  # of a change's time, in which somebody ought to have taken it
_jitter = random.SystemRandom()

log = logger("leasehold.gateway")


class Broken:
    """Remembers that the queue cannot be used, so that not every change waits for it in vain."""

    def __init__(self) -> None:
        self._since: datetime | None = None

    def pauses(self, now: datetime) -> bool:
        since = self._since
        return since is not None and timedelta(0) <= now - since < PAUSE

    def note(self, failure: Unavailable, now: datetime) -> None:
        if not self.pauses(now):
            self._since = now
            log.warning("Processes share no pushes now: %s", failure)


@dataclass(frozen=True, slots=True)
class SharedChanges:
    """The changes of one environment. Safe to call from many threads."""

    changes: Changes
    queue: Queue
    stopwatch: Stopwatch = field(default_factory=Stopwatch)
    broken: Broken = field(default_factory=Broken)

    def extend(self, call: Call) -> Answer:
        return self._answer("extend", call)

    def add(self, call: Call) -> Answer:
        return self._answer("add", call)

    def release(self, call: Call) -> Answer:
        return self._answer("release", call)

    def use_link(self, call: Call) -> Answer:
        return self._answer("use_link", call)

    def _answer(self, operation: str, call: Call) -> Answer:
        is_dry_run = call.parameter("dry_run") == "true"
        if is_dry_run or not call.id or self.broken.pauses(self.changes.clock()):
            return OPERATIONS[operation](self.changes, call)
        return _One(self, operation, call, self._end()).answer()

    def _end(self) -> float:
        return self.stopwatch.now() + self.changes.deadline_seconds


@dataclass(slots=True)
class _One:
    """One change on its way; `end` is the stopwatch's."""

    shared: SharedChanges
    operation: str
    call: Call
    end: float
    ticket_id: str = ""
    may_be_committed: bool = False
    _seen: Lock = field(default_factory=Lock)
    _seen_at: float = 0.0
    _took: float = 0.0  # seconds that the table took to answer

    def answer(self) -> Answer:
        try:
            if self._leads(None):
                return self._lead()
            self._enter()
            answer = self._await()
        except Unavailable as failure:
            if failure.code != QUEUE_CODE:
                raise
            self.shared.broken.note(failure, self._now())
            answer = None
        return answer or self._alone()

    def _leads(self, dead: Lock | None) -> bool:
        """Try to take the lock. A name is new each time, so that no late answer is another's."""
        me = uuid4().hex
        now = self._now().timestamp()
        with self._timed():
            lock = self.shared.queue.acquire(me, now, dead)
        self._see(lock)
        return self._seen.holder == me

    def _see(self, lock: Lock) -> None:
        if (lock.holder, lock.beat) != (self._seen.holder, self._seen.beat):
            self._seen_at = self.shared.stopwatch.now()
        self._seen = lock

    def _lead(self) -> Answer:
        came = Ticket(self.ticket_id, "").came or self._now().timestamp()
        turn = Turn(self._seen.holder, self.end, self.ticket_id, came, self._crowd())
        leading = Leading(self.shared.changes, self.shared.queue, self.shared.stopwatch, turn)
        waits = self._seen.somebody_waits or bool(self.ticket_id)
        return leading.run(self._alone, somebody_waits=waits)

    def _crowd(self) -> int:
        """Return how many shared the last turn, if that was just now, and not one alone."""
        last = self._seen.last
        is_recent = abs(self._now().timestamp() - last.ended) < _CROWD_SECONDS
        return last.changes if is_recent and last.changes > 1 else 0

    def _enter(self) -> None:
        self.call, self.may_be_committed = replace(self.call, is_relayed=True), True
        now = self._now().timestamp()
        intent = Intent(self.operation, self.call, now + self._left())
        ticket = Ticket.new(intent.write(), now)
        self.ticket_id = ticket.id
        with self._timed():
            self.shared.queue.put(ticket, self._seen)

    def _await(self) -> Answer | None:
        """Return what another process answered, or this one when it leads; None is: go on alone."""
        queue, patience = self.shared.queue, self._left() * (1 - _jitter.uniform(*_PATIENCE))
        between = _FIRST_LOOK
        while self._left() > 0:
            self.shared.stopwatch.sleep(self._pause(between))
            between = _LOOK_SECONDS
            lock, told = self._look()
            if told is not None:
                return _read(told)
            self._see(lock)
            if self._may_lead() and self._leads(self._seen if lock.holder else None):
                return self._lead()
            if self._left() <= patience and queue.withdraw(self.ticket_id):
                self.may_be_committed = False
                return None
        _, told = queue.look(self.ticket_id)
        return _read(told) if told else None

    def _pause(self, between: tuple[float, float]) -> float:
        """Return how long to wait for the next look: the longer the more others ask."""
        waited = self.shared.changes.deadline_seconds - self._left()
        pause = _jitter.uniform(*between) + _LATER * waited
        rest = self._rest_of_turn()
        if rest is not None:
            pause = max(rest, 0.0) + _jitter.uniform(*_AT_THE_END) + _LATER * max(-rest, 0.0)
        pause = min(pause, _LONGEST_LOOK)
        crowded = _jitter.uniform(1.0, 1.5) * self._crowded
        return min(self._left() + _TICK, max(pause, crowded))

    def _rest_of_turn(self) -> float | None:
        """Return the seconds until the turn ends if it is as long as the last; None: not known."""
        seen = self._seen
        if not (seen.holder and seen.last.seconds):
            return None
        return seen.began + seen.last.seconds - self._now().timestamp()

    def _look(self) -> tuple[Lock, str | None]:
        """Look at the queue; one look in vain is none, so that a hiccup sends nobody off alone."""
        try:
            with self._timed():
                return self.shared.queue.look(self.ticket_id)
        except Unavailable:
            self.shared.stopwatch.sleep(_jitter.uniform(*_LOOK_SECONDS))
            return self.shared.queue.look(self.ticket_id)

    @property
    def _crowded(self) -> float:
        return min(_CROWDED * self._took, _MOST_CROWDED)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        """Learn from a call how long the table takes now."""
        start = self.shared.stopwatch.now()
        yield
        self._took = self.shared.stopwatch.now() - start

    def _may_lead(self) -> bool:
        """Tell whether nobody leads; a table that is slow brings a leader's beats late."""
        silence = self.shared.stopwatch.now() - self._seen_at
        return not self._seen.holder or silence >= DEAD_SECONDS + self._crowded

    def _alone(self) -> Answer:
        """Commit as without a queue, or without time look into the history and no more.

        Raises Failure; Unavailable LH4240 and LH4241 say what is known of a change whose time is
        up.
        """
        if self._left() <= 0 and not self.may_be_committed:
            raise _not_committed()
        changes = self.shared.changes.within(self._left())
        try:
            return OPERATIONS[self.operation](changes, self.call)
        except (NoTimeLeftError, Failure) as error:
            is_final = isinstance(error, Refused) and changes.deadline_seconds > 0
            if is_final or not self.may_be_committed:
                raise
            raise _unknown() from error

    def _left(self) -> float:
        return self.end - self.shared.stopwatch.now()

    def _now(self) -> datetime:
        return self.shared.changes.clock()


def _read(told: str) -> Answer | None:
    try:
        return read_answer(told)
    except ValueError as error:
        log.warning("What became of a change is not understood: %s", error)
        return None


def _not_committed() -> Unavailable:
    return _Again(
        "LH4240",
        "The change waited for others until its time was up, and nothing is committed. Try again.",
    )


def _unknown() -> Unavailable:
    return _Again(
        "LH4241",
        "Another process had this change under way when the time was up, and the history does not"
        " have it yet: it may still appear. Look before you send it again, or repeat it with the"
        " same Idempotency-Key.",
    )


class _Again(Unavailable):
    retry_after_seconds = 5
