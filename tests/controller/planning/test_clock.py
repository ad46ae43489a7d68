"""Whether this machine's clock can be trusted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from controller.planning.clock import CLOCK_TOLERANCE, clock_fault

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("off", "words"),
    [
        (timedelta(0), None),
        (CLOCK_TOLERANCE, None),
        (-CLOCK_TOLERANCE, None),
        (timedelta(minutes=6), "this machine's clock is 6 min ahead of AWS's"),
        (timedelta(hours=-3), "this machine's clock is 3 h behind AWS's"),
    ],
)
def test_a_clock_is_wrong_past_minutes(off: timedelta, words: str | None) -> None:
    assert clock_fault(NOON, NOON + off) == words


def test_a_clock_that_nobody_answers_for_is_right() -> None:
    assert clock_fault(None, NOON) is None
