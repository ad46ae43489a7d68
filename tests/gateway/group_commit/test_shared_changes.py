"""Processes that share a push: nobody's change is lost, whatever the queue does.

The queue is a real table over HTTP, the git server is git's own, and each process has a repository
of its own.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Self

import pytest

from gateway.group_commit.intent import ALONE, Intent
from gateway.group_commit.queue import QUEUE_CODE, Lock, PastTurn, Ticket
from gateway.group_commit.shared_changes import Broken
from gateway.http.call import Call
from gateway.http.matching import match
from gateway.principal import Principal, Scope
from ledger.errors import Unavailable
from ledger.links import Link, LinkAction
from ledger.writer import Stopwatch
from tests.gateway.api import FALCON
from tests.gateway.group_commit.processes import (
    ANA,
    BEN,
    Company,
    body,
    release,
    wish,
)
from tests.scene import environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.group_commit.queue import Queue
    from tests.gateway.group_commit.processes import Process
    from tests.scene import Scene

EIGHT = range(8)
FOUR = range(4)
FAST = Stopwatch(lambda: time.monotonic() * 20, lambda seconds: time.sleep(seconds / 20))

PACED = Stopwatch(lambda: time.monotonic() * 5, lambda seconds: time.sleep(seconds / 5))


@pytest.fixture
def company(scene: Scene) -> Company:
    scene.define("Falcon40B", 60)
    return Company(scene)


@dataclass
class Altered:
    """A queue with some of its calls replaced, or counted."""

    inner: Queue
    instead: dict[str, Callable[..., Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        def call(*arguments: Any) -> Any:  # noqa: ANN401
            self.calls.append(name)
            told = self.instead.get(name) or getattr(self.inner, name)
            return told(*arguments)

        return call


def link_to(company: Company, endpoint: str) -> Call:
    """Return the use of a link, as the process passes it on that has read it."""
    link = Link(
        environment="dev",
        endpoint_name=endpoint,
        action=LinkAction.EXTEND,
        minutes=60,
        lease=company.scene.forge.tip,
        nonce=hashlib.sha256(endpoint.encode()).hexdigest()[:32],
        expires_at=company.scene.now + timedelta(hours=1),
        audience="olga@example.com",
    )
    olga = Principal("Olga", link.audience, frozenset({Scope.EXTEND}))
    document = {"Link": link.claims()}
    return Call(method="POST", resource="/extend-link", caller=olga, id="1", document=document)


def broken(*_: object) -> Any:  # noqa: ANN401
    raise Unavailable(QUEUE_CODE, "the table is tired")


@dataclass
class Leader:
    """Somebody who has the lock and shows life, and does nothing else."""

    queue: Queue
    name: str = "leader"
    done: Event = field(default_factory=Event)

    def __enter__(self) -> Self:
        assert self.queue.acquire(self.name, 0.0, None).holder == self.name
        self.thread = Thread(target=self._beat)
        self.thread.start()
        return self

    def _beat(self) -> None:
        beat = 1
        while not self.done.wait(0.01):
            self.queue.beat(self.name, beat, 2e9)
            beat += 1

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()
        self.queue.release(self.name, PastTurn())


class TestOneCaller:
    def test_asks_the_table_twice(self, company: Company) -> None:
        queue: Any = Altered(company.queue())
        assert company.process("a", queue).ask(wish()).status == 200
        assert queue.calls == ["acquire", "release"]

    def test_asks_it_nothing_for_a_dry_run_or_without_an_id(self, company: Company) -> None:
        queue: Any = Altered(company.queue())
        process = company.process("a", queue)
        dry = process.ask(wish() | {"queryStringParameters": {"dry_run": "true"}})
        assert body(dry)["DryRun"]
        assert queue.calls == []


class TestEightProcesses:
    def test_share_pushes_and_lose_nothing(self, company: Company) -> None:
        company.count_pushes()
        callers = [ANA | {"name": f"P{n}", "email": f"p{n}@example.com"} for n in EIGHT]
        asked = [(company.process(f"p{n}"), wish(caller=callers[n])) for n in EIGHT]
        answers = company.together(*asked)
        assert [answer.status for answer in answers] == [200] * 8
        assert {body(answer)["Commit"] for answer in answers} == set(company.log())
        assert sorted(company.log("%an <%ae>")) == [f"P{n} <p{n}@example.com>" for n in EIGHT]
        assert len({answer.headers["ETag"] for answer in answers}) == 8
        assert company.expires_at == "2026-11-23T14:20:00Z"  # 13:00 and 8 times 10 minutes
        assert company.pushes < 8
        assert company.queue().waiting() == []

    def test_get_each_its_own_answer(self, company: Company) -> None:
        company.count_pushes()
        company.scene.define("Other", 60)
        head = company.scene.forge.tip
        stranger = wish(caller=ANA | {"only": "demo-Other-*"})
        asked = [
            wish(),
            wish(minutes=10**6),
            wish(tag=f'"{"0" * 40}"'),
            stranger,
            wish(key="k-1"),
            wish(key="k-1"),
            release(BEN),
            wish(tag=f'"{head}"'),
        ]
        with Leader(company.queue()):
            work = [(company.process(f"p{n}"), each) for n, each in enumerate(asked)]
            waiting = Thread(target=lambda: answers.extend(company.together(*work)))
            answers: list[Any] = []
            waiting.start()
            while len(company.queue().waiting()) < len(asked):
                time.sleep(0.01)
        waiting.join()
        told = [(answer.status, body(answer).get("code")) for answer in answers]
        assert told[:7] == [
            (200, None),
            (422, "LH4102"),
            (412, "LH4112"),
            (403, "LH4231"),
            (200, None),
            (200, None),
            (403, "LH4233"),
        ]
        assert told[7] in {(200, None), (412, "LH4112")}  # whether or not others came before
        assert body(answers[4]) == body(answers[5])
        commits = {body(answer)["Commit"] for answer in answers if answer.status == 200}
        assert commits == set(company.log())

    def test_keep_the_limit_of_pushes_together(self, company: Company) -> None:
        limits = environment(limits={"max_pushes_per_minute": 6})
        company.scene.push({"environments/dev/environment.json": limits})
        company.count_pushes()
        asked = [(company.process(f"p{n}", None, 90.0, PACED), wish()) for n in EIGHT]
        start = PACED.now()
        assert [answer.status for answer in company.together(*asked)] == [200] * 8
        assert company.pushes <= 3 + (PACED.now() - start) / 12


class TestWhoWaits:
    def test_leads_when_the_leader_shows_no_life(self, company: Company) -> None:
        company.queue().acquire("dead", 2e9, None)
        one, other = (company.process(name, None, 300.0, FAST) for name in "ab")
        answers = company.together((one, wish()), (other, wish()))
        assert [answer.status for answer in answers] == [200, 200]
        assert len(company.log()) == 2

    def test_finds_in_the_history_what_a_dead_leader_has_pushed(self, company: Company) -> None:
        def die(*_: object) -> None:
            raise Unavailable(QUEUE_CODE, "gone before it could say so")

        dead: Any = Altered(company.queue(), {"settle": die, "release": die})
        leader = company.process("leader", dead)
        with Leader(company.queue()):
            waiting = Thread(target=lambda: answers.append(waiter.ask(wish())))
            answers: list[Any] = []
            queue: Any = Altered(company.queue(), {"acquire": _never})
            waiter = company.process("waiter", queue)
            waiting.start()
            while not company.queue().waiting():
                time.sleep(0.01)
        leader.ask(wish())
        assert len(company.log()) == 2
        queue.instead.clear()
        waiting.join()
        assert answers[0].status == 200
        assert body(answers[0])["Commit"] in company.log()
        assert len(company.log()) == 2

    @pytest.mark.parametrize("told", [ALONE, "no answer", "{}"])
    def test_goes_on_alone_if_told_so(self, company: Company, told: str) -> None:
        def look(_: str) -> tuple[Lock, str]:
            return Lock("leader"), told

        queue: Any = Altered(company.queue(), {"look": look})
        with Leader(company.queue()):
            assert company.process("a", queue).ask(wish()).status == 200
        assert len(company.log()) == 1


@dataclass
class Hand:
    """A stopwatch that goes on by as much as anybody sleeps."""

    seconds: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    @property
    def stopwatch(self) -> Stopwatch:
        return Stopwatch(lambda: self.seconds, self.sleep)


class TestWhoMeetsACrowd:
    """Another process leads, and the table takes long to say so: many others ask it, too."""

    @pytest.mark.parametrize(("seconds", "most"), [(0.01, 50), (0.5, 9), (1.5, 7)])
    def test_asks_the_less_often_the_longer_an_answer_takes(
        self, company: Company, seconds: float, most: int
    ) -> None:
        hand, beats, looks = Hand(), count(), list[float]()

        def look(ticket_id: str) -> tuple[Lock, str | None]:
            looks.append(hand.seconds)
            hand.seconds += seconds
            return Lock("leader", next(beats)), company.queue().look(ticket_id)[1]

        instead: dict[str, Callable[..., Any]] = {
            "acquire": _never,
            "look": look,
            "withdraw": lambda _: False,
        }
        queue: Any = Altered(company.queue(), instead)
        assert company.process("a", queue, 20.0, hand.stopwatch).ask(wish()).status == 503
        assert 2 <= len(looks) <= most

    def test_takes_no_leader_for_dead_whose_beats_come_late(self, company: Company) -> None:
        hand, asked = Hand(), list[Lock | None]()

        def look(_ticket_id: str) -> tuple[Lock, None]:
            hand.seconds += 1.0
            return Lock("leader", int(hand.seconds / 4)), None  # a beat each four seconds

        def acquire(_me: str, _now: float, dead: Lock | None) -> Lock:
            asked.append(dead)
            return Lock("leader")

        instead: dict[str, Callable[..., Any]] = {
            "acquire": acquire,
            "look": look,
            "withdraw": lambda _: False,
        }
        queue: Any = Altered(company.queue(), instead)
        company.process("a", queue, 20.0, hand.stopwatch).ask(wish())
        assert asked == [None]

    @pytest.mark.parametrize(
        ("past", "least", "most"),
        [
            (PastTurn(0.5, 8, 0.0), 0.5, 0.65),  # when the turn is likely to end
            (PastTurn(0.1, 8, 0.0), 0.1, 0.25),
            (PastTurn(60.0, 8, 0.0), 0.6, 0.7),  # but in time to find out a dead leader
            (PastTurn(), 0.25, 0.7),  # not known
        ],
    )
    def test_looks_when_the_turn_is_likely_to_end(
        self, company: Company, past: PastTurn, least: float, most: float
    ) -> None:
        hand, looks = Hand(), list[float]()
        lock = Lock("leader", began=company.scene.now.timestamp(), last=past)

        def look(_ticket_id: str) -> tuple[Lock, str]:
            looks.append(hand.seconds)
            return lock, ALONE

        queue: Any = Altered(company.queue(), {"acquire": lambda *_: lock, "look": look})
        assert company.process("a", queue, 20.0, hand.stopwatch).ask(wish()).status == 200
        assert least <= looks[0] <= most


class TestWhoLeadsAfterACrowd:
    """The turn before had many changes, and those who shared it are likely to come again."""

    def queue(self, company: Company, changes: int = 4, ago: float = 0.0) -> Any:  # noqa: ANN401
        queue: Any = Altered(company.queue())
        queue.acquire("before", 0.0, None)
        ended = company.scene.now.timestamp() - ago
        queue.release("before", PastTurn(0.5, changes, ended))
        queue.calls.clear()
        return queue

    def test_pushes_once_for_all_of_it(self, company: Company) -> None:
        self.queue(company)
        company.count_pushes()
        slow = Stopwatch(lambda: time.monotonic() / 20, time.sleep)
        asked = [(company.process(f"p{n}", None, 20.0, slow), wish()) for n in FOUR]
        assert [answer.status for answer in company.together(*asked)] == [200] * 4
        assert company.pushes == 1

    def test_pushes_once_for_links_too(self, company: Company) -> None:
        company.scene.define("Other", 60)
        self.queue(company)
        company.count_pushes()
        slow = Stopwatch(lambda: time.monotonic() / 20, time.sleep)
        names = [FALCON, "demo-Other-Endpoint", "demo-Other-Endpoint", "demo-Other-Endpoint"]
        asked = [
            (company.process(f"p{n}", None, 20.0, slow), link_to(company, name))
            for n, name in enumerate(names)
        ]
        answers = company.together(*asked)
        assert [answer.status for answer in answers] == [200] * 4
        assert company.pushes == 1
        falcon, *others = (body(answer)["Commit"] for answer in answers)
        assert len(set(others)) == 1  # it is the same link
        assert {falcon, *others} == set(company.log())
        assert company.log("%an") == ["Olga", "Olga"]
        assert "Lease-Via: link" in company.log("%b")

    @pytest.mark.parametrize(("changes", "ago"), [(4, 2.0), (4, -2.0), (1, 0.0)])
    def test_waits_for_nobody_if_it_was_one_or_long_ago(
        self, company: Company, changes: int, ago: float
    ) -> None:
        hand, queue = Hand(), self.queue(company, changes, ago)
        assert company.process("a", queue, 20.0, hand.stopwatch).ask(wish()).status == 200
        assert queue.calls == ["acquire", "release"]
        assert hand.seconds == 0.0

    def test_goes_on_when_nobody_comes(self, company: Company) -> None:
        hand, queue = Hand(), self.queue(company)

        def nobody() -> tuple[Ticket, ...]:
            company.scene.now += timedelta(seconds=0.06)
            return ()

        queue.instead["waiting"] = nobody
        assert company.process("a", queue, 20.0, hand.stopwatch).ask(wish()).status == 200
        assert queue.calls == ["acquire", "waiting", "waiting", "claim", "release"]
        assert hand.seconds == pytest.approx(0.1)

    def test_holds_up_nobody_for_long(self, company: Company) -> None:
        hand, queue, ids = Hand(), self.queue(company, changes=99), list[str]()

        def one_more() -> list[Ticket]:
            ids.append(f"{int(company.scene.now.timestamp() * 1000):015d}-{len(ids)}")
            return [Ticket(each, "not understood") for each in ids]

        queue.instead |= {"waiting": one_more, "claim": lambda _, ids: ids}
        assert company.process("a", queue, 20.0, hand.stopwatch).ask(wish()).status == 200
        assert hand.seconds == pytest.approx(0.5)


class TestWhoIsNotTakenOver:
    """Another process leads and shows life, and does not come to this change for 20 seconds."""

    def waiter(self, company: Company, withdraw: Callable[[str, float], bool]) -> Process:
        hand, beats = Hand(), count()
        instead: dict[str, Callable[..., Any]] = {
            "acquire": _never,
            "look": lambda it: (Lock("leader", next(beats)), company.queue().look(it)[1]),
            "withdraw": lambda it: withdraw(it, hand.seconds),
        }
        queue: Any = Altered(company.queue(), instead)
        return company.process("a", queue, 20.0, hand.stopwatch)

    def test_takes_its_change_back_in_time(self, company: Company) -> None:
        waiter = self.waiter(company, lambda it, _: company.queue().withdraw(it))
        assert waiter.ask(wish()).status == 200
        assert company.queue().waiting() == []
        assert len(company.log()) == 1

    def test_is_told_that_nothing_is_committed(self, company: Company) -> None:
        waiter = self.waiter(
            company, lambda it, seconds: seconds >= 20 and company.queue().withdraw(it)
        )
        answer = waiter.ask(wish())
        assert (answer.status, body(answer)["code"]) == (503, "LH4240")
        assert answer.headers["Retry-After"] == "5"
        assert company.log() == []
        assert company.queue().waiting() == []

    def test_is_told_that_another_process_has_it(self, company: Company) -> None:
        answer = self.waiter(company, lambda *_: False).ask(wish())
        assert (answer.status, body(answer)["code"]) == (503, "LH4241")
        assert company.log() == []

    def test_is_told_so_rather_than_what_may_not_hold(self, company: Company) -> None:
        answer = self.waiter(company, lambda *_: False).ask(wish(minutes=10**6))
        assert (answer.status, body(answer)["code"]) == (503, "LH4241")

    def test_is_told_so_when_the_history_cannot_be_read(self, company: Company) -> None:
        def withdraw(*_: object) -> bool:
            company.hide_ledger()
            return False

        answer = self.waiter(company, withdraw).ask(wish())
        assert (answer.status, body(answer)["code"]) == (503, "LH4241")

    def test_is_told_what_the_history_says(self, company: Company) -> None:
        other = company.process("other")

        def withdraw(ticket_id: str, _: float) -> bool:
            if not company.log():  # another process does it meanwhile
                (ticket,) = (it for it in company.queue().waiting() if it.id == ticket_id)
                assert other.changes.changes.extend(Intent.read(ticket.intent).call).status == 200
            return False

        answer = self.waiter(company, withdraw).ask(wish())
        assert answer.status == 200
        assert company.log() == [body(answer)["Commit"]]

    def test_is_told_the_late_answer(self, company: Company) -> None:
        def withdraw(ticket_id: str, seconds: float) -> bool:
            if seconds >= 20:
                company.queue().claim("leader", [ticket_id])
                told = '{"version":1,"status":200,"headers":{},"body":"late"}'
                company.queue().settle("leader", {ticket_id: told})
            return False

        assert body(self.waiter(company, withdraw).ask(wish())) == "late"


class TestALeader:
    def lead(
        self,
        company: Company,
        *tickets: Ticket,
        seconds: float = 20.0,
        is_reachable: bool = True,
    ) -> Any:  # noqa: ANN401
        for ticket in tickets:
            company.queue().put(ticket, Lock())
        leader = company.process("leader", seconds=seconds)
        if not is_reachable:
            company.hide_ledger()
        return leader.ask(wish())

    def test_sends_back_what_it_does_not_understand(self, company: Company) -> None:
        assert (
            self.lead(company, Ticket("1", "?"), Ticket("2", _intent(company, "burn"))).status
            == 200
        )
        assert [company.queue().look(each)[1] for each in "12"] == [ALONE, ALONE]

    def test_leaves_what_nobody_waits_for(self, company: Company) -> None:
        tickets = [Ticket("1", _intent(company, left=-1)), Ticket("2", _intent(company, left=-99))]
        assert self.lead(company, *tickets).status == 200
        assert len(company.log()) == 1
        assert [ticket.id for ticket in company.queue().waiting()] == ["1"]

    def test_takes_nobody_over_without_time(self, company: Company) -> None:
        self.lead(company, Ticket("1", _intent(company)), seconds=0.9)
        assert [ticket.id for ticket in company.queue().waiting()] == ["1"]

    def test_gives_back_what_it_did_not_come_to(self, company: Company) -> None:
        hand = Hand()

        def claim(me: str, ids: list[str]) -> Any:  # noqa: ANN401
            hand.seconds += 30  # the table is slow
            return company.queue().claim(me, ids)

        company.queue().put(Ticket("1", _intent(company)), Lock())
        queue: Any = Altered(company.queue(), {"claim": claim})
        company.process("leader", queue, 20.0, hand.stopwatch).ask(wish())
        assert company.log() == []
        assert company.queue().claim("next", ["1"])

    def test_gives_back_what_it_had_no_time_for(self, company: Company) -> None:
        self.lead(company, Ticket("1", _intent(company, left=3000)), is_reachable=False)
        assert [ticket.id for ticket in company.queue().waiting()] == ["1"]
        assert company.queue().claim("next", ["1"]) == ["1"]

    def test_sends_back_what_failed_in_its_own_process(self, company: Company) -> None:
        self.lead(company, Ticket("1", _intent(company, left=5)), is_reachable=False)
        assert company.queue().look("1")[1] == ALONE

    def test_takes_over_who_comes_while_it_must_not_push(self, company: Company) -> None:
        limits = environment(limits={"max_pushes_per_minute": 6})
        company.scene.push({"environments/dev/environment.json": limits})
        company.count_pushes()
        first = company.process("first")
        assert [first.ask(wish()).status for _ in range(2)] == [200, 200]
        one, other = (company.process(name, None, 90.0, PACED) for name in "ab")
        start = PACED.now()
        assert {it.status for it in company.together((one, wish()), (other, wish()))} == {200}
        assert company.pushes <= 3 + (PACED.now() - start) / 12


class TestATableThatFails:
    @pytest.mark.parametrize(
        "call",
        ["acquire", "put", "look", "waiting", "claim", "settle", "beat", "release"],
    )
    def test_costs_no_change(self, company: Company, call: str) -> None:
        queues: list[Any] = [Altered(company.queue(), {call: broken}) for _ in FOUR]
        asked = [
            (company.process(f"p{n}", queues[n], stopwatch=FAST, seconds=300.0), wish())
            for n in FOUR
        ]
        answers = company.together(*asked)
        assert [answer.status for answer in answers] == [200] * 4
        assert {body(answer)["Commit"] for answer in answers} == set(company.log())
        assert len(company.log()) == 4
        assert company.expires_at == "2026-11-23T13:40:00Z"

    @pytest.mark.parametrize("lie", ["everybody leads", "nobody waits", "stale", "all are claimed"])
    def test_costs_no_change_when_it_lies(self, company: Company, lie: str) -> None:
        lies: dict[str, dict[str, Callable[..., Any]]] = {
            "everybody leads": {"acquire": lambda me, *_: Lock(me, 0, somebody_waits=True)},
            "nobody waits": {"waiting": tuple},
            "stale": {"look": lambda _: (Lock("old", 7), None)},
            "all are claimed": {"claim": lambda _, ids: ids},
        }
        queues: list[Any] = [Altered(company.queue(), lies[lie]) for _ in FOUR]
        asked = [
            (company.process(f"p{n}", queues[n], stopwatch=FAST, seconds=300.0), wish())
            for n in FOUR
        ]
        answers = company.together(*asked)
        assert [answer.status for answer in answers] == [200] * 4
        assert {body(answer)["Commit"] for answer in answers} == set(company.log())
        assert len(company.log()) == 4

    def test_is_not_asked_again_for_a_while(self, company: Company) -> None:
        queue: Any = Altered(company.queue(), {"acquire": broken})
        process = company.process("a", queue)
        for _ in range(3):
            assert process.ask(wish()).status == 200
        assert queue.calls == ["acquire"]
        company.scene.let_pass(seconds=11)
        process.ask(wish())
        assert queue.calls == ["acquire", "acquire"]

    def test_is_said_once(self, company: Company, caplog: pytest.LogCaptureFixture) -> None:
        silence, failure = Broken(), Unavailable(QUEUE_CODE, "tired")
        for _ in range(3):
            silence.note(failure, company.scene.now)
        assert [record.getMessage() for record in caplog.records] == [
            "Processes share no pushes now: LH4242: tired"
        ]


def _never(me: str, *_: object) -> Lock:
    return Lock(f"not {me}")


def _intent(company: Company, operation: str = "extend", left: float = 15.0) -> str:
    call = match({**wish(), "requestContext": {"requestId": "r-9"}}).call
    call = replace(call, caller=Principal.from_context(ANA))
    return Intent(operation, call, company.scene.now.timestamp() + left).write()
