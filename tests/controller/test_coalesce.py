"""A burst of wishes for a tick is "now, and once more"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Event, Thread

from controller.coalesce import TickSignal, is_covered

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
FOREVER = 60.0


class TestATickSignal:
    def test_ends_a_pause_at_once(self) -> None:
        signal = TickSignal()
        signal.set()
        assert signal.wait(FOREVER) is True

    def test_that_is_silent_lets_the_pause_end_by_itself(self) -> None:
        assert TickSignal().wait(0.01) is False

    def test_rung_a_hundred_times_is_heard_once(self) -> None:
        signal = TickSignal()
        for _ in range(100):
            signal.set()
        assert [signal.wait(FOREVER), signal.wait(0.01)] == [True, False]

    def test_rung_a_hundred_times_gives_the_tick_that_runs_and_one_more(self) -> None:
        signal, running, go_on, over = TickSignal(), Event(), Event(), Event()
        ticks = 0

        def tick() -> None:
            nonlocal ticks
            ticks += 1
            running.set()
            go_on.wait(FOREVER)

        def work() -> None:
            while signal.wait(0.2):
                tick()
            over.set()

        thread = Thread(target=work, daemon=True)
        signal.set()
        thread.start()
        assert running.wait(FOREVER)
        ringers = [Thread(target=signal.set) for _ in range(100)]
        for ringer in ringers:
            ringer.start()
        for ringer in ringers:
            ringer.join()
        go_on.set()
        assert over.wait(FOREVER)
        assert ticks == 2


class TestAWishInAnEvent:
    def test_is_covered_by_a_tick_that_began_after_it(self) -> None:
        assert is_covered(NOON, NOON + timedelta(microseconds=1))

    def test_is_not_covered_by_one_that_began_before_it_or_with_it(self) -> None:
        assert not is_covered(NOON, NOON)
        assert not is_covered(NOON, NOON - timedelta(microseconds=1))

    def test_is_not_covered_in_a_process_that_has_not_ticked(self) -> None:
        assert not is_covered(NOON, None)

    def test_in_a_burst_of_a_hundred_gives_two_ticks(self) -> None:
        """As Lambda hands them over: one after the other, each when the one before is over."""
        last_began: datetime | None = None
        now, ticks = NOON, 0
        for number in range(100):
            asked_at = NOON + timedelta(milliseconds=number)
            now = max(now, asked_at + timedelta(milliseconds=1))
            if not is_covered(asked_at, last_began):
                last_began, ticks = now, ticks + 1
                now += timedelta(seconds=20)
        assert ticks == 2
