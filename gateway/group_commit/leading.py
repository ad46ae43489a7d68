"""A process's turn to commit for all: its own change, and those of processes that wait.

    take    claim who waits, and let each change run through the operation that its caller asked
    run     the callers share a push, as `ledger.batch` lets the threads of a process
    settle  answer those that are done; give back what this process had no time for
    beat    say that this process is alive, and look who else waits, until its own change is done

An answer is passed on if it holds wherever it is given: a change that is committed, or a refusal.
Where this process failed (its network, its disk, an error of its own), the caller's own process
goes on alone, as it would have without any other.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from gateway.group_commit.intent import ALONE, Intent, write_answer
from gateway.group_commit.queue import PastTurn
from gateway.http import errors
from gateway.leases.changes import Changes
from gateway.leases.links import use_link
from gateway.log_lines import logger
from ledger.errors import Failure, Refused, Unavailable
from ledger.push_rate import TooManyPushes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gateway.group_commit.queue import Queue, Ticket
    from gateway.http.answer import Answer
    from gateway.http.call import Call
    from ledger.writer import Stopwatch

OPERATIONS: Mapping[str, Callable[[Changes, Call], Answer]] = {
    "extend": Changes.extend,
    "add": Changes.add,
    "release": Changes.release,
    "use_link": use_link,
}
BEAT_SECONDS = 0.5
_AT_ONCE = 256  # changes, each in a thread
_ENDING_SECONDS = 0.01  # in which those who shared a push come to their ends
_GATHERING_SECONDS = 0.1  # in which, when nobody of a crowd comes, nobody is waited for any more
_MOST_GATHERING = 0.5  # seconds that a crowd may hold a push up
_TELLINGS = 2  # of answers, the second if the first was in vain
_LEAST_SECONDS = 1.0  # that a process must have left to take over others
_FORGOTTEN_SECONDS = -30.0  # left, of a change that nobody asks for any more
_GIT = "LH2"

log = logger("leasehold.gateway")


@dataclass(frozen=True, slots=True)
class Turn:
    """Who leads, until when it has time (by the stopwatch), and its own change, if that waited.

    `came` is when that change came, in seconds since 1970; `crowd` is how many changes shared the
    turn before, if that ended just now.
    """

    me: str
    end: float
    own_ticket: str = ""
    came: float = 0.0
    crowd: int = 0


@dataclass(slots=True)
class Leading:
    changes: Changes
    queue: Queue
    stopwatch: Stopwatch
    turn: Turn
    _done: SimpleQueue[tuple[str, str | None]] = field(default_factory=SimpleQueue)
    _taken: set[str] = field(default_factory=set)
    _answered: set[str] = field(default_factory=set)
    _beats: int = 0

    def run(self, own: Callable[[], Answer], *, somebody_waits: bool) -> Answer:
        """Return the answer of `own`, when all that was taken over is answered, too."""
        began = self.stopwatch.now()
        self._taken.add(self.turn.own_ticket)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            if somebody_waits or self.turn.crowd:
                self._take(pool, and_own=True)
            clerk = Thread(target=self._attend, args=(pool,))
            clerk.start()
            try:
                return own()
            finally:
                self.changes.ledger.excuse()
                self._done.put((self.turn.own_ticket, ALONE))
                clerk.join()
                self._release(self.stopwatch.now() - began)

    def _release(self, seconds: float) -> None:
        turn = PastTurn(seconds, len(self._answered), self.changes.clock().timestamp())
        with suppress(Unavailable):
            self.queue.release(self.turn.me, turn)

    def _take(self, pool: ThreadPoolExecutor, *, and_own: bool = False) -> None:
        if self._left() < _LEAST_SECONDS:
            return
        try:
            tickets = self._claimed(and_own=and_own)
        except Unavailable as failure:
            log.warning("Nobody is taken over: %s", failure)
            return
        if and_own and tickets:
            with suppress(Failure):  # whoever needs it says so
                self.changes.ledger.read()
        self.changes.ledger.expect(len(tickets) + (1 if and_own else 0))
        for ticket in tickets:
            self._taken.add(ticket.id)
            pool.submit(self._work, ticket)

    def _claimed(self, *, and_own: bool) -> Sequence[Ticket]:
        own = self.turn.own_ticket
        free = _AT_ONCE - len(self._taken - self._answered)
        tickets = self._gathered() if and_own else self.queue.waiting()
        waiting = [it for it in tickets if it.id not in self._taken][:free]
        ids = [it.id for it in waiting]
        claimed = self.queue.claim(self.turn.me, [own, *ids] if own and and_own else ids)
        return [it for it in waiting if it.id in claimed]

    def _gathered(self) -> Sequence[Ticket]:
        """Return who waits; after a crowd, when all have come back or nobody comes any more.

        Those who shared a push come with their next changes at about the same time. Who comes alone
        right after a crowd waits a tenth of a second for it; any other time nobody is held up, for
        the turn before was long ago then, or had one change.
        """
        end = self.stopwatch.now() + _MOST_GATHERING
        waiting, came = self.queue.waiting(), self.turn.came
        while len(waiting) < self.turn.crowd - 1 and self.stopwatch.now() < end:
            came = max([came, *(ticket.came for ticket in waiting)])
            if self.changes.clock().timestamp() - came > _GATHERING_SECONDS:
                break
            self.stopwatch.sleep(_GATHERING_SECONDS)
            waiting = self.queue.waiting()
        return waiting

    def _work(self, ticket: Ticket) -> None:
        told: str | None = ALONE
        try:
            told = self._told(ticket)
        finally:
            self.changes.ledger.excuse()
            self._done.put((ticket.id, told))

    def _told(self, ticket: Ticket) -> str | None:
        """Return what to tell a change's caller; None lets the change wait for another process."""
        try:
            intent = Intent.read(ticket.intent)
            operation = OPERATIONS[intent.operation]
        except (KeyError, ValueError) as error:
            log.warning("A change that waits is not understood: %r", error)
            return ALONE
        theirs = intent.deadline - self.changes.clock().timestamp()
        if theirs <= 0:
            return None if theirs > _FORGOTTEN_SECONDS else ALONE
        seconds = min(theirs, self._left())
        if seconds <= 0:
            return None
        try:
            return write_answer(operation(self.changes.within(seconds), intent.call))
        except Exception as error:  # noqa: BLE001 - it is its caller's, never this process's
            return _told_of(error, had_all_their_time=seconds == theirs)

    def _attend(self, pool: ThreadPoolExecutor) -> None:
        """Answer and beat, until everything that was taken over is answered."""
        due = self.stopwatch.now() + BEAT_SECONDS
        while not self._taken <= self._answered:
            done = self._next(due - self.stopwatch.now())
            if done:
                self._settle(done)
            if self.stopwatch.now() >= due:
                self._beat(pool)
                due = self.stopwatch.now() + BEAT_SECONDS

    def _beat(self, pool: ThreadPoolExecutor) -> None:
        self._beats += 1
        with suppress(Unavailable):
            self.queue.beat(self.turn.me, self._beats, self.changes.clock().timestamp())
        if self.turn.own_ticket not in self._answered:
            self._take(pool)

    def _next(self, seconds: float) -> dict[str, str | None]:
        """Wait for who is done, and for who comes to its end at the same time."""
        try:
            done = dict([self._done.get(timeout=max(0.0, seconds))])
        except Empty:
            return {}
        with suppress(Empty):
            while self._taken - self._answered - set(done):
                done |= [self._done.get(timeout=_ENDING_SECONDS)]
        return done

    def _settle(self, done: Mapping[str, str | None]) -> None:
        self._answered |= set(done)
        answers = {ticket_id: told for ticket_id, told in done.items() if ticket_id}
        if not answers:
            return None
        for _ in range(_TELLINGS):
            try:
                return self.queue.settle(self.turn.me, answers)
            except Unavailable as failure:  # they will find it in the history
                log.warning("Nobody is told what became of a change: %s", failure)
        return None

    def _left(self) -> float:
        return self.turn.end - self.stopwatch.now()


def _told_of(error: Exception, *, had_all_their_time: bool) -> str | None:
    if isinstance(error, Unavailable) and not had_all_their_time:
        return None
    is_theirs = isinstance(error, TooManyPushes) or (
        isinstance(error, Refused) and not error.code.startswith(_GIT)
    )
    answer = errors.answer(error) if isinstance(error, Failure) and is_theirs else None
    return write_answer(answer) if answer else ALONE
