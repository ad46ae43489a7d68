"""What an entry keeps of its day and of its starts, move by move."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ledger.hosts import Host
from ledger.meter import MOST_STARTS, MOST_STRETCHES, metered, ran_since, start_seconds
from ledger.observed import Entry, Ran
from tests.scene import NOON

HOUR = timedelta(hours=1)
ONE, TWO = (Host("ml.g5.xlarge", 1),), (Host("ml.g5.xlarge", 2),)
SERVING = Entry("A", "InService", NOON - HOUR, hosts=ONE)
MIDNIGHT = NOON.replace(hour=0)


def moved(was: Entry, now: Any, **fields: Any) -> Entry:  # noqa: ANN401
    return metered(was, replace(was, **fields), now)


def test_a_stretch_is_kept_when_it_is_over() -> None:
    after = moved(SERVING, NOON, status="Deleting", since=NOON, hosts=None)
    assert after.ran == (Ran(NOON - HOUR, NOON, ONE),)
    gone = moved(after, NOON + HOUR, status="absent", since=NOON + HOUR)
    assert gone.ran == after.ran
    assert list(ran_since(gone, MIDNIGHT, NOON + 2 * HOUR)) == list(after.ran)


def test_other_instances_begin_another_stretch() -> None:
    grown = moved(SERVING, NOON, hosts=TWO)
    assert grown.ran == (Ran(NOON - HOUR, NOON, ONE),)
    assert list(ran_since(grown, MIDNIGHT, NOON + HOUR)) == [
        Ran(NOON - HOUR, NOON, ONE),
        Ran(NOON, NOON + HOUR, TWO),
    ]


@pytest.mark.parametrize(
    "was",
    [
        replace(SERVING, hosts=None),
        replace(SERVING, cause="something else"),
    ],
    ids=["instances become known", "a detail"],
)
def test_what_is_no_move_ends_nothing(was: Entry) -> None:
    assert moved(was, NOON, hosts=ONE, cause="x").ran == ()
    assert metered(None, SERVING, NOON) is SERVING


@pytest.mark.parametrize("fields", [{"status": "Failed"}, {"foreign": True}])
def test_what_costs_nothing_of_ours_is_no_stretch(fields: dict[str, Any]) -> None:
    was = replace(SERVING, **fields)
    assert moved(was, NOON, status="Deleting", since=NOON).ran == ()
    assert list(ran_since(was, MIDNIGHT, NOON)) == []


def test_yesterday_is_forgotten_and_a_day_has_an_end() -> None:
    old = replace(SERVING, ran=(Ran(NOON - 30 * HOUR, NOON - 29 * HOUR, ONE),))
    assert moved(old, NOON, hosts=TWO).ran == (Ran(NOON - HOUR, NOON, ONE),)
    entry = SERVING
    for minute in range(MOST_STRETCHES + 5):
        hosts = TWO if entry.hosts == ONE else ONE
        entry = moved(entry, NOON + timedelta(minutes=minute), hosts=hosts)
    assert len(entry.ran) == MOST_STRETCHES


def test_a_day_begins_at_midnight() -> None:
    always = replace(SERVING, since=NOON - 100 * HOUR)
    assert list(ran_since(always, MIDNIGHT, NOON)) == [Ran(MIDNIGHT, NOON, ONE)]


def test_the_last_starts_are_counted() -> None:
    entry = Entry("A", "Creating", NOON)
    assert start_seconds(entry) is None
    for seconds in (300, 400, 500, 360, 700, 380):
        starting = replace(entry, status="Creating", since=NOON)
        serving = NOON + timedelta(seconds=seconds)
        entry = moved(starting, serving, status="InService", since=serving)
    assert entry.starts == (400, 500, 360, 700, 380)
    assert len(entry.starts) == MOST_STARTS
    assert start_seconds(entry) == 400


def test_a_start_whose_clock_goes_back_is_not_counted() -> None:
    assert moved(Entry("A", "Creating", NOON), NOON, status="InService", since=NOON).starts == ()
