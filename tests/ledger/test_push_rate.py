"""How often a process pushes: the rule by itself, then against a git server that counts."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.committers import GATEWAY
from ledger.errors import Refused
from ledger.push_rate import PushRate, TooManyPushes
from ledger.remote import Remote
from ledger.repository import Change, Repository, Snapshot
from ledger.writer import Stopwatch
from tests.ledger.forge import LEASE, NOON, Colleague, Forge, add

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.repository import Committed, Proposal

CALLERS = 64
SIX = 6


class TestThePace:
    def test_without_a_limit_nobody_waits(self) -> None:
        push_rate = PushRate()
        for _ in range(100):
            push_rate = push_rate.pushed(7.0)
        assert push_rate.wait(7.0) == 0

    def test_of_six_a_minute_lets_two_come_at_once_and_then_one_each_twelve_seconds(self) -> None:
        push_rate = PushRate(SIX)
        waits = []
        for now in (100.0, 100.0, 100.0, 112.0, 115.0):
            waits.append(push_rate.wait(now))
            push_rate = push_rate.pushed(now + waits[-1])
        assert waits == [0, 0, 12, 12, 21]

    def test_of_one_a_minute_is_one_a_minute(self) -> None:
        assert PushRate(1).pushed(5.0).wait(35.0) == 30

    def test_that_is_given_a_limit_starts_with_a_full_bucket(self) -> None:
        push_rate = PushRate().pushed(5.0).pushed(5.0).limited_to(SIX)
        assert push_rate.wait(5.0) == 0

    @given(
        st.integers(1, 200),
        st.lists(st.floats(0, 30) | st.sampled_from([0.0, 12.0, 60.0]), max_size=80),
    )
    def test_never_lets_more_pass_in_any_minute_than_its_limit(
        self, most: int, pauses: list[float]
    ) -> None:
        push_rate, now, pushes = PushRate(most), 0.0, list[float]()
        for pause in pauses:
            now += pause
            now += push_rate.wait(now)
            push_rate = push_rate.pushed(now)
            pushes.append(now)
        for start in pushes:
            assert sum(start <= push < start + 59.999 for push in pushes) <= most

    @given(st.integers(1, 200), st.floats(0, 1e6))
    def test_lets_somebody_who_waits_as_long_as_it_says_push(self, most: int, now: float) -> None:
        push_rate = PushRate(most).pushed(now).pushed(now).pushed(now)
        later = now + push_rate.wait(now)
        assert push_rate.wait(later) == pytest.approx(0, abs=1e-6)


@dataclass
class Watch:
    """Time that passes when somebody sleeps and at no other time."""

    seconds: float = 1000.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        time.sleep(0.002)  # let other threads come
        with self.lock:
            self.seconds += seconds

    def stopwatch(self) -> Stopwatch:
        return Stopwatch(self.read, self.sleep)


@dataclass
class Paced:
    """A repository that counts by such a watch, and the pushes that its server has seen."""

    repository: Repository
    forge: Forge
    watch: Watch

    def commit(self, proposal: Proposal, deadline: float = 20.0, most: int = SIX) -> Committed:
        def limited(snapshot: Snapshot) -> Change:
            return replace(proposal(snapshot), most_pushes=most)

        return self.repository.commit(limited, deadline_seconds=deadline)

    @property
    def pushes(self) -> int:
        counted = self.forge.bare / "pushes"
        return len(counted.read_text().split()) if counted.exists() else 0


@pytest.fixture
def paced(forge: Forge, tmp_path: Path) -> Paced:
    forge.hook("pre-receive", "echo push >> pushes")
    watch = Watch()
    repository = Repository(
        Remote(forge.url),
        tmp_path / "paced",
        committer=GATEWAY,
        clock=lambda: NOON,
        stopwatch=watch.stopwatch(),
    )
    return Paced(repository, forge, watch)


class TestSixPushesAMinute:
    def test_serve_sixty_four_callers_and_lose_nobody(self, paced: Paced) -> None:
        rounds, before = 3, paced.watch.seconds

        def caller(number: int) -> list[str]:
            requests = [f"r-{number}-{turn}" for turn in range(rounds)]
            return [paced.commit(add(1, request)).commit for request in requests]

        with ThreadPoolExecutor(CALLERS) as pool:
            answered = [commit for each in pool.map(caller, range(CALLERS)) for commit in each]

        assert len(set(answered)) == CALLERS * rounds
        assert paced.forge.file(LEASE) == str(CALLERS * rounds)
        assert len(paced.forge.subjects()) == CALLERS * rounds + 1
        assert rounds <= paced.pushes <= 2 + (paced.watch.seconds - before) / 12

    def test_let_a_lone_caller_pass_at_once(self, paced: Paced) -> None:
        before = paced.watch.seconds
        paced.commit(add(1, "r-1"))
        paced.commit(add(1, "r-2"))
        assert paced.watch.seconds == before

    def test_tell_at_once_whose_time_would_run_out_that_nothing_is_committed(
        self, paced: Paced
    ) -> None:
        for number in range(2):
            paced.commit(add(1, f"r-{number}"))
        before = paced.watch.seconds
        with pytest.raises(TooManyPushes, match="not committed") as told:
            paced.commit(add(1, "hasty"), deadline=5)
        assert (told.value.code, told.value.retry_after_seconds) == ("LH4113", 12)
        assert paced.watch.seconds == before
        assert paced.forge.file(LEASE) == "2"
        assert paced.pushes == 2

    def test_do_not_hold_up_a_refusal(self, paced: Paced) -> None:
        for number in range(2):
            paced.commit(add(1, f"r-{number}"))
        before = paced.watch.seconds
        with pytest.raises(Refused, match="LH4999"):
            paced.commit(_refuse, deadline=20)
        assert paced.watch.seconds == before

    def test_count_a_push_that_was_lost_too(self, paced: Paced) -> None:
        paced.forge.hook("pre-receive", "echo push >> pushes; test $(wc -l < pushes) -gt 1")
        paced.commit(add(1, "r-1"))  # refused once, and pushed again
        before = paced.watch.seconds
        paced.commit(add(1, "r-2"))
        assert paced.pushes == 3
        assert paced.watch.seconds - before >= 11

    def test_are_not_wasted_on_a_head_that_a_person_has_moved(
        self, paced: Paced, colleague: Colleague
    ) -> None:
        paced.commit(add(1, "r-1"))
        colleague.pull()
        colleague.commit({"README.md": "new"}, "by hand")
        colleague.push()
        before = paced.pushes
        paced.commit(add(1, "r-2"))
        assert paced.pushes == before + 1
        assert paced.forge.subjects()[-2:] == ["by hand", "add 1 for r-2"]


class TestSeveralProcesses:
    """Each with a clone of its own, as the gateway's functions have; they share nothing but git."""

    @pytest.fixture
    def open_process(self, forge: Forge, tmp_path: Path) -> Callable[[], Paced]:
        forge.hook("post-receive", "echo push >> pushes")
        watch, numbers = Watch(), count()

        def opened() -> Paced:
            repository = Repository(
                Remote(forge.url),
                tmp_path / f"process-{next(numbers)}",
                committer=GATEWAY,
                clock=lambda: NOON + timedelta(seconds=watch.seconds),
                stopwatch=watch.stopwatch(),
            )
            return Paced(repository, forge, watch)

        return opened

    def test_wait_for_what_another_has_pushed(self, open_process: Callable[[], Paced]) -> None:
        one, other = open_process(), open_process()
        one.commit(add(1, "r-1"))
        other.commit(add(1, "r-2"))
        before = one.watch.seconds
        one.commit(add(1, "r-3"))
        assert one.watch.seconds - before >= 11

    def test_know_what_was_pushed_before_they_began(
        self, open_process: Callable[[], Paced]
    ) -> None:
        first = open_process()
        first.commit(add(1, "r-1"))
        first.commit(add(1, "r-2"))
        before = first.watch.seconds
        with pytest.raises(TooManyPushes, match="not committed") as told:
            open_process().commit(add(1, "hasty"), deadline=5)
        assert told.value.retry_after_seconds == 12
        open_process().commit(add(1, "patient"))
        assert first.watch.seconds - before >= 11

    def test_keep_the_limit_together_and_lose_nobody(
        self, open_process: Callable[[], Paced]
    ) -> None:
        """One caller each, as in Lambda, so that none shares a push with another."""
        processes = [open_process() for _ in range(6)]
        watch, commits, times = processes[0].watch, list[str](), list[float]()
        for turn in range(3):
            for number, process in enumerate(processes):
                commits.append(process.commit(add(1, f"r-{number}-{turn}"), 10_000).commit)
                times.append(watch.seconds)
        assert len(set(commits)) == 18
        assert processes[0].forge.file(LEASE) == "18"
        assert processes[0].pushes == 18
        for start in times:
            assert sum(start <= pushed < start + 60 for pushed in times) <= SIX

    def test_are_not_held_up_by_what_people_push(
        self, open_process: Callable[[], Paced], colleague: Colleague
    ) -> None:
        for number in range(5):
            colleague.commit({"README.md": f"new {number}"}, "by hand")
            colleague.push()
        process = open_process()
        before = process.watch.seconds
        process.commit(add(1, "r-1"))
        assert process.watch.seconds == before

    def test_wait_no_longer_for_many_commits_of_one_push(
        self, open_process: Callable[[], Paced]
    ) -> None:
        one, other = open_process(), open_process()
        with ThreadPoolExecutor(CALLERS) as pool:
            list(pool.map(lambda n: one.commit(add(1, f"r-{n}"), deadline=10_000), range(CALLERS)))
        before = one.watch.seconds
        other.commit(add(1, "last"), deadline=10_000)
        assert one.watch.seconds - before <= 13

    def test_forget_what_is_a_minute_ago(self, open_process: Callable[[], Paced]) -> None:
        one = open_process()
        one.commit(add(1, "r-1"))
        one.commit(add(1, "r-2"))
        one.watch.seconds += 61
        before = one.watch.seconds
        open_process().commit(add(1, "r-3"))
        assert one.watch.seconds == before


def test_a_limit_that_is_lifted_holds_nobody_any_more(paced: Paced) -> None:
    for number in range(2):
        paced.commit(add(1, f"r-{number}"))
    paced.commit(add(1, "r-2"), most=6000)
    before = paced.watch.seconds
    for number in range(3, 8):
        paced.commit(add(1, f"r-{number}"), most=6000)
    assert paced.watch.seconds == before


def _refuse(_: Snapshot) -> Change:
    raise Refused("LH4999", "no.")
