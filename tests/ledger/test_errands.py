"""Work in threads that may be left behind: it ends in time for whoever waits."""

from __future__ import annotations

import threading

import pytest

from ledger.deadline import left, within
from ledger.errands import MOST_LEFT_BEHIND, Errand, GivenUp, in_time, left_behind


def test_what_comes_of_it_is_returned_or_raised() -> None:
    assert in_time(lambda: 5, "a test", 60) == 5
    with pytest.raises(ValueError, match="no number"):
        in_time(lambda: int("no number"), "a test", 60)


def test_it_has_the_deadline_of_whoever_asked_and_its_own() -> None:
    with within(50):
        assert in_time(lambda: left(99), "a test", 60) <= 50
        assert in_time(lambda: left(99), "a test", 40) <= 40


def test_without_time_nothing_is_begun() -> None:
    begun = []
    with within(0), pytest.raises(GivenUp) as given_up:
        in_time(lambda: begun.append(1), "a test", 60)
    assert not given_up.value.begun
    assert begun == []


def test_one_that_hangs_is_left_behind_and_so_many_keep_others_of_their_kind_away() -> None:
    go_on = threading.Event()
    for _ in range(MOST_LEFT_BEHIND):
        with pytest.raises(GivenUp) as given_up:
            in_time(go_on.wait, "hanging", 0.01)
        assert given_up.value.begun
    assert left_behind("hanging") == MOST_LEFT_BEHIND
    with pytest.raises(GivenUp) as given_up:
        in_time(lambda: 5, "hanging", 60)
    assert not given_up.value.begun
    assert in_time(lambda: 5, "another", 60) == 5
    go_on.set()
    for thread in threading.enumerate():
        if thread.name == "errand to hanging":
            thread.join()
    assert in_time(lambda: 5, "hanging", 60) == 5


def test_one_that_is_over_is_not_left_behind() -> None:
    errand = Errand(lambda: 5, "a test")
    errand.start()
    errand.over.wait()
    assert not errand.leave()
    assert errand.outcome() == 5
