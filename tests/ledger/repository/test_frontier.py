"""Each commit once, the newest first, by dates that can be true; and nothing of most is kept."""

from __future__ import annotations

import hashlib
import random
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.raw_commit import RawCommit
from ledger.repository.frontier import Frontier
from ledger.repository.graph import Graph, TooShallow
from ledger.repository.passed import Ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BEGIN, DAY = 1_793_491_200, 86400
Made = tuple[int, "Sequence[int]"]  # the date, and the numbers of the parents


def name_of(number: int) -> str:
    return hashlib.sha1(b"%d" % number, usedforsecurity=False).hexdigest()


def _commit(number: int, date: int, parents: Sequence[int]) -> RawCommit:
    names = tuple(map(name_of, parents))
    return RawCommit(name_of(number), "", names, b"", (b"", b""), b"", b"", date, b"")


class Drawn(Graph):
    """A history without a repository; where a clone ends, it gets so many commits more."""

    def __init__(self, history: Sequence[Made], there: int | None = None) -> None:
        self.ends = frozenset()
        self._all = {
            name_of(number): RawCommit(
                name_of(number),
                "",
                tuple(map(name_of, parents)),
                b"",
                (b"", b""),
                b"",
                b"",
                date,
                b"",
            )
            for number, (date, parents) in enumerate(history)
        }
        self._there = set(list(self._all)[-there:]) if there else set(self._all)
        self.is_cut = bool(there)

    def has(self, commit: str) -> bool:
        return commit in self._there

    def commit(self, name: str) -> RawCommit:
        return self._all[name]

    def parents(self, name: str) -> tuple[str, ...]:
        return self._all[name].parents

    def want(self, depth: int) -> None:
        if self.is_cut:
            raise TooShallow(depth)

    def deepen(self) -> None:
        names = list(self._all)
        self._there = set(names[-2 * len(self._there) :])
        self.is_cut = len(self._there) < len(names)


def walked(
    history: Sequence[Made], there: int | None = None, now: int = BEGIN + 10**9
) -> Iterator[tuple[int, bool, str, int]]:
    graph, frontier = Drawn(history, there), Frontier(name_of(len(history) - 1), now)
    while True:
        try:
            found = frontier.next(graph)
        except TooShallow:
            graph.deepen()
            continue
        if found is None:
            return
        at, is_dated, commit = found
        yield at, is_dated, commit.name, frontier.kept


@st.composite
def histories(draw: st.DrawFn) -> list[Made]:
    """Any shape, with several beginnings, and dates that need not follow the order."""
    made: list[Made] = []
    for number in range(draw(st.integers(1, 24))):
        latest = st.integers(max(0, number - 4), number - 1) if number else st.nothing()
        parents = draw(st.lists(latest, max_size=min(number, 3), unique=True))
        made.append((BEGIN + draw(st.integers(0, 9)) * draw(st.sampled_from([60, DAY])), parents))
    return made


def reached(history: Sequence[Made]) -> set[str]:
    found, waiting = set[int](), [len(history) - 1]
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting += history[number][1]
    return set(map(name_of, found))


@given(histories(), st.none() | st.integers(1, 5))
def test_each_commit_comes_once_whatever_the_dates_say(
    history: list[Made], there: int | None
) -> None:
    given_out = list(walked(history, there))
    names = [name for _, _, name, _ in given_out]
    assert len(names) == len(set(names))
    assert set(names) == reached(history)
    assert all(before[0] >= after[0] for before, after in pairwise(given_out))
    assert given_out == list(walked(history)) or there


def test_the_newest_comes_first_where_dates_are_right() -> None:
    dice = random.Random(7)  # noqa: S311 - dice for a test
    history: list[Made] = [(BEGIN, ())]
    for number in range(1, 200):
        parents = {number - 1, dice.randrange(max(0, number - 6), number)}
        history.append((BEGIN + 60 * number, sorted(parents)))
    assert [name for _, _, name, _ in walked(history)] == [
        name_of(number) for number in reversed(range(200))
    ]


def lines(length: int) -> list[Made]:
    return [(BEGIN + 60 * number, [number - 1] if number else []) for number in range(length)]


def merges(length: int) -> list[Made]:
    """Again and again a branch of two commits beside two others, and its merge."""
    made: list[Made] = [(BEGIN, [])]
    while len(made) < length:
        tip, at = len(made) - 1, BEGIN + 60 * len(made)
        made += [(at, [tip]), (at + 60, [tip + 1])]
        made += [(at + 30, [tip]), (at + 90, [tip + 3]), (at + 240, [tip + 4, tip + 2])]
    return made


@pytest.mark.parametrize("history", [lines(2000), merges(2000)], ids=["line", "merges"])
def test_nothing_is_kept_of_commits_that_cannot_be_met_again(history: list[Made]) -> None:
    assert max(kept for *_, kept in walked(history)) < 10


def test_where_a_wrong_date_led_past_a_commit_it_is_not_met_again_below() -> None:
    """The main line is younger than it says, so all of it comes before the side that it has."""
    main = lines(30)
    side = [(BEGIN + 5 + number, [29 + number if number else 3]) for number in range(1, 40)]
    side[0] = (BEGIN + 5, [10])
    history = [*main, *side, (BEGIN + 10**6, [len(main) + len(side) - 1, 29])]
    names = [name for _, _, name, _ in walked(history)]
    assert len(names) == len(set(names)) == len(reached(history))


@pytest.mark.parametrize("wrong", [0, -5, 2**40, BEGIN - 400 * DAY, BEGIN + 400 * DAY])
def test_a_date_that_cannot_be_true_counts_as_that_of_the_next_one(wrong: int) -> None:
    history = lines(9)
    history[5] = (wrong, [4])
    found = {name: (at, is_dated) for at, is_dated, name, _ in walked(history)}
    assert found.pop(name_of(5)) == (BEGIN + 60 * 6, False)
    assert all(is_dated for _, is_dated in found.values())
    history[8] = (wrong, [7])
    now = BEGIN + DAY
    assert next(walked(history, now=now))[:2] == (now, False)


def test_a_quiet_time_is_no_wrong_date_and_neither_is_a_clock_that_is_minutes_ahead() -> None:
    history = [*lines(5), (BEGIN + 90 * DAY, [4]), (BEGIN + 90 * DAY - 300, [5])]
    assert [(at - BEGIN, is_dated) for at, is_dated, *_ in walked(history)] == [
        (90 * DAY - 300, True),
        (90 * DAY - 300, True),
        *((60 * number, True) for number in (4, 3, 2, 1, 0)),
    ]


def test_one_clock_that_was_ahead_makes_no_other_commit_untrue() -> None:
    history = lines(9)
    history[5] = (BEGIN + 3 * DAY, [4])
    found = {name: is_dated for _, is_dated, name, _ in walked(history, now=BEGIN + 9 * DAY)}
    assert [number for number in range(9) if not found[name_of(number)]] == [5]


def test_a_clone_is_asked_to_be_as_deep_as_it_takes_to_tell_a_wrong_date() -> None:
    history = lines(200)
    for number in range(180, 199):
        history[number] = (BEGIN - 9 * DAY, [number - 1])
    history[199] = (BEGIN + 30 * DAY, [198])
    found = list(walked(history, there=2))
    assert found[1][:3] == (BEGIN + 30 * DAY, False, name_of(198))
    assert found == list(walked(history))


@given(
    st.lists(st.binary(min_size=20, max_size=20), max_size=40), st.binary(min_size=20, max_size=20)
)
def test_ids_are_known_if_they_were_added(added: list[bytes], other: bytes) -> None:
    ids, more = Ids(), Ids()
    for key in added:
        (more if key[19] % 2 else ids).add(key)
    ids.take(more)
    assert all(key in ids for key in added)
    assert (other in ids) is (other in added)
    assert len(ids) == len(added)


def test_an_id_across_two_others_is_none() -> None:
    ids = Ids()
    first, second = b"\1\2" + bytes(16) + b"\1\2", b"\1\2" + bytes(17) + b"\3"
    ids.add(first)
    ids.add(second)
    across = (first + second)[18:38]
    assert across[:2] == first[:2]
    assert across not in ids
    ids.add(across)
    assert across in ids
