"""One change on its way: when it waits for the next push, and when it is given up."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ledger.errors import Unavailable
from ledger.push_rate import PushRate, TooManyPushes
from ledger.queued_change import Damaged, PushFailed, QueuedChange
from ledger.snapshot import Change, Snapshot

HEAD = Snapshot("0" * 40, {}, datetime(2026, 11, 23, 10, tzinfo=UTC))
RATE = PushRate(6)
DEADLINE = 20.0
IN_DOUBT = PushFailed("the connection broke", verdict=False, sent=True)
REFUSED = PushFailed("a hook said no", verdict=True, sent=True)
NOT_SENT = PushFailed("no route", verdict=False, sent=False)


def propose(_snapshot: Snapshot) -> Change:
    raise AssertionError("nothing is proposed here")


def queued(failure: PushFailed | None = None) -> QueuedChange:
    change = QueuedChange(propose, DEADLINE)
    if failure:
        change.lost(HEAD, "1" * 40, failure)
    return change


class TestAChangeThatWaitsForTheNextPush:
    @pytest.mark.parametrize("failure", [None, REFUSED, NOT_SENT], ids=["new", "refused", "unsent"])
    def test_is_told_at_once_that_the_push_comes_too_late(self, failure: PushFailed | None) -> None:
        change = queued(failure)
        change.hold(RATE, 5.0, until=DEADLINE)
        assert isinstance(change.outcome, TooManyPushes)

    def test_waits_where_the_push_comes_in_time(self) -> None:
        change = queued()
        change.hold(RATE, 5.0, until=DEADLINE - 0.1)
        assert not change.settled

    def test_waits_in_any_case_while_nobody_knows_whether_it_has_landed(self) -> None:
        """To be told "too late" would be to be told that it is not committed, and it may be."""
        change = queued(IN_DOUBT)
        change.hold(RATE, 5.0, until=DEADLINE + 60)
        assert not change.settled


class TestAChangeThatIsDelayed:
    def test_is_given_up_with_the_reason(self) -> None:
        reason, change = Unavailable("LH2003", "the server is away"), queued()
        change.delay(reason)
        assert change.outcome is reason

    def test_is_looked_at_once_more_while_nobody_knows_whether_it_has_landed(self) -> None:
        change = queued(IN_DOUBT)
        change.delay(Unavailable("LH2003", "the server is away"))
        assert not change.settled

    def test_is_tried_again_on_a_new_clone(self) -> None:
        change = queued()
        change.delay(Damaged("the clone is gone"))
        assert (change.settled, change.trouble) == (False, "the clone is gone")
