"""What could not be read is named, as far as that helps."""

from __future__ import annotations

import pytest

from ledger.unread import Unread

COMMITS = [f"{number}" * 40 for number in range(8)]


@pytest.mark.parametrize(
    ("count", "named"),
    [
        (1, "1 commit (00000000)"),
        (2, "2 commits (00000000, 11111111)"),
        (7, "7 commits (00000000, 11111111, 22222222, 33333333, 44444444, and 2 more)"),
    ],
)
def test_each_is_named_once_and_of_many_the_first(count: int, named: str) -> None:
    unread = Unread()
    for commit in COMMITS[:count] * 2:
        unread.take(commit)
    assert unread.named() == named
    assert len(unread) == count


def test_two_are_one_without_what_both_have() -> None:
    first, second = Unread(), Unread()
    first.take("a")
    second.take("a")
    second.take("b")
    assert list(first.joined(second)) == ["a", "b"]
    assert not Unread()
