from __future__ import annotations

import threading

import pytest

from ledger.deadline import carried, left, turn, within
from ledger.errors import Unavailable


def test_without_a_deadline_there_is_as_much_time_as_one_wants() -> None:
    assert left(7.0) == 7.0


def test_what_is_inside_has_no_more_time_than_what_is_around_it() -> None:
    with within(100), within(1000):
        assert 0 < left(1000) <= 100
        assert left(5) == 5
        with within(0):
            assert left(5) == 0
        assert left(5) == 5
    assert left(1000) == 1000


def test_another_thread_has_the_deadline_that_is_carried_there() -> None:
    found: list[float] = []
    with within(0):
        for each in (carried(lambda: found.append(left(5))), lambda: found.append(left(5))):
            thread = threading.Thread(target=each)
            thread.start()
            thread.join()
    assert found == [0, 5]


def test_a_turn_that_does_not_come_in_time_is_said() -> None:
    lock = threading.Lock()
    with turn(lock), within(0), pytest.raises(Unavailable, match="others wait") as failed:
        turn(lock).__enter__()
    assert failed.value.code == "LH2014"
    with within(0), turn(lock):
        assert lock.locked()
    assert not lock.locked()
